--- The stages of a network: the last part with convolutions for each size of the maps.
--
-- stages(op, net, x) -> paths in the order in which they are computed. The children of the network are asked; where
-- only one of them has convolutions, its children in turn.
local fail  = require "resmoon.base.fail"
local feature_maps = require "resmoon.explain.feature_maps"
local kind  = require "resmoon.nn.kind"

-- {path, module} of the children with convolutions.
local function parts(module, prefix)
  local list = {}
  for name, child in module:named_children() do
    if feature_maps.has_conv(child) then list[#list + 1] = {prefix .. name, child} end
  end
  if #list == 1 and list[1][2]:each_child()() ~= nil then return parts(list[1][2], list[1][1] .. ".") end
  return list
end

return function(op, net, x)
  local last, order = {}, {}
  feature_maps.of(net, x, parts(net, ""), function(path, y)
    local size = y.shape[3] .. "x" .. y.shape[4]
    if not last[size] then order[#order + 1] = size end
    last[size] = path
  end)
  if #order == 0 then
    fail("%s: %s has no convolution; name layers: {layers = {\"fc1\", \"fc2\"}}", op, kind.label(net))
  end
  local list = {}
  for i, size in ipairs(order) do list[i] = last[size] end
  return list
end
