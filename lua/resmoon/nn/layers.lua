--- The layers of the core, by name; src/bind/layer_new.c says what each takes.
--
-- A layer is a userdata. The core calls and prints it and has its tensors and settings; all other methods are those
-- of every module (nn/protocol.lua).
local core = require "resmoon.core"

require "resmoon.nn.module"  -- gives layers the methods that they share

local layers = {}
for name, new in pairs(core.layer_constructors) do layers[name] = new end
return layers
