--- Layers of a network by path, for figures that show one.
local fail   = require "resmoon.base.fail"
local hint   = require "resmoon.base.hint"
local Module = require "resmoon.nn.module"

local layers = {type_of = Module.type_of}

--- The layer at a path as activations and checkpoints write it ("layer1.0.conv1"), and the path; without one, the
-- first convolution. A layer without children is its own.
function layers.find(op, net, path)
  if not Module.is_module(net) then fail("%s: argument 1 is %k, expected a network or a layer", op, net) end
  if path ~= nil and type(path) ~= "string" then fail("%s: layer is %k, expected a path", op, path) end
  local paths = {}
  for name, module in net:named_modules() do
    if path and name == path then return module, name end
    if not path and Module.type_of(module) == "Conv2d" then return module, name == "" and "conv2d" or name end
    paths[#paths + 1] = name
  end
  if not path then fail("%s: %s has no convolution", op, Module.label(net)) end
  fail("%s: %s has no layer '%s'%s", op, Module.label(net), path, hint(path, paths))
end

return layers
