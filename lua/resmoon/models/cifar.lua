--- resnet20, 32, 44, 56, 110, 1202 and plain20 ... plain110: the CIFAR nets of the paper.
--
-- Three layers of n blocks, width 16, 32, 64, on a 3x3 stem. With two convolutions a block, the
-- stem and fc that makes 6n + 2 weighted layers; bottleneck blocks have three: 9n + 2.
--
-- Options: num_classes 10
--          input       {channels, height, width} of the images: {3, 32, 32}
--          width       of layer1: 16; or widths, of each layer: {16, 32, 64}
--          layers      blocks in each: {n, n, n}
--          blocks      the same number in each, instead of layers: n
--          stem        "cifar", one 3x3 convolution, or "deep", three of them
--          shortcut    "A" ("B", "C", or false: none); plain nets have none
--          block       "basic"; "bottleneck" for the depths that are 9n + 2: 20, 56, 110
--          norm        "batch" ("group", "instance", or a function of the number of channels)
--          stochastic_depth  0: with what probability the last block's branch is dropped in training
-- Source: He et al. 2016, arXiv:1512.03385, section 4.2; option A as in its CIFAR-10 nets.
--
-- Call: models.resnet20 {num_classes = 10, input = {3, 32, 32}, width = 16, shortcut = "A", block = "basic"} -> module
-- Call: models.resnet32 {...} -> module
-- Call: models.resnet44 {...} -> module
-- Call: models.resnet56 {...} -> module
-- Call: models.resnet110 {...} -> module
-- Call: models.resnet1202 {...} -> module
-- Call: models.plain20 {...} -> module
-- Call: models.plain32 {...} -> module
-- Call: models.plain44 {...} -> module
-- Call: models.plain56 {...} -> module
-- Call: models.plain110 {...} -> module
-- Shapes: x (N, 3, H, W), scores (N, num_classes).
-- Errors: raises for an unknown option, or a depth that the block does not divide.
-- Example:
--   > net = models.resnet20 {num_classes = 100}
--   > net(rm.zeros(2, 3, 32, 32)).shape
--   {2, 100}
local check  = require "resmoon.models.options"
local fail   = require "resmoon.base.fail"
local ResNet = require "resmoon.models.resnet"
local stages = require "resmoon.models.stages"

local names = {"num_classes", "input", "width", "widths", "layers", "blocks", "stem", "shortcut", "block", "norm",
               "stochastic_depth"}
local convolutions = {basic = 2, bottleneck = 3}  -- in a block

local function build(name, depth, options, plain)
  options = check(name, options, names)
  local block = options.block or "basic"
  local each  = 3 * (convolutions[block] or fail("models.%s: block is %s, expected 'basic' or 'bottleneck'",
                                                 name, block))
  if options.blocks then
    if options.layers then fail("models.%s: give layers or blocks, not both", name) end
    local n, given = options.blocks, options
    options = {layers = {n, n, n}}
    for key, value in pairs(given) do options[key] = value end
  end
  if not options.layers and (depth - 2) % each ~= 0 then
    fail("models.%s: a %s net has %dn + 2 layers, which %d is not", name, block, each, depth)
  end
  local n = (depth - 2) // each
  local s = stages(name, options, {layers = {n, n, n}, width = 16, shortcut = not plain and "A"})
  return ResNet {
    name        = s.name,
    block       = block,
    layers      = s.layers,
    widths      = s.widths,
    stem        = options.stem == "deep" and "deep_cifar" or options.stem or "cifar",
    shortcut    = s.shortcut,
    norm        = options.norm,
    stochastic_depth = options.stochastic_depth,
    in_channels = options.input and options.input[1] or 3,
    num_classes = options.num_classes or 10,
  }
end

local models = {}

for _, depth in ipairs {20, 32, 44, 56, 110, 1202} do
  local name = "resnet" .. depth
  models[name] = function(options) return build(name, depth, options, false) end
end
for _, depth in ipairs {20, 32, 44, 56, 110} do
  local name = "plain" .. depth
  models[name] = function(options) return build(name, depth, options, true) end
end

return models
