-- Lesson 11. Bottlenecks: make it narrow, look at the neighborhood, make it wide again. So 50 layers cost what 34 do.
--
-- Source: He et al. 2016, arXiv:1512.03385, figure 5 and table 1.
--
-- Run it: resmoon examples/11_bottlenecks.lua. It prints:
--   basic      of 256 channels:   1180672 parameters, 231211008 multiply-accumulates
--   bottleneck of 256 channels:     70400 parameters,  13647872 multiply-accumulates
--   it differs from nn.Bottleneck by 0
--   resnet18: 11689512 parameters, 1.81 billion multiply-accumulates
--   resnet34: 21797672 parameters, 3.66 billion multiply-accumulates
--   resnet50: 25557032 parameters, 4.09 billion multiply-accumulates
local rm = require "resmoon"
local nn = rm.nn

local Bottleneck = nn.class("Bottleneck", nn.Module)

function Bottleneck:init(cin, width)
  self.conv1 = nn.Conv2d(cin, width, 1, {bias = false})                       -- 1x1: fewer channels
  self.bn1   = nn.BatchNorm2d(width)
  self.conv2 = nn.Conv2d(width, width, 3, {padding = 1, bias = false})        -- 3x3: on few channels
  self.bn2   = nn.BatchNorm2d(width)
  self.conv3 = nn.Conv2d(width, 4 * width, 1, {bias = false})                 -- 1x1: as many as before
  self.bn3   = nn.BatchNorm2d(4 * width)
end

function Bottleneck:forward(x)
  local y = self.bn1(self.conv1(x)):relu()
  y = self.bn2(self.conv2(y)):relu()
  y = self.bn3(self.conv3(y))
  return (y + x):relu()
end

-- Blocks for 256 channels at 14 x 14 pixels: two 3x3 convolutions, and a bottleneck.
local function cost(name, block)
  local s = block:summary {256, 14, 14}
  print(("%-10s of 256 channels: %9d parameters, %9d multiply-accumulates"):format(name, s.parameters, s.macs))
end
cost("basic", nn.BasicBlock(256, 256))
cost("bottleneck", Bottleneck(256, 64))

-- The same as nn.Bottleneck, given the same weights.
rm.manual_seed(1)
local own, ours, x = Bottleneck(256, 64), nn.Bottleneck(256, 64), rm.randn(2, 256, 7, 7)
own:load_state_dict(ours:state_dict())
print(("it differs from nn.Bottleneck by %g"):format((own(x) - ours(x)):abs():max():item()))

-- Whole networks, on images of 224 x 224 pixels.
for _, name in ipairs {"resnet18", "resnet34", "resnet50"} do
  local net = rm.models[name] {num_classes = 1000, input = {3, 224, 224}}
  local s = net:summary {3, 224, 224}
  print(("%s: %8d parameters, %.2f billion multiply-accumulates"):format(name, s.parameters, s.macs / 1e9))
end
