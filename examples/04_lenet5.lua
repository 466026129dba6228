-- Lesson 04. LeNet-5 looks for the same small patterns everywhere, and therefore needs few weights. A perceptron, for
-- which every pixel is an input of its own, has many, and does worse.
--
-- Source: LeCun et al. 1998, "Gradient-based learning applied to document recognition".
--
-- Run it: resmoon examples/04_lenet5.lua [DIR], with MNIST in DIR; without it, on gray drawings of 28 x 28 pixels.
-- It prints:
--   images of 1 x 28 x 28, 10 classes
--   mlp: 535818 parameters, error on training images 76.7 %, on test images 79.7 %
--   lenet5: 61706 parameters, error on training images 62.8 %, on test images 66.3 %
--   lenet5 is better, by more than two standard errors: true
--   an image moved by 3 and 2 pixels moves the answer of the first layer: it differs by 0
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

--- Trains a network, and returns its error on the test images in per cent.
local function learn(name, epochs)
  rm.manual_seed(1)
  local net = rm.models[name] {input = training.shape, num_classes = #training.classes}
  local trainer = train.Trainer {
    net = net, optimizer = rm.optim.Adam(net:parameters(), {lr = 0.002}), epochs = epochs, progress = false,
    train = loader(training, {batch_size = 32, shuffle = true, seed = 1}), test = loader(test, {batch_size = 250}),
  }
  local last = trainer:fit().last
  print(("%s: %d parameters, error on training images %.1f %%, on test images %.1f %%"):format(name,
    net:summary(training.shape).parameters, last.train_error, last.test_error))
  return net, last.test_error
end

local _, mlp = learn("mlp", 5)
local net, lenet5 = learn("lenet5", 5)

-- A lead within two standard errors would be one that other test images could take back.
local lead = rm.metrics.difference({mlp, test:size()}, {lenet5, test:size()})
print("lenet5 is better, by more than two standard errors:", lead.points > 0 and lead.decided)

-- One pattern of 5 x 5 pixels moves over the whole image: where the image moves, its answer moves along.
local image = rm.zeros(1, 1, 28, 28)
image[{1, 1, {10, 14}, {10, 14}}] = 1
local answer = net.conv1(image)
local moved = net.conv1(image:roll({3, 2}, {3, 4}))
print(("an image moved by 3 and 2 pixels moves the answer of the first layer: it differs by %g"):format(
  (answer:roll({3, 2}, {3, 4}) - moved):abs():max():item()))
