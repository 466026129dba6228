-- Digits: a perceptron, for which every pixel is an input of its own, and LeNet-5, which looks for the same small
-- patterns everywhere and therefore needs few weights.
--
-- A network is trained by a Trainer from Loaders of training and test images; the test images show how well it does
-- with what it has not seen. Source: LeCun et al. 1998, "Gradient-based learning applied to document recognition".
--
-- Run it: resmoon examples/more/mnist.lua [DIR], with MNIST in DIR; without it, on gray drawings of 28 x 28 pixels.
-- It writes the errors of each epoch to stderr. It prints:
--   images of 1 x 28 x 28, 10 classes
--   mlp: 535818 parameters
--   lenet5: 61706 parameters
--   mlp is right more often than by chance: true
--   lenet5 is better than mlp, by more than two standard errors: true
local rm          = require "resmoon"
local data, train = rm.data, rm.train

-- Drawings as MNIST would have them: one gray channel, and the middle 28 x 28 pixels.
local function drawings(split, size)
  local set = data.shapes10 {train = split == "train", size = size}
  local gray = set:all_images():float():mean(2):reshape(size, 1, 32, 32)
  return data.Dataset.new {
    name = "gray drawings", images = gray[{{}, {}, {3, 30}, {3, 30}}]:byte():contiguous(), labels = set:all_labels(),
    classes = set.classes,
  }
end

local dir = ...
local training, test
if dir then training, test = data.open(dir)
else training, test = drawings("train", 4000), drawings("test", 1000) end
print(("images of %s, %d classes"):format(table.concat(training.shape, " x "), #training.classes))

-- Images that were tested are normalized as those that were trained with.
local function loader(set, options)
  options.mean, options.std = training.mean, training.std
  return data.Loader(set, options)
end

-- The error on the test images, in per cent.
local function learn(name, epochs)
  rm.manual_seed(1)
  local net = rm.models[name] {input = training.shape, num_classes = #training.classes}
  print(("%s: %d parameters"):format(name, net:summary(training.shape).parameters))
  local trainer = train.Trainer {
    net = net, optimizer = rm.optim.Adam(net:parameters(), {lr = 0.002}), epochs = epochs, progress = false,
    train = loader(training, {batch_size = 32, shuffle = true, seed = 1}), test = loader(test, {batch_size = 250}),
    hooks = {on_epoch = function(_, row)
      io.stderr:write(("%s, epoch %d: training error %.2f%%, test error %.2f%%\n"):format(name, row.epoch,
        row.train_error, row.test_error))
    end},
  }
  return trainer:fit().last.test_error
end

local mlp, lenet5 = learn("mlp", 5), learn("lenet5", 5)
print("mlp is right more often than by chance:", mlp < 87)
-- A lead within two standard errors would be one that other test images could take back.
local lead = rm.metrics.difference({mlp, test:size()}, {lenet5, test:size()})
print("lenet5 is better than mlp, by more than two standard errors:", lead.points > 0 and lead.decided)
