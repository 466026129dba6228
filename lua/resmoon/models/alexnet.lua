--- AlexNet and VGG: convolutions with pooling between, then three linear layers with dropout.
--
--     alexnet   64@11x11/4 -- pool -- 192@5x5 -- pool -- 384, 256, 256@3x3 -- pool -- 4096 -- 4096 -- scores
--     vgg16     2 x 64 -- pool -- 2 x 128 -- pool -- 3 x 256 -- pool -- 3 x 512 -- pool -- 3 x 512 -- pool -- ...
--     vgg19     the same with 4 instead of 3; all 3x3. relu follows every layer but the last
--
-- Names of parts are torchvision's, so its weights load. An average pool in front of the linear layers makes of what
-- the convolutions leave always the same height and width: 6x6 or 7x7, which they leave of 224x224; of smaller images
-- what they leave, so that the first linear layer is no larger than it need be. So the network takes images of other
-- sizes than `input`, and with pool = 6 or 7 it has torchvision's shapes whatever input is.
--
-- Options: num_classes 1000
--          input       {channels, height, width} of the images: {3, 224, 224}
--          dropout     0.5
--          hidden      width of the linear layers: 4096
--          pool        height and width in front of the linear layers: a number or {h, w}
--          batch_norm  vgg: a batch norm behind each convolution: false
-- Source: Krizhevsky 2014, arXiv:1404.5997 (AlexNet in one column); Simonyan and Zisserman 2015,
-- arXiv:1409.1556, table 1, columns D and E.
--
-- Call: models.alexnet {num_classes = 1000, input = {3, 224, 224}, dropout = 0.5, hidden = 4096, pool = 6} -> module
-- Call: models.vgg16 {..., batch_norm = false} -> module
-- Call: models.vgg19 {..., batch_norm = false} -> module
-- Shapes: x (N, C, H, W), scores (N, num_classes).
-- Errors: raises for an unknown option, or images that are too small.
-- Example:
--   > net = models.alexnet {num_classes = 10, input = {3, 64, 64}, hidden = 32}
--   > net(rm.zeros(2, 3, 64, 64)).shape
--   {2, 10}
local check      = require "resmoon.models.options"
local class      = require "resmoon.base.class"
local fail       = require "resmoon.base.fail"
local init       = require "resmoon.nn.initialize"
local layers     = require "resmoon.nn.layers"
local Module     = require "resmoon.nn.module"
local Sequential = require "resmoon.nn.sequential"

local Conv2d, Linear, ReLU, Dropout = layers.Conv2d, layers.Linear, layers.ReLU, layers.Dropout

local ConvNet = class("ConvNet", Module)

--- features: a Sequential of so many channels; left(n): what it leaves of n rows or columns; input: {C, H, W}; most:
-- what the pool keeps of these at most; pool: what it is to give instead, or nil.
function ConvNet:init(name, features, channels, left, input, most, pool, classifier)
  rawset(self, "name", name)
  local leaves = {channels, left(input[2]), left(input[3])}
  if leaves[2] < 1 or leaves[3] < 1 then
    local least = 1
    while left(least) < 1 do least = least + 1 end
    fail("models.%s: input is %d x %d pixels, expected at least %d x %d: smaller ones have nothing left behind its "
         .. "pooling", name, input[2], input[3], least, least)
  end
  local size = type(pool) == "table" and pool or {pool or math.min(leaves[2], most), pool or math.min(leaves[3], most)}
  self.features   = features
  self.avgpool    = layers.AdaptiveAvgPool2d(size)
  self.classifier = Sequential(classifier(leaves[1] * size[1] * size[2]))
end

function ConvNet:forward(x)
  return self.classifier(self.avgpool(self.features(x)):flatten(2))
end

local function conv_size(n, kernel, stride, padding) return (n + 2 * padding - kernel) // stride + 1 end

local function alexnet(options)
  options = check("alexnet", options, {"num_classes", "input", "dropout", "hidden", "pool"})
  local input = options.input or {3, 224, 224}
  local p, hidden = options.dropout or 0.5, options.hidden or 4096
  local function left(n)
    n = conv_size(conv_size(n, 11, 4, 2), 3, 2, 0)  -- conv1, pool
    n = conv_size(n, 3, 2, 0)                       -- conv2 keeps the size, pool
    return conv_size(n, 3, 2, 0)                    -- conv3 to 5 keep it, pool
  end
  local features = Sequential {
    Conv2d(input[1], 64, 11, {stride = 4, padding = 2}), ReLU(), layers.MaxPool2d(3, {stride = 2}),
    Conv2d(64, 192, 5, {padding = 2}), ReLU(), layers.MaxPool2d(3, {stride = 2}),
    Conv2d(192, 384, 3, {padding = 1}), ReLU(),
    Conv2d(384, 256, 3, {padding = 1}), ReLU(),
    Conv2d(256, 256, 3, {padding = 1}), ReLU(), layers.MaxPool2d(3, {stride = 2}),
  }
  return ConvNet("alexnet", features, 256, left, input, 6, options.pool, function(size)
    return {
      Dropout(p), Linear(size, hidden), ReLU(),
      Dropout(p), Linear(hidden, hidden), ReLU(), Linear(hidden, options.num_classes or 1000),
    }
  end)
end

local rows = {  -- convolutions between two pools
  vgg16 = {2, 2, 3, 3, 3},
  vgg19 = {2, 2, 4, 4, 4},
}

local function vgg(name, options)
  options = check(name, options, {"num_classes", "input", "dropout", "hidden", "pool", "batch_norm"})
  local input = options.input or {3, 224, 224}
  local channels = input[1]
  local p, hidden = options.dropout or 0.5, options.hidden or 4096
  local function left(n) return n // 32 end   -- five pools
  local features = Sequential()
  for i, n in ipairs(rows[name]) do
    local wide = math.min(64 << (i - 1), 512)
    for _ = 1, n do
      local conv = Conv2d(channels, wide, 3, {padding = 1})
      init.kaiming_normal_(conv.weight, {mode = "fan_out", nonlinearity = "relu"})
      init.zeros_(conv.bias)
      features:append(conv)
      if options.batch_norm then features:append(layers.BatchNorm2d(wide)) end
      features:append(ReLU())
      channels = wide
    end
    features:append(layers.MaxPool2d(2, {stride = 2}))
  end
  return ConvNet(name, features, 512, left, input, 7, options.pool, function(size)
    return {
      Linear(size, hidden), ReLU(), Dropout(p),
      Linear(hidden, hidden), ReLU(), Dropout(p), Linear(hidden, options.num_classes or 1000),
    }
  end)
end

return {
  alexnet = alexnet,
  vgg16   = function(options) return vgg("vgg16", options) end,
  vgg19   = function(options) return vgg("vgg19", options) end,
}
