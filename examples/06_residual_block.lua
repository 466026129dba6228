-- Lesson 06. The residual block: y = relu(F(x) + x). Its layers need not learn what x already says.
--
-- Source: He et al. 2016, arXiv:1512.03385, section 3.1 and figure 2.
--
-- Run it: resmoon examples/06_residual_block.lua. It prints:
--   {8, 4, 10, 10} -> {8, 4, 10, 10}, 304 parameters
--   with F = 0 the output differs from x by 0
--   30 blocks without shortcuts: the gradient of the first convolution is 6104780.0, of the last 356.5
--   30 blocks with shortcuts: the gradient of the first convolution is 10051.4, of the last 769.2
local rm = require "resmoon"
local nn = rm.nn

local Block = nn.class("Block", nn.Module)

function Block:init(channels, shortcut)
  self.conv1 = nn.Conv2d(channels, channels, 3, {padding = 1, bias = false})
  self.bn1   = nn.BatchNorm2d(channels)
  self.conv2 = nn.Conv2d(channels, channels, 3, {padding = 1, bias = false})
  self.bn2   = nn.BatchNorm2d(channels)
  self.shortcut = shortcut
end

function Block:forward(x)
  local y = self.bn1(self.conv1(x)):relu()
  y = self.bn2(self.conv2(y))
  if self.shortcut then y = y + x end     -- all that the paper adds
  return y:relu()
end

rm.manual_seed(1)
local x = rm.randn(8, 4, 10, 10):relu()
local block = Block(4, true)
print(("%s -> %s, %d parameters"):format(x.shape, block(x).shape, block:summary({4, 10, 10}).parameters))

-- To pass x on unchanged, a residual block has to learn zeros.
rm.no_grad(function() block.bn2.weight:zero_() end)
print(("with F = 0 the output differs from x by %g"):format((block(x) - x):abs():max():item()))

-- Thirty blocks deep: how much of the difference between two inputs arrives, and how much gradient comes back.
local function stack(shortcut)
  rm.manual_seed(2)
  local net = nn.Sequential {}
  for _ = 1, 30 do net:append(Block(4, shortcut)) end
  return net
end

local toward = rm.randn(8, 4, 10, 10)
for _, shortcut in ipairs {false, true} do
  local net, input = stack(shortcut), x:clone():requires_grad_()
  net(input):backward(toward)
  print(("30 blocks %s shortcuts: the gradient of the first convolution is %.1f, of the last %.1f"):format(
    shortcut and "with" or "without", net[1].conv1.weight.grad:norm():item(), net[30].conv1.weight.grad:norm():item()))
end
