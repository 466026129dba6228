-- Lesson 10. ResNet-32 for CIFAR-10, written out, with the ten decisions that make it one: X1 to X10.
--
-- The page of the lesson explains each. The shortcut is option A: where an image is halved and the channels doubled, it
-- keeps every second row and column and adds channels of zeros, so it has no weights.
-- Source: He et al. 2016, arXiv:1512.03385, sections 3.3 and 4.2.
--
-- Run it: resmoon examples/10_resnet32.lua. It prints:
--   parameters: 464154, of models.resnet32: 464154
--   multiply-accumulates for an image: 68862592, of models.resnet32: 68862592
--   with the same weights the scores differ by 0
local rm = require "resmoon"
local nn = rm.nn

local X1  = 3                                                        -- channels of the images
local X2  = {16, 32, 64}                                             -- channels of the three stages
local X3  = {kernel = 3, padding = 1}                                -- keeps height and width
local X4  = 2                                                        -- stride where stages 2 and 3 begin
local X5  = function(cin, cout) return cout - cin end                -- channels of zeros in the shortcut
local X6  = X4                                                       -- step of the shortcut through rows and columns
local X7  = function(fx, shortcut) return (fx + shortcut):relu() end -- relu stands behind the addition
local X8  = (32 - 2) // 6                                            -- blocks in each stage
local X9  = 8                                                        -- window of the average at the end
local X10 = X2[3]                                                    -- inputs of the linear layer

local function conv3x3(cin, cout, stride)
  return nn.Conv2d(cin, cout, X3.kernel, {stride = stride, padding = X3.padding, bias = false})
end

local Block = nn.class("Block", nn.Module)

function Block:init(cin, cout, stride)
  self.conv1, self.bn1 = conv3x3(cin, cout, stride), nn.BatchNorm2d(cout)
  self.conv2, self.bn2 = conv3x3(cout, cout, 1), nn.BatchNorm2d(cout)
  self.extra, self.halves = X5(cin, cout), stride > 1
end

function Block:forward(x)
  local y = self.bn1(self.conv1(x)):relu()
  y = self.bn2(self.conv2(y))
  if self.halves then x = x[{{}, {}, {1, -1, X6}, {1, -1, X6}}] end
  if self.extra > 0 then x = x:pad {0, 0, 0, 0, 0, self.extra} end  -- pairs, the last dimension first
  return X7(y, x)
end

local ResNet32 = nn.class("ResNet32", nn.Module)

function ResNet32:init()
  self.conv1, self.bn1 = conv3x3(X1, X2[1], 1), nn.BatchNorm2d(X2[1])
  local cin = X2[1]
  for stage, cout in ipairs(X2) do
    local blocks = nn.Sequential {}
    for i = 1, X8 do
      blocks:append(Block(cin, cout, stage > 1 and i == 1 and X4 or 1))
      cin = cout
    end
    self["layer" .. stage] = blocks
  end
  self.fc = nn.Linear(X10, 10)
end

function ResNet32:forward(x)
  x = self.bn1(self.conv1(x)):relu()
  x = self.layer3(self.layer2(self.layer1(x)))
  return self.fc(x:avg_pool2d(X9):flatten(2))
end

rm.manual_seed(1)
local net, reference = ResNet32(), rm.models.resnet32()
local own, theirs = net:summary {3, 32, 32}, reference:summary {3, 32, 32}
print(("parameters: %d, of models.resnet32: %d"):format(own.parameters, theirs.parameters))
print(("multiply-accumulates for an image: %d, of models.resnet32: %d"):format(own.macs, theirs.macs))

-- The same names, so the same weights fit.
net:load_state_dict(reference:state_dict())
local x = rm.randn(4, 3, 32, 32)
print(("with the same weights the scores differ by %g"):format((net(x) - reference(x)):abs():max():item()))
