--- The stages of a network: the last part with convolutions for each size of the maps.
--
-- stages(op, net, x) -> paths in the order in which they are computed. The children of the network are asked; where
-- only one of them has convolutions, its children in turn.
local core  = require "resmoon.core"
local fail  = require "resmoon.base.fail"
local is    = require "resmoon.base.is"
local kind  = require "resmoon.nn.kind"
local untouched = require "resmoon.nn.untouched"

local function has_conv(module)
  for _, each in module:named_modules() do
    if kind.type_of(each) == "Conv2d" then return true end
  end
  return false
end

-- {path, module} of the children with convolutions.
local function parts(module, prefix)
  local list = {}
  for name, child in module:named_children() do
    if has_conv(child) then list[#list + 1] = {prefix .. name, child} end
  end
  if #list == 1 and list[1][2]:each_child()() ~= nil then return parts(list[1][2], list[1][1] .. ".") end
  return list
end

return function(op, net, x)
  local last, order, handles = {}, {}, {}
  local _ <close> = setmetatable({}, {__close = function()
    for _, handle in ipairs(handles) do handle:remove() end
  end})
  for _, part in ipairs(parts(net, "")) do
    handles[#handles + 1] = part[2]:register_forward_hook(function(_, _, y)
      if not is.tensor(y) or #y.shape ~= 4 then return end
      local size = y.shape[3] .. "x" .. y.shape[4]
      if not last[size] then order[#order + 1] = size end
      last[size] = part[1]
    end)
  end
  untouched(net, function()
    net:eval()
    core.no_grad(net, x)
  end)
  if #order == 0 then
    fail("%s: %s has no convolution; name layers: {layers = {\"fc1\", \"fc2\"}}", op, kind.label(net))
  end
  local list = {}
  for i, size in ipairs(order) do list[i] = last[size] end
  return list
end
