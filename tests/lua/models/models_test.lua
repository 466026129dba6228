local check     = require "support.check"
local rm        = require "resmoon"
local program   = require "support.program"
local reference = require "support.reference"
local models    = rm.models

local function counted(names)
  reference.run_entry(check.reference_folder(), {file = "models.json", op = "models", config = {models = names}})
end

check.case("names, shapes, parameters and multiply-accumulates of small networks", function()
  counted {"mlp_3072_512_256_10", "lenet5", "resnet8_A", "resnet8_B", "plain8", "resnet20_A", "resnet20_B", "plain20",
          "resnet110_bottleneck_A", "resnet18_cifar_w8"}
end)

check.slow("the same of all networks", function()
  local all = {}
  for name in pairs(rm.json.decode(reference.read(check.reference_folder() .. "/models.json")).models) do
    all[#all + 1] = name
  end
  check.equal(#all, 33)
  table.sort(all)
  counted(all)
end)

for _, name in ipairs {"mlp", "lenet5_avgpool", "resnet8_A", "resnet20_A", "bottleneck_2stage"} do
  check.reference("models/" .. name)
end
check.reference "trace/resnet8_sgd_gentle"
check.reference "trace/resnet8_sgd_short_batch"   -- 200 images in batches of 48: the last one of an epoch has 8

check.case("a list of all, and the nearest name for one that is not", function()
  local names = models.list()
  check.equal(#names, 27)
  check.equal({names[1], names[2], names[3]}, {"alexnet", "googlenet", "highway19"})
  for _, name in ipairs(names) do check.equal(models.get(name), models[name]) end
  check.error(function() models.get("resnet21") end, "there is no 'resnet21', did you mean 'resnet20'?")
  check.error(function() models.get("plian18") end, "did you mean 'plain18'?")
end)

local function parameters(net)
  local n = 0
  for _, p in ipairs(net:parameters()) do n = n + p:numel() end
  return n
end

-- Counts of torchvision's networks.
check.case("AlexNet, VGG and GoogLeNet have the published sizes", function()
  local vgg = models.vgg16 {hidden = 8, num_classes = 2}
  check.equal(parameters(vgg), 14714688 + 25088 * 8 + 8 + 8 * 8 + 8 + 8 * 2 + 2)
  local google = models.googlenet()
  check.equal(parameters(google), 13004888)
  local names = google:state_dict()
  check.equal({names[1], names[2], #names}, {"conv1.conv.weight", "conv1.bn.weight", 364})
  check.equal(parameters(models.googlenet {aux = false}), 6624904)
  check.equal(google:summary({3, 224, 224}).macs, 1498376192)
end)

check.slow("AlexNet and VGG-19 in full", function()
  check.equal(parameters(models.alexnet()), 61100840)
  check.equal(models.alexnet():summary({3, 224, 224}).macs, 714188480)
  check.equal(parameters(models.vgg19()), 143667240)
  check.equal(models.vgg19():summary({3, 224, 224}).macs, 19632062464)
end)

check.case("they take small images, too, or say that they cannot", function()
  local x = rm.randn(2, 3, 32, 32)
  check.shape(models.vgg16 {input = {3, 32, 32}, num_classes = 10, hidden = 16, batch_norm = true}(x), {2, 10})
  check.shape(models.googlenet {input = {3, 32, 32}, num_classes = 10}(x), {2, 10})
  check.error(function() models.alexnet {input = {3, 32, 70}} end,
              "models.alexnet: input is 32 x 70 pixels, expected at least 63 x 63")
  check.error(function() models.vgg16 {input = {3, 64, 31}} end,
              "models.vgg16: input is 64 x 31 pixels, expected at least 32 x 32")
  check.shape(models.alexnet {input = {3, 63, 63}, num_classes = 10, hidden = 4}(rm.randn(2, 3, 63, 63)), {2, 10})
end)

-- torchvision 0.14 as well: a network for 224 x 224 takes other sizes, with the same weights.
check.case("AlexNet and VGG take images of other sizes than they were made for", function()
  local net = models.alexnet {num_classes = 3, hidden = 4}
  check.equal({net.avgpool.output_size, net.classifier[2].weight.shape}, {6, {4, 256 * 36}})
  local x = rm.randn(1, 3, 96, 130)
  check.shape(net(x), {1, 3})
  net:eval()
  check.equal(net(x), net.classifier(net.features(x):adaptive_avg_pool2d(6):flatten(2)))
  check.shape(net(rm.randn(1, 3, 224, 224)), {1, 3})
  -- made for smaller images, the linear layer is no larger than it need be; pool = 6 gives torchvision's all the same
  check.equal(models.alexnet({input = {3, 96, 96}, hidden = 4}).classifier[2].weight.shape, {4, 256 * 4})
  local same = models.alexnet {num_classes = 3, input = {3, 96, 130}, hidden = 4, pool = 6}
  same:load_state_dict(net:state_dict())
  check.equal(same:eval()(x), net(x))
  local vgg = models.vgg16 {input = {3, 256, 320}, hidden = 2, num_classes = 2}
  check.equal(vgg.classifier[1].weight.shape, {2, 512 * 49})
  check.equal(models.vgg19({input = {3, 64, 32}, hidden = 2, pool = {2, 3}}).classifier[1].weight.shape, {2, 512 * 6})
  check.shape(models.vgg16({input = {3, 32, 32}, hidden = 2, num_classes = 5})(rm.randn(1, 3, 48, 70)), {1, 5})
  check.error(function() models.vgg16 {pool = 0} end, "AdaptiveAvgPool2d: sizes must be at least 1, got 0x0")
end)

-- Their average is torchvision's, of 4x4 cells. (torchvision 0.14 names their outputs crosswise: the field
-- aux_logits1 of what it returns is that of the head aux2.)
check.case("auxiliary heads of GoogLeNet can be had with images of any size", function()
  local net = models.googlenet {aux = true, input = {3, 64, 64}, num_classes = 3}
  check.equal(models.googlenet({input = {3, 64, 64}}).aux1, nil)
  local scores, one, two = net(rm.randn(2, 3, 64, 64))
  for _, y in ipairs {scores, one, two} do check.shape(y, {2, 3}) end
  local x, head = rm.randn(2, 512, 14, 14), net.aux1:eval()
  check.equal(head(x), head.fc2(head.fc1(head.conv(x:adaptive_avg_pool2d(4)):flatten(2)):relu()))
end)

check.case("auxiliary heads are there in training only, and are trained", function()
  local net = models.googlenet {num_classes = 3}
  local loader = rm.data.Loader(rm.data.Dataset.new {name = "two", images = rm.zeros({2, 3, 224, 224}, "uint8"),
                                                 labels = rm.tensor({1, 2}, "int64"), classes = {"a", "b", "c"}},
                                {batch_size = 2})
  local optimizer = rm.optim.SGD(net:parameters(), {lr = 0.1})
  rm.train.Trainer {net = net, optimizer = optimizer, train = loader, epochs = 1, progress = false}:fit()
  check.that(net.aux1.fc2.weight.grad:abs():max():item() > 0)
  check.that(net.aux2.conv.conv.weight.grad ~= nil)
  net:eval()
  check.equal(select("#", rm.no_grad(net, rm.randn(1, 3, 224, 224))), 1)
end)

check.case("activations by name: of equal widths, also behind maxout; the nearest for a wrong one", function()
  local x, names = rm.randn(2, 1, 28, 28), require("resmoon.models.activation").names
  for _, name in ipairs(names) do
    local mlp = models.mlp {input = {1, 28, 28}, hidden = {6, 5}, activation = name}
    local lenet = models.lenet5 {input = {1, 28, 28}, activation = name}
    check.shape(lenet(x), {2, 10})
    local twice = name == "maxout" and 2 or 1
    check.equal(mlp.fc2.weight.shape, {5 * twice, 6})
    check.equal(lenet.conv2.weight.shape, {16 * twice, 6, 5, 5})
    local h = x:flatten(2)
    for _, fc in ipairs {mlp.fc1, mlp.fc2} do
      h = fc(h)
      h = h[name](h, name == "maxout" and 2 or nil)
    end
    check.equal(mlp(x), mlp.fc3(h), name)
    check.equal(table.concat(mlp:state_dict(), " "), "fc1.weight fc1.bias fc2.weight fc2.bias fc3.weight fc3.bias")
  end
  check.equal(#names, 8)
  check.that(tostring(models.lenet5 {activation = "elu"}):find("lenet5: LeNet5 (elu)\n", 1, true))
  check.error(function() models.mlp {activation = "leaky_rleu"} end,
              "models.mlp: activation is leaky_rleu, did you mean 'leaky_relu'?, expected one of sigmoid, tanh")
  check.error(function() models.lenet5 {activation = 3} end, "models.lenet5: activation is 3")
end)

check.case("a highway network passes through what its gates do not let in", function()
  local net = models.highway19 {width = 4, gate_bias = -100}
  local block = net.layer1[1]
  local x = rm.randn(2, 4, 8, 8)
  check.close(block(x), x, {atol = 1e-6})
  rm.no_grad(function() block.gate.bias:fill_(100) end)
  check.close(block(x), block.bn(block.conv(x)):relu(), {atol = 1e-6})
  check.shape(models.highway32 {num_classes = 7, input = {1, 28, 28}, width = 4}(rm.randn(2, 1, 28, 28)), {2, 7})
end)

check.case("the stem follows from the images", function()
  check.equal(models.resnet18({input = {1, 28, 28}, width = 4}).conv1.kernel_size, 3)
  check.equal(models.resnet18({input = {3, 64, 64}, width = 4}).conv1.kernel_size, 7)
  check.equal(models.resnet18({width = 4}).fc.weight.shape, {1000, 32})
  check.equal(models.resnet18({stem = "cifar", width = 4}).fc.weight.shape, {10, 32})
  check.shape(models.resnet18({input = {1, 28, 28}, width = 4, num_classes = 7})(rm.randn(2, 1, 28, 28)), {2, 7})
end)

check.case("widths, numbers of blocks and shortcuts are chosen", function()
  local net = models.resnet20 {layers = {1, 2}, widths = {4, 12}, num_classes = 3}
  check.equal({#net.layer1, #net.layer2, net.layer3, net.fc.weight.shape}, {1, 2, nil, {3, 12}})
  check.shape(net(rm.randn(2, 3, 16, 16)), {2, 3})
  check.equal(net.name, "resnet")
  local plain = models.resnet20 {width = 4, shortcut = false}
  check.that(plain.layer1[1].plain and plain.name == "plain20")
  check.equal(models.plain20({width = 4, shortcut = "A"}).layer1[1].plain, true)
  check.equal(models.resnet18({width = 4, layers = {1, 1, 1, 1}, stem = "cifar"}):macs {3, 32, 32},
              models.resnet18({widths = {4, 8, 16, 32}, layers = {1, 1, 1, 1}, stem = "cifar"}):macs {3, 32, 32})
end)

check.case("a number of blocks for every stage of a CIFAR net, whatever its depth", function()
  local net = models.resnet56 {width = 2, blocks = 9, block = "bottleneck"}
  check.equal({#net.layer1, #net.layer2, #net.layer3, models.tables.depth(net)}, {9, 9, 9, 83})
  check.equal(rm.nn.Module.type_of(net.layer3[9]), "Bottleneck")
  local options = {width = 2, blocks = 1}
  check.equal(#models.resnet20(options).layer2, 1)
  check.equal(options, {width = 2, blocks = 1})   -- it stays the caller's
  check.error(function() models.resnet20 {blocks = 1, layers = {1, 1, 1}} end, "give layers or blocks, not both")
  check.error(function() models.resnet18 {blocks = 1} end, "unknown option 'blocks'")
  local c = rm.train.config.complete {model = "resnet56", width = 2, blocks = 2}
  check.equal(#rm.train.config.model(c).layer1, 2)
end)

check.case("the deep stem is three 3x3 convolutions, and no projection follows where channels agree", function()
  local net = models.resnet50 {stem = "deep", width = 16, shortcut = "D", input = {3, 32, 32}}
  local found = {}
  for _, each in ipairs {1, 4, 7} do
    local conv = net.stem[each]
    found[#found + 1] = {conv.kernel_size, conv.stride, conv.in_channels, conv.out_channels}
  end
  check.equal(found, {{3, 1, 3, 32}, {3, 1, 32, 32}, {3, 1, 32, 64}})
  check.equal({net.conv1, net.maxpool, net.layer1[1].downsample}, {})
  check.equal(net.fc.weight.shape, {10, 512})
  net = models.resnet50 {stem = "deep", width = 16, shortcut = "D", input = {3, 64, 64}, num_classes = 4}
  check.equal({net.stem[1].stride, net.stem[4].stride, net.maxpool ~= nil}, {2, 1, true})
  check.shape(net(rm.randn(2, 3, 64, 64)), {2, 4})
  check.shape(models.resnet20({stem = "deep", width = 4, shortcut = "D"})(rm.randn(1, 3, 32, 32)), {1, 10})
  check.equal(rm.train.config.model(rm.train.config.complete {model = "resnet18", stem = "deep"}).conv1, nil)
end)

check.case("residual networks with another norm, and with stochastic depth", function()
  local x = rm.randn(2, 3, 16, 16)
  for kind, text in pairs {group = "GroupNorm(8, 16, eps=1e-05)",
                           instance = "InstanceNorm2d(16, eps=1e-05, momentum=0.1, affine=true)"} do
    local net = models.resnet20 {norm = kind, shortcut = "B", layers = {1, 1}}
    check.equal(tostring(net.layer1[1].bn2):gsub("^%w+", rm.nn.Module.type_of(net.layer1[1].bn2)), text)
    check.that(not tostring(net):find "BatchNorm2d")
    check.equal(net:state_dict()[2], "bn1.weight")
    check.equal(net:eval()(x), net:train()(x))
  end
  local norm = require "resmoon.nn.norm"
  check.equal({norm("group", 64).num_groups, norm("group", 256).num_groups, norm("group", 6).num_groups}, {32, 32, 1})
  local net = models.resnet18 {stem = "deep", width = 4, norm = function(n) return rm.nn.GroupNorm(1, n) end}
  check.equal(net.stem[2].num_groups, 1)
  net = models.resnet20 {stochastic_depth = 0.5}
  check.equal({net.layer1[1].drop.p, net.layer3[3].drop.p}, {0.5 / 9, 0.5})
  check.equal(models.resnet20().layer1[1].drop, nil)
  check.shape(net(rm.randn(2, 3, 16, 16)), {2, 10})
  check.equal(#net:state_dict(), #models.resnet20():state_dict())
  check.equal(models.plain20({stochastic_depth = 0.5}).layer1[1].drop, nil)
  check.error(function() models.resnet20 {norm = "layer"} end, "norm is layer, expected 'batch', 'group', 'instance'")
  check.error(function() models.resnet50 {stochastic_depth = 2} end,
              "models.resnet50: stochastic_depth is 2, expected a number from 0 to 1")
end)

check.case("LeNet-5 gives MNIST the border of the paper", function()
  local net = models.lenet5 {input = {1, 28, 28}}
  check.equal(net.fc1.weight.shape, {120, 400})
  check.shape(net(rm.randn(2, 1, 28, 28)), {2, 10})
end)

check.case("options that make no sense are named", function()
  check.error(function() models.resnet20 {widht = 8} end, "unknown option 'widht', did you mean 'width'?; it takes")
  check.error(function() models.resnet20 {widths = {4, 8}} end, "widths has 2 numbers for 3 layers")
  check.error(function() models.resnet20 {widths = {4, 8, 16}, width = 4} end, "give width or widths, not both")
  check.error(function() models.resnet20 {layers = {3, 0}} end, "layers[2] is 0, expected a whole number from 1")
  check.error(function() models.resnet18 {layers = 3} end, "layers is a number, expected a list")
  check.error(function() models.resnet32 {block = "bottleneck"} end, "has 9n + 2 layers, which 32 is not")
  check.error(function() models.resnet20 {block = "wide"} end, "block is wide")
  check.error(function() models.resnet18 {stem = "jpeg"} end, "stem is jpeg")
  check.error(function() models.resnet20 {shortcut = "E"} end, "option is E")
  check.error(function() models.lenet5 {pool = "min"} end, "pool is min")
  check.error(function() models.resnet20 {input = 32} end, "input is not a shape")
end)

check.case("weights start Kaiming-normal over fan_out", function()
  local w = models.resnet18({stem = "cifar"}).layer3[2].conv1.weight
  check.close({w:std():item()}, {math.sqrt(2 / (256 * 9))}, {rtol = 0.01})
end)

check.case("the same seed gives the same network", function()
  rm.manual_seed(3)
  local a = models.resnet20():state_dict()
  rm.manual_seed(3)
  local b = models.resnet20():state_dict()
  for _, name in ipairs(a) do check.equal(a[name], b[name], name) end
end)

check.case("training gives the same bits with one thread and with two", function()
  local threads, results = rm.num_threads(), {}
  for n = 1, 2 do
    rm.set_num_threads(n)
    rm.manual_seed(7)
    local net = models.resnet20 {shortcut = "B", width = 8}
    local opt = rm.optim.SGD(net:parameters(), {lr = 0.1, momentum = 0.9, weight_decay = 1e-4})
    local x, y = rm.randn(16, 3, 32, 32), rm.randint(1, 10, {16})
    for _ = 1, 3 do
      opt:zero_grad()
      net(x):cross_entropy(y):backward()
      rm.optim.clip_grad_norm(net:parameters(), 5)
      opt:step()
    end
    results[n] = net:state_dict()
  end
  rm.set_num_threads(threads)
  for _, name in ipairs(results[1]) do check.equal(results[1][name], results[2][name], name) end
end)

check.case("a summary counts what a forward does, and leaves the net as it was", function()
  local net = models.resnet20()
  net.layer2:eval()
  local mean = net.bn1.running_mean:clone()
  local summary = net:summary {3, 32, 32}
  check.equal({summary.parameters, summary.macs, #summary.rows}, {269722, 40551040, 42})
  check.equal(summary.rows[3].name, "layer1[1].conv1")
  check.equal(summary.rows[3].shape, {1, 16, 32, 32})
  check.equal({net.training, net.layer1.training, net.layer2[1].bn1.training}, {true, true, false})
  check.equal(net.bn1.running_mean, mean)
  local text = tostring(summary)
  check.that(text:find("\nlayer1%[1%].conv1 +Conv2d +%(16, 32, 32%) +2,304 +2,359,296 +64.0 KiB\n"), text)
  check.that(text:find("\nresnet20 +269,722  40,551,040 +1.48 MiB$"), text)
  check.error(function() net:summary(32) end, "expected the shape of one input")
  check.error(function() net:summary {4, 32, 32} end, "at      resnet20.conv1")
  check.equal(net.training, true)
end)

check.case("a misspelt network is answered with the nearest", function()
  check.error(function() return rm.models.resnet21() end, "there is no 'resnet21', did you mean 'resnet20'?")
end)

check.case("the architecture table and the depths come from the networks themselves", function()
  local tables = models.tables
  local text = tables.architecture({"resnet18", "resnet50"}, {3, 64, 64})
  check.that(text:find("conv1 +32x32 +7x7,64/2 +7x7,64/2"), text)
  check.that(text:find("layer2 +8x8 +%[3x3,128 3x3,128%] x 2 +%[1x1,128 3x3,128 1x1,512%] x 4"), text)
  check.that(text:find("layers +18 +50"), text)
  check.error(function() tables.architecture {"lenet5"} end, "lenet5 is no residual or plain network")
  for name, depth in pairs {lenet5 = 5, resnet20 = 20, plain56 = 56, resnet101 = 101, googlenet = 22, highway32 = 32} do
    check.equal(tables.depth(models[name]()), depth, name)
  end
end)

check.case("the paper's FLOPs: with the stride in the first 1x1 layer ResNet-50 has them", function()
  local text = models.tables.architecture {"resnet50"}
  check.that(text:find("MACs %(10^9%) +4.09\n"), text)
  check.that(text:find("MACs, stride in the 1x1 +3.86\n"), text)
  check.that(text:find("the paper's FLOPs %(10^9%) +3.8\n"), text)
  check.error(function() rm.nn.Bottleneck(8, 4, {stride_at = "2x2"}) end, "stride_at is 2x2, expected '3x3' or '1x1'")
end)

-- Each network of the table of depths, made small.
check.case("the networks of the decade train on a folder of images", function()
  local small = {
    alexnet = {input = {3, 64, 64}, hidden = 8}, vgg16 = {input = {3, 32, 32}, hidden = 8},
    vgg19 = {input = {3, 32, 32}, hidden = 8}, googlenet = {input = {3, 32, 32}},
    highway19 = {input = {3, 32, 32}, width = 4}, highway32 = {input = {3, 32, 32}, width = 4},
    resnet152 = {input = {3, 32, 32}, width = 4},
  }
  program.with_folder(function(folder)
    for i, class in ipairs {"a", "a", "b", "b"} do
      rm.sys.mkdir_p(("%s/%s"):format(folder, class))
      rm.data.write_png(("%s/%s/%d.png"):format(folder, class, i), rm.full({3, 70, 60}, 50 * i, "uint8"))
    end
    for name, options in pairs(small) do
      options.num_classes = 2
      rm.manual_seed(1)  -- whatever the order of pairs: with one seed in 40, all units of vgg19 are dead
      local net = models[name](options)
      local images = rm.data.folder(folder, {transform = rm.data.transforms.imagenet_train(options.input[2])})
      local loader = rm.data.Loader(images, {batch_size = 4, shuffle = true})
      local optimizer = rm.optim.SGD(net:parameters(), {lr = 0.01})
      local result = rm.train.Trainer({net = net, optimizer = optimizer, train = loader, epochs = 1,
                                       progress = false}):fit()
      check.that(result.stopped == "finished" and result.last.train_loss < 100, name)
      check.that(optimizer.groups[1].params[1].grad:abs():max():item() > 0, name)
    end
  end)
end)

check.slow("the depths of a decade", function()
  local text = models.tables.depths()
  check.that(text:find("alexnet +2012 +8 +61,100,840 +0.71"), text)
  check.that(text:find("vgg19 +2014 +19 +143,667,240 +19.63"), text)
  check.that(text:find("resnet152 +2015 +152 +60,192,808 +11.51 +224x224 +3.57%%"), text)
end)
