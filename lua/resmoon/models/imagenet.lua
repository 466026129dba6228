--- resnet18, 34, 50, 101, 152 and plain18, 34, 50: four layers of width 64, 128, 256, 512.
--
-- Options: stem        "imagenet", "cifar" or "deep" (three 3x3 convolutions); by itself "cifar" where input is smaller
--                      than 64 pixels; there "deep" has neither stride nor pool
--          num_classes 1000; 10 with the stems of small images
--          input       {channels, height, width} of the images: {3, 224, 224}
--          width       of layer1: 64; or widths, of each layer: {64, 128, 256, 512}
--          layers      blocks in each, as in {2, 2, 2, 2}
--          shortcut    "B" ("A", "C", or false: none); plain nets have none
--          stride_at   of bottlenecks: "3x3", as torchvision has it, or "1x1", as the paper
--          norm        "batch" ("group", "instance", or a function of the number of channels)
--          stochastic_depth  0: with what probability the last block's branch is dropped in training
-- Source: He et al. 2016, arXiv:1512.03385, table 1.
--
-- Call: models.resnet18 {stem = "imagenet", num_classes = 1000, input = {3, 224, 224}, width = 64, shortcut =
--     "B"} -> module
-- Call: models.resnet34 {...} -> module
-- Call: models.resnet50 {...} -> module
-- Call: models.resnet101 {...} -> module
-- Call: models.resnet152 {...} -> module
-- Call: models.plain18 {...} -> module
-- Call: models.plain34 {...} -> module
-- Call: models.plain50 {...} -> module
-- Shapes: x (N, 3, H, W), scores (N, num_classes).
-- Errors: raises for an unknown option.
-- Example:
--   > net = models.resnet18 {stem = "cifar"}
--   > net(rm.zeros(2, 3, 32, 32)).shape
--   {2, 10}
local check  = require "resmoon.models.options"
local ResNet = require "resmoon.models.resnet"
local stages = require "resmoon.models.stages"

local shapes = {
  [18]  = {"basic",      {2, 2, 2, 2}},
  [34]  = {"basic",      {3, 4, 6, 3}},
  [50]  = {"bottleneck", {3, 4, 6, 3}},
  [101] = {"bottleneck", {3, 4, 23, 3}},
  [152] = {"bottleneck", {3, 8, 36, 3}},
}

local names = {"stem", "num_classes", "input", "width", "widths", "layers", "shortcut", "stride_at", "norm",
               "stochastic_depth"}

local function build(name, depth, options, plain)
  options = check(name, options, names)
  local input = options.input or {3, 224, 224}
  local small = options.input and input[2] < 64
  local stem  = options.stem or (small and "cifar" or "imagenet")
  if stem == "deep" and small then stem = "deep_cifar" end
  local s     = stages(name, options, {layers = shapes[depth][2], width = 64, shortcut = not plain and "B"})
  return ResNet {
    name        = s.name,
    block       = shapes[depth][1],
    layers      = s.layers,
    widths      = s.widths,
    stem        = stem,
    shortcut    = s.shortcut,
    stride_at   = options.stride_at,
    norm        = options.norm,
    stochastic_depth = options.stochastic_depth,
    in_channels = input[1],
    num_classes = options.num_classes or (stem:find "cifar$" and 10 or 1000),
  }
end

local models = {}

for _, depth in ipairs {18, 34, 50, 101, 152} do
  local name = "resnet" .. depth
  models[name] = function(options) return build(name, depth, options, false) end
end
for _, depth in ipairs {18, 34, 50} do
  local name = "plain" .. depth
  models[name] = function(options) return build(name, depth, options, true) end
end

return models
