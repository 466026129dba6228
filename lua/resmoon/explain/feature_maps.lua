--- Which modules of a network have convolutions, and what modules give for an image: asked to choose layers from.
local core = require "resmoon.core"
local is   = require "resmoon.base.is"
local kind = require "resmoon.nn.kind"
local untouched = require "resmoon.nn.untouched"

local feature_maps = {}

--- Whether a module is a convolution or has one below it.
function feature_maps.has_conv(module)
  for _, each in module:named_modules() do
    if kind.type_of(each) == "Conv2d" then return true end
  end
  return false
end

--- Sends x through the network, which is left as it was, and calls see(path, maps) in the order of computing for those
-- of the modules, a list of {path, module}, that give maps (N, C, H, W).
function feature_maps.of(net, x, modules, see)
  local handles = {}
  local _ <close> = setmetatable({}, {__close = function()
    for _, handle in ipairs(handles) do handle:remove() end
  end})
  for i, each in ipairs(modules) do
    handles[i] = each[2]:register_forward_hook(function(_, _, y)
      if is.tensor(y) and #y.shape == 4 then see(each[1], y) end
    end)
  end
  untouched(net, function()
    net:eval()
    core.no_grad(net, x)
  end)
end

return feature_maps
