--- Layers, modules and blocks: what networks are built from.
--
-- Layers of the core (Conv2d, BatchNorm2d, Linear, pools, activations, ...) are userdata, modules
-- are Lua objects; both answer the same methods (nn/module.lua).
--
--     local net = nn.Sequential {
--       nn.Conv2d(3, 16, 3, {padding = 1}), nn.ReLU(),
--       nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 10),
--     }
--
-- A layer is called like a function, net(x). net:parameters() go to an optimizer, net:train() and net:eval() switch
-- batch norm and dropout, net:state_dict() and rm.save keep the weights. A network of one's own is a class with init
-- and forward (help "nn.Module").
-- Topic: nn
local library = require "resmoon.base.library"
local nn = {}

for name, layer in pairs(require "resmoon.nn.layers") do nn[name] = layer end

for _, file in ipairs {"functions", "instancenorm", "drop", "padding"} do  -- some classes each
  for name, class in pairs(require("resmoon.nn." .. file)) do nn[name] = class end
end

nn.Module     = require "resmoon.nn.module"
nn.Sequential = require "resmoon.nn.sequential"
nn.ModuleList = require "resmoon.nn.modulelist"
nn.GroupNorm  = require "resmoon.nn.groupnorm"
nn.LayerNorm  = require "resmoon.nn.layernorm"
nn.PReLU      = require "resmoon.nn.prelu"
nn.BasicBlock = require "resmoon.nn.basicblock"
nn.Bottleneck = require "resmoon.nn.bottleneck"
nn.shortcut   = require "resmoon.nn.shortcut"
nn.checkpoint = require "resmoon.nn.checkpoint"
nn.init       = require "resmoon.nn.initialize"
nn.class      = require "resmoon.base.class"

return library("nn", nn)
