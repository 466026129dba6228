--- Errors that the paper reports, as lab C shows them beside one's own runs.
-- Source: He et al. 2016, arXiv:1512.03385, tables 4 and 6.
return {
  -- Network, top-1 and top-5 error (%) of single models on the ImageNet validation set.
  imagenet = {
    {"VGG (ILSVRC'14)", nil, "8.43"}, {"GoogLeNet (ILSVRC'14)", nil, "7.89"}, {"VGG (v5)", "24.4", "7.1"},
    {"PReLU-net", "21.59", "5.71"}, {"BN-inception", "21.99", "5.81"}, {"ResNet-34 B", "21.84", "5.71"},
    {"ResNet-34 C", "21.53", "5.60"}, {"ResNet-50", "20.74", "5.25"}, {"ResNet-101", "19.87", "4.60"},
    {"ResNet-152", "19.38", "4.49"},
  },
  -- Method, layers, parameters (10^6), test error (%) on CIFAR-10; the model here that it is, if there is one.
  cifar = {
    {"Maxout", nil, nil, "9.38"}, {"NIN", nil, nil, "8.81"}, {"DSN", nil, nil, "8.22"},
    {"FitNet", "19", "2.5", "8.39"}, {"Highway", "19", "2.3", "7.54 (7.72 +- 0.16)"}, {"Highway", "32", "1.25", "8.80"},
    {"ResNet", "20", "0.27", "8.75", "resnet20"}, {"ResNet", "32", "0.46", "7.51", "resnet32"},
    {"ResNet", "44", "0.66", "7.17", "resnet44"}, {"ResNet", "56", "0.85", "6.97", "resnet56"},
    {"ResNet", "110", "1.7", "6.43 (6.61 +- 0.16)", "resnet110"}, {"ResNet", "1202", "19.4", "7.93", "resnet1202"},
  },
}
