--- Highway networks: residual networks whose shortcuts have gates that are learnt.
--
--     y = T(x) H(x) + (1 - T(x)) x,   H = relu(bn(conv)), T = sigmoid(conv)
--
-- The gates begin almost closed (bias -2), so that a new network passes its input through. The body is the
-- CIFAR form of the ResNets: a 3x3 convolution, three stages of width w, 2w, 4w with halved images
-- between (a plain stride-2 convolution: a gate needs the same shape on both sides), average, fc.
-- highway19 and highway32 have 19 and 32 layers with weights.
--
-- Options: width       of the first stage: 16
--          gate_bias   -2
--          num_classes 10
--          input       {channels, height, width} of the images: {3, 32, 32}
-- Source: Srivastava, Greff and Schmidhuber 2015, arXiv:1505.00387, eq. 3 and section 4.2; the batch norm is newer.
--
-- Call: models.highway19 {width = 16, gate_bias = -2, num_classes = 10, input = {3, 32, 32}} -> module
-- Call: models.highway32 {...} -> module
-- Shapes: x (N, C, H, W) as input says, scores (N, num_classes).
-- Errors: raises for an unknown option.
-- Example:
--   > models.highway19()(rm.zeros(2, 3, 32, 32)).shape
--   {2, 10}
local check      = require "resmoon.models.options"
local class      = require "resmoon.base.class"
local init       = require "resmoon.nn.initialize"
local layers     = require "resmoon.nn.layers"
local Module     = require "resmoon.nn.module"
local Sequential = require "resmoon.nn.sequential"

local Conv2d, BatchNorm2d = layers.Conv2d, layers.BatchNorm2d

local HighwayBlock = class("HighwayBlock", Module)

function HighwayBlock:init(width, gate_bias)
  self.conv = Conv2d(width, width, 3, {padding = 1, bias = false})
  self.bn   = BatchNorm2d(width)
  self.gate = Conv2d(width, width, 3, {padding = 1})
  init.constant_(self.gate.bias, gate_bias)
end

function HighwayBlock:forward(x)
  local h, t = self.bn(self.conv(x)):relu(), self.gate(x):sigmoid()
  return t * h + (1 - t) * x
end

local Highway = class("Highway", Module)

function Highway:init(name, rows, options)
  options = check(name, options, {"width", "gate_bias", "num_classes", "input"})
  local width, channels = options.width or 16, options.input and options.input[1] or 3
  rawset(self, "name", name)
  self.conv1  = Conv2d(channels, width, 3, {padding = 1, bias = false})
  self.bn1    = BatchNorm2d(width)
  self.stages = #rows
  for i, n in ipairs(rows) do
    local stage = Sequential()
    if i > 1 then
      stage:append(Conv2d(width, 2 * width, 3, {stride = 2, padding = 1, bias = false}))
      stage:append(BatchNorm2d(2 * width))
      stage:append(layers.ReLU())
      width = 2 * width
    end
    for _ = 1, n do stage:append(HighwayBlock(width, options.gate_bias or -2)) end
    self["layer" .. i] = stage
  end
  self.avgpool = layers.AdaptiveAvgPool2d(1)
  self.fc      = layers.Linear(width, options.num_classes or 10)
end

function Highway:forward(x)
  x = self.bn1(self.conv1(x)):relu()
  for i = 1, self.stages do x = self["layer" .. i](x) end
  return self.fc(self.avgpool(x):flatten(2))
end

-- conv1, the blocks, two convolutions between the stages, fc.
local rows = {highway19 = {5, 5, 5}, highway32 = {10, 9, 9}}
local models = {}
for name, blocks in pairs(rows) do
  models[name] = function(options) return Highway(name, blocks, options) end
end
return models
