--- LeNet-5: two convolutions with pooling, then three linear layers.
--
--     conv1 6@5x5 -- relu -- pool -- conv2 16@5x5 -- relu -- pool -- fc1 120 -- relu -- fc2 84 -- relu -- fc3
--
-- Images smaller than 32x32 (MNIST: 28x28) get the zero border that the paper gives them.
-- Relu and max-pooling stand for the paper's sigmoids and trained averages, a linear layer for
-- its radial basis functions.
--
-- Options: pool        "max" or "avg", 2x2
--          activation  between the layers: "relu", "sigmoid", "tanh", "leaky_relu", "maxout", "elu", "silu", "gelu";
--                      in front of maxout a layer has twice as many channels or outputs
--          negative_slope  of leaky_relu: 0.01
--          input       {channels, height, width} of the images: {3, 32, 32}
--          num_classes 10
-- Source: LeCun et al. 1998, "Gradient-based learning applied to document recognition", fig. 2.
--
-- Call: models.lenet5 {pool = "max", activation = "relu", input = {3, 32, 32}, num_classes = 10} -> module
-- Shapes: x (N, C, H, W) as input says, scores (N, num_classes).
-- Errors: raises for an unknown option, another pool or activation, or images that are too small.
-- Example:
--   > models.lenet5({input = {1, 28, 28}})(rm.zeros(4, 1, 28, 28)).shape
--   {4, 10}
local activation = require "resmoon.models.activation"
local check      = require "resmoon.models.options"
local class      = require "resmoon.base.class"
local fail       = require "resmoon.base.fail"
local layers     = require "resmoon.nn.layers"
local Module     = require "resmoon.nn.module"

local LeNet5 = class("LeNet5", Module)

function LeNet5:init(options)
  options = check("lenet5", options, {"pool", "activation", "negative_slope", "input", "num_classes"})
  local pools = {max = layers.MaxPool2d, avg = layers.AvgPool2d}
  local Pool  = pools[options.pool or "max"]
  if not Pool then fail("models.lenet5: pool is %s, expected 'max' or 'avg'", options.pool) end
  local channels, height, width = table.unpack(options.input or {3, 32, 32})
  local border = math.max(0, (32 - math.min(height, width)) // 2)
  local function behind(n) return ((n + 2 * border - 4) // 2 - 4) // 2 end  -- both convolutions and pools
  if behind(height) < 1 or behind(width) < 1 then
    fail("models.lenet5: images of %d x %d are too small", height, width)
  end
  rawset(self, "name", "lenet5")
  local pieces
  self.act, pieces = activation.get("models.lenet5", options.activation, options.negative_slope)
  self.activation  = options.activation or "relu"
  self.conv1 = layers.Conv2d(channels, 6 * pieces, 5, {padding = border})
  self.pool1 = Pool(2)
  self.conv2 = layers.Conv2d(6, 16 * pieces, 5)
  self.pool2 = Pool(2)
  self.fc1   = layers.Linear(16 * behind(height) * behind(width), 120 * pieces)
  self.fc2   = layers.Linear(120, 84 * pieces)
  self.fc3   = layers.Linear(84, options.num_classes or 10)
end

function LeNet5:forward(x)
  x = self.pool1(self.act(self.conv1(x)))
  x = self.pool2(self.act(self.conv2(x))):flatten(2)
  x = self.act(self.fc1(x))
  x = self.act(self.fc2(x))
  return self.fc3(x)
end

function LeNet5:describe() return self.activation == "relu" and "" or (" (%s)"):format(self.activation) end

return {lenet5 = LeNet5}
