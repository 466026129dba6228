--- GoogLeNet: nine inception modules, and two auxiliary heads that help training.
--
--     image -- 7x7/2 -- pool -- 1x1 -- 3x3 -- pool -- 3a 3b -- pool -- 4a ... 4e -- pool -- 5a 5b -- average -- fc
--                                                                       |      |
--                                                                     aux1   aux2 (behind 4d)
--
-- In training the network returns three score tensors: its own, aux1's and aux2's, whose losses count
-- 0.3 each; in evaluation only its own. Each convolution is followed by a batch norm, which is newer than the
-- paper and stands in torchvision's form of the network, whose names are used.
--
-- Options: num_classes 1000
--          input       {channels, height, width} of the images: {3, 224, 224}; at least 32 x 32
--          aux         auxiliary heads: true where the images are 224 x 224 or larger
--          dropout     before fc: 0.2
-- Source: Szegedy et al. 2015, arXiv:1409.4842, table 1 and section 5.
--
-- Call: models.googlenet {num_classes = 1000, input = {3, 224, 224}, aux = nil, dropout = 0.2} -> module
-- Shapes: x (N, C, H, W) as input says, scores (N, num_classes); in training with heads three of them.
-- Errors: raises for an unknown option, or images that are too small.
-- Example:
--   > net = models.googlenet {num_classes = 10, input = {3, 32, 32}}
--   > net:eval()(rm.zeros(1, 3, 32, 32)).shape
--   {1, 10}
local check      = require "resmoon.models.options"
local class      = require "resmoon.base.class"
local fail       = require "resmoon.base.fail"
local layers     = require "resmoon.nn.layers"
local Module     = require "resmoon.nn.module"
local Sequential = require "resmoon.nn.sequential"
local core       = require "resmoon.core"

--- Convolution, batch norm, relu.
local BasicConv2d = class("BasicConv2d", Module)

function BasicConv2d:init(cin, cout, kernel, options)
  options = options or {}
  options.bias = false
  self.conv = layers.Conv2d(cin, cout, kernel, options)
  self.bn   = layers.BatchNorm2d(cout, {eps = 0.001})
end

function BasicConv2d:forward(x) return self.bn(self.conv(x)):relu() end

--- An inception module: four branches over the same input, joined along the channels.
-- Shapes: x (N, cin, H, W); y (N, c1 + c3 + c5 + pool, H, W).
-- Source: fig. 2(b). The third branch is 3x3, as in the trained networks of the field, not the paper's 5x5.
local Inception = class("Inception", Module)

function Inception:init(cin, c1, c3reduce, c3, c5reduce, c5, pool)
  self.branch1 = BasicConv2d(cin, c1, 1)
  self.branch2 = Sequential {BasicConv2d(cin, c3reduce, 1), BasicConv2d(c3reduce, c3, 3, {padding = 1})}
  self.branch3 = Sequential {BasicConv2d(cin, c5reduce, 1), BasicConv2d(c5reduce, c5, 3, {padding = 1})}
  self.branch4 = Sequential {layers.MaxPool2d(3, {stride = 1, padding = 1}), BasicConv2d(cin, pool, 1)}
end

function Inception:forward(x)
  return core.cat({self.branch1(x), self.branch2(x), self.branch3(x), self.branch4(x)}, 2)
end

--- A head in the middle: average to 4x4, 1x1 convolution, two linear layers.
-- Source: section 5. Of 14x14 the paper's average of 5x5 windows 3 apart gives 4x4; torchvision 0.14, whose weights
-- these are, cuts the image into 4x4 cells, which any size can be: 224x224 gave other scores in training before.
local InceptionAux = class("InceptionAux", Module)

function InceptionAux:init(cin, num_classes)
  self.pool    = layers.AdaptiveAvgPool2d(4)
  self.conv    = BasicConv2d(cin, 128, 1)
  self.fc1     = layers.Linear(2048, 1024)
  self.dropout = layers.Dropout(0.7)
  self.fc2     = layers.Linear(1024, num_classes)
end

function InceptionAux:forward(x)
  x = self.fc1(self.conv(self.pool(x)):flatten(2)):relu()
  return self.fc2(self.dropout(x))
end

local GoogLeNet = class("GoogLeNet", Module)

function GoogLeNet:init(options)
  options = check("googlenet", options, {"num_classes", "input", "aux", "dropout"})
  local channels, height, width = table.unpack(options.input or {3, 224, 224})
  local num_classes, large = options.num_classes or 1000, height >= 224 and width >= 224
  if height < 32 or width < 32 then fail("models.googlenet: images of %d x %d are too small", height, width) end
  local aux = options.aux
  if aux == nil then aux = large end
  rawset(self, "name", "googlenet")
  local function pool() return layers.MaxPool2d(3, {stride = 2, ceil_mode = true}) end
  self.conv1       = BasicConv2d(channels, 64, 7, {stride = 2, padding = 3})
  self.maxpool1    = pool()
  self.conv2       = BasicConv2d(64, 64, 1)
  self.conv3       = BasicConv2d(64, 192, 3, {padding = 1})
  self.maxpool2    = pool()
  self.inception3a = Inception(192, 64, 96, 128, 16, 32, 32)
  self.inception3b = Inception(256, 128, 128, 192, 32, 96, 64)
  self.maxpool3    = pool()
  self.inception4a = Inception(480, 192, 96, 208, 16, 48, 64)
  self.inception4b = Inception(512, 160, 112, 224, 24, 64, 64)
  self.inception4c = Inception(512, 128, 128, 256, 24, 64, 64)
  self.inception4d = Inception(512, 112, 144, 288, 32, 64, 64)
  self.inception4e = Inception(528, 256, 160, 320, 32, 128, 128)
  self.maxpool4    = layers.MaxPool2d(2, {stride = 2, ceil_mode = true})
  self.inception5a = Inception(832, 256, 160, 320, 32, 128, 128)
  self.inception5b = Inception(832, 384, 192, 384, 48, 128, 128)
  if aux then
    self.aux1 = InceptionAux(512, num_classes)
    self.aux2 = InceptionAux(528, num_classes)
  end
  self.avgpool = layers.AdaptiveAvgPool2d(1)
  self.dropout = layers.Dropout(options.dropout or 0.2)
  self.fc      = layers.Linear(1024, num_classes)
end

function GoogLeNet:forward(x)
  x = self.maxpool1(self.conv1(x))
  x = self.maxpool2(self.conv3(self.conv2(x)))
  x = self.maxpool3(self.inception3b(self.inception3a(x)))
  local a = self.inception4a(x)
  local d = self.inception4d(self.inception4c(self.inception4b(a)))
  x = self.maxpool4(self.inception4e(d))
  x = self.inception5b(self.inception5a(x))
  local scores = self.fc(self.dropout(self.avgpool(x):flatten(2)))
  if not (self.training and self.aux1) then return scores end
  return scores, self.aux1(a), self.aux2(d)
end

return {googlenet = GoogLeNet}
