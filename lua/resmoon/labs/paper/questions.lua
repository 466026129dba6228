--- The questions of the paper talk, their choices, and the answers.
-- Each is {question, choices, letter of the answer, why}.
return {
  {"What was the problem of deep convolutional networks before ResNet?",
   {"degradation", "identity mapping", "overfitting"}, "a",
   "A deeper plain network has a higher training error than a shallower one: it is not optimized as well. That is "
   .. "degradation; overfitting would be a low training error and a high test error, and identity mapping is part of "
   .. "the remedy."},
  {"Which architecture reduces the time of training?",
   {"inception module", "deeper bottleneck", "multi-layer perceptron"}, "b",
   "The 1x1 layers of a bottleneck narrow what its 3x3 layer works on, so that a block of three layers takes about the "
   .. "time of one of two."},
}
