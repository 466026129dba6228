--- Residual networks, and the same networks without shortcuts.
--
--     image -- stem -- layer1 -- layer2 -- ... -- average over the image -- fc -- scores
--
-- Every layer is a row of equal blocks; the first block of each layer but layer1 halves the image
-- while the width doubles. Names of parts are torchvision's, so its weights load.
-- Source: He et al. 2016, arXiv:1512.03385, table 1 (ImageNet) and section 4.2 (CIFAR-10).
local check      = require "resmoon.base.check"
local class      = require "resmoon.base.class"
local fail       = require "resmoon.base.fail"
local init       = require "resmoon.nn.initialize"
local layers     = require "resmoon.nn.layers"
local Module     = require "resmoon.nn.module"
local norm       = require "resmoon.nn.norm"
local options    = require "resmoon.base.options"
local Sequential = require "resmoon.nn.sequential"

local Conv2d, Linear = layers.Conv2d, layers.Linear

local blocks = {
  basic      = require "resmoon.nn.basicblock",
  bottleneck = require "resmoon.nn.bottleneck",
}

local known = {"name", "block", "layers", "widths", "stem", "stem_width", "shortcut", "stride_at", "norm",
               "stochastic_depth", "in_channels", "num_classes"}

local ResNet = class("ResNet", Module)

-- Three 3x3 convolutions instead of one large one, as plain layers without shortcuts around them; the first halves the
-- image where stride is 2. Their channels do not follow the width of the network.
-- Source: He et al. 2019, arXiv:1812.01187, fig. 2(b), ResNet-C.
local DEEP = {32, 32, 64}

local function deep_stem(channels, stride, kind)
  local stem = Sequential()
  for i, width in ipairs(DEEP) do
    stem:append(Conv2d(channels, width, 3, {stride = i == 1 and stride or 1, padding = 1, bias = false}))
    stem:append(norm(kind, width))
    stem:append(layers.ReLU())
    channels = width
  end
  return stem, channels
end

--- spec: name, block ("basic" or "bottleneck"), layers (blocks in each), widths (of each),
-- stem ("imagenet": 7x7 stride 2 and max-pool; "cifar": 3x3; "deep": three 3x3 of 32, 32 and 64 channels, the first of
-- stride 2, and max-pool; "deep_cifar": those three without stride and pool), stem_width (widths[1]),
-- shortcut ("A", "B", "C" or "none"), stride_at (of bottlenecks: "3x3" or "1x1"), in_channels (3), num_classes, norm
-- ("batch"; "group", "instance", or a function of the number of channels), stochastic_depth (0: with what probability
-- the last block's branch is dropped in training; that of the others grows up to it evenly).
-- Shapes: x (N, in_channels, H, W); scores (N, num_classes).
-- Call: models.ResNet {spec} -> module
-- Errors: raises for another block, stem, shortcut or norm, and a stochastic_depth outside 0..1.
-- Source: He et al. 2016, arXiv:1512.03385, table 1 and section 4.2; stochastic depth: Huang et al. 2016,
--  arXiv:1603.09382.
-- Example:
--   > spec = {name = "tiny", block = "basic", layers = {1, 1}, widths = {8, 16}}
--   > spec.stem, spec.shortcut, spec.num_classes = "cifar", "A", 10
--   > models.ResNet(spec)(rm.zeros(4, 3, 32, 32)).shape
--   {4, 10}
function ResNet:init(spec)
  check("models.ResNet(spec: table)", spec)
  options("models.ResNet", spec, known)
  check("models.ResNet(layers: count[], widths: count[])", spec.layers, spec.widths)
  local Block = blocks[spec.block]
  if not Block then fail("resnet: block is %s, expected 'basic' or 'bottleneck'", spec.block) end
  local channels, width = spec.in_channels or 3, spec.stem_width or spec.widths[1]
  rawset(self, "name", spec.name)
  if spec.stem == "imagenet" then
    self.conv1   = Conv2d(channels, width, 7, {stride = 2, padding = 3, bias = false})
    self.bn1     = norm(spec.norm, width)
    self.maxpool = layers.MaxPool2d(3, {stride = 2, padding = 1})
  elseif spec.stem == "cifar" then
    self.conv1   = Conv2d(channels, width, 3, {padding = 1, bias = false})
    self.bn1     = norm(spec.norm, width)
  elseif spec.stem == "deep" then
    self.stem, width = deep_stem(channels, 2, spec.norm)
    self.maxpool = layers.MaxPool2d(3, {stride = 2, padding = 1})
  elseif spec.stem == "deep_cifar" then
    self.stem, width = deep_stem(channels, 1, spec.norm)
  else
    fail("resnet: stem is %s, expected 'imagenet', 'cifar', 'deep' or 'deep_cifar'", spec.stem)
  end
  local count, all = 0, 0
  for _, n in ipairs(spec.layers) do all = all + n end
  self.stages = #spec.layers
  for i, n in ipairs(spec.layers) do
    local layer = Sequential()
    for k = 1, n do
      local stride = (i > 1 and k == 1) and 2 or 1
      count = count + 1
      layer:append(Block(width, spec.widths[i], {
        stride = stride, shortcut = spec.shortcut, stride_at = spec.stride_at, norm = spec.norm,
        drop = count / all * (spec.stochastic_depth or 0)}))
      width = spec.widths[i] * Block.expansion
    end
    self["layer" .. i] = layer
  end
  self.avgpool = layers.AdaptiveAvgPool2d(1)
  self.fc      = Linear(width, spec.num_classes)
  self:reset()
end

--- Fresh weights: convolutions Kaiming-normal over fan_out (He et al. 2015, as in torchvision),
-- batch norms 1 and 0; fc keeps the uniform start of Linear.
-- Call: models.ResNet.reset(net) -> nothing
-- Shapes: those of the layers stay.
-- Errors: none. Random numbers come from rm.random.init.
-- Example:
--   > net = models.resnet20()
--   > net:reset()
function ResNet:reset()
  for _, module in self:named_modules() do
    local kind = Module.type_of(module)
    if kind == "Conv2d" then
      init.kaiming_normal_(module.weight, {mode = "fan_out", nonlinearity = "relu"})
    elseif kind == "BatchNorm2d" then
      init.ones_(module.weight)
      init.zeros_(module.bias)
    end
  end
end

function ResNet:forward(x)
  if self.stem then x = self.stem(x) else x = self.bn1(self.conv1(x)):relu() end
  if self.maxpool then x = self.maxpool(x) end
  for i = 1, self.stages do x = self["layer" .. i](x) end
  return self.fc(self.avgpool(x):flatten(2))
end

return ResNet
