-- ResNet-32 for CIFAR-10, written out, with the ten decisions that make it one: X1 to X10.
--
-- An exercise that leaves them blank has a network to be filled in; here they are filled in and explained, and the
-- result is compared with models.resnet32. (The numbering is ours.) The shortcut is the paper's option A: where the
-- image is halved and the channels doubled, it keeps every second row and column and adds channels of zeros, so it
-- has no weights.
-- Source: He et al. 2016, arXiv:1512.03385, section 4.2 and, for option A, section 3.3.
--
-- Run it: resmoon examples/more/resnet32.lua [DIR], with CIFAR-10 in DIR; without it, on generated images. It prints:
--   layers with weights: 32
--   parameters: 464154, of models.resnet32: 464154
--   its output is that of models.resnet32 with the same weights: true
--   after 8 steps on one batch the loss is lower: true
local rm    = require "resmoon"
local class = require "resmoon.base.class"
local nn    = rm.nn

-- X1: channels that enter the first convolution: red, green and blue.
local X1 = 3

-- X2: channels of the three stages. The first convolution leaves as many as the first stage has. They double
-- where height and width are halved, so that every block costs the same.
local X2 = {16, 32, 64}

-- X3: kernel and padding of all convolutions. A padding of (3 - 1) / 2 = 1 keeps height and width.
local X3 = {kernel = 3, padding = 1}

-- X4: stride of the first convolution in the first block of stages 2 and 3; all others have 1. Images are 32, 16 and
-- 8 pixels high in the three stages.
local X4 = 2

-- X5: channels of zeros that the shortcut adds behind those of x: what is missing.
local function X5(cin, cout) return cout - cin end

-- X6: the step in which the shortcut goes through rows and columns. It must be X4, else the sum has two shapes.
local X6 = X4

-- X7: where the last relu of a block stands: behind the addition. In front of it F(x) could only add, never take away.
local function X7(fx, shortcut) return (fx + shortcut):relu() end

-- X8: blocks in each stage. A block has two convolutions, there are three stages, and the first convolution and the
-- linear layer count too: 6n + 2 = 32.
local X8 = (32 - 2) // 6

-- X9: window of the average at the end: all 8 x 8 pixels of the last stage, so that one number is left of each channel.
local X9 = 8

-- X10: inputs of the linear layer: the channels of the last stage, times the one pixel that X9 leaves.
local X10 = X2[3] * (8 // X9) * (8 // X9)

local function conv3x3(cin, cout, stride)
  return nn.Conv2d(cin, cout, X3.kernel, {stride = stride, padding = X3.padding, bias = false})
end

local Block = class("Block", nn.Module)

function Block:init(cin, cout, stride)
  self.conv1 = conv3x3(cin, cout, stride)
  self.bn1   = nn.BatchNorm2d(cout)
  self.conv2 = conv3x3(cout, cout, 1)
  self.bn2   = nn.BatchNorm2d(cout)
  self.extra, self.halves = X5(cin, cout), stride > 1
end

function Block:shortcut(x)
  if self.halves then x = x[{{}, {}, {1, -1, X6}, {1, -1, X6}}] end
  if self.extra > 0 then x = x:pad {0, 0, 0, 0, 0, self.extra} end  -- pairs, the last dimension first
  return x
end

function Block:forward(x)
  local y = self.bn1(self.conv1(x)):relu()
  y = self.bn2(self.conv2(y))
  return X7(y, self:shortcut(x))
end

local ResNet32 = class("ResNet32", nn.Module)

function ResNet32:init()
  self.conv1 = conv3x3(X1, X2[1], 1)
  self.bn1   = nn.BatchNorm2d(X2[1])
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

local function parameters(module)
  local n = 0
  for _, p in ipairs(module:parameters()) do n = n + p:numel() end
  return n
end

-- Every convolution and linear layer counts; option A has none.
local depth = 0
for _, p in ipairs(net:parameters()) do
  if #p.shape >= 2 then depth = depth + 1 end
end
print("layers with weights: " .. depth)
print(("parameters: %d, of models.resnet32: %d"):format(parameters(net), parameters(reference)))

local dir = ...
local training = dir and rm.data.open(dir) or rm.data.shapes10 {size = 32}
local images, labels = training:batch(32)
local x = images:normalize(training.mean, training.std)

-- The same names, so the same weights fit.
net:load_state_dict(reference:state_dict())
net:eval()
reference:eval()
local difference = rm.no_grad(function() return (net(x) - reference(x)):abs():max():item() end)
print("its output is that of models.resnet32 with the same weights:", difference < 1e-4)

net:train()
local optimizer = rm.optim.SGD(net:parameters(), {lr = 0.05, momentum = 0.9, weight_decay = 1e-4})
local losses = {}
for step = 1, 8 do
  optimizer:zero_grad()
  local loss = net(x):cross_entropy(labels)
  loss:backward()
  optimizer:step()
  losses[step] = loss:item()
end
print("after 8 steps on one batch the loss is lower:", losses[8] < losses[1])
