--- Layers, modules and blocks: what networks are built from.
--
-- Layers of the core (Conv2d, BatchNorm2d, Linear, pools, activations, ...) are userdata, modules
-- are Lua objects; both answer the same methods (nn/module.lua).
--
--     local net = nn.Sequential {
--       nn.Conv2d(3, 16, 3, {padding = 1}), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 10),
--     }
local nn = {}

for name, layer in pairs(require "resmoon.nn.layers") do nn[name] = layer end

nn.Module     = require "resmoon.nn.module"
nn.Sequential = require "resmoon.nn.sequential"
nn.ModuleList = require "resmoon.nn.modulelist"
nn.BasicBlock = require "resmoon.nn.basicblock"
nn.Bottleneck = require "resmoon.nn.bottleneck"
nn.shortcut   = require "resmoon.nn.shortcut"
nn.init       = require "resmoon.nn.initialise"
nn.class      = require "resmoon.class"

return nn
