--- The layers of the core, by name; src/bind/layer_new.c says what each takes.
--
-- A layer is a userdata. It is called, switched and printed by the core; what needs no C (state_dict,
-- summary, ...) it shares with modules written in Lua (nn/module.lua).
local core = require "resmoon.core"

require "resmoon.nn.module"  -- gives layers the methods that they share

local layers = {}

for _, name in ipairs {
  "Conv2d", "Linear", "BatchNorm1d", "BatchNorm2d", "MaxPool2d", "AvgPool2d", "AdaptiveAvgPool2d", "ReLU", "LeakyReLU",
  "ELU", "Sigmoid", "Tanh", "SiLU", "GELU", "Maxout", "Softmax", "LogSoftmax", "Dropout", "Flatten", "Identity",
} do
  layers[name] = core[name]
end

return layers
