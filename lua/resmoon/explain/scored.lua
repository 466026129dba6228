--- What Grad-CAM, saliency and occlusion have in common: images, classes, and a network that stays as it is.
local core = require "resmoon.core"
local fail = require "resmoon.base.fail"
local is   = require "resmoon.base.is"
local kind = require "resmoon.nn.kind"
local untouched = require "resmoon.nn.untouched"

local scored = {}

--- Images (N, C, H, W) as a network takes them, of one or several.
function scored.images(op, net, x)
  if not kind.is_module(net) then fail("%s: argument 1 is %k, expected a network", op, net) end
  if not is.tensor(x) or x.dtype ~= "float32" then
    fail("%s: argument 2 is %s, expected float32 images as the network takes them: x:normalize(mean, std)", op,
      is.tensor(x) and x.dtype or "a " .. type(x))
  end
  if #x.shape == 3 then x = x:unsqueeze(1) end
  if #x.shape ~= 4 then fail("%s: expected images (N, C, H, W), got (%s)", op, table.concat(x.shape, ", ")) end
  return x:detach()
end

--- The classes that are asked about: options.class, a number, a list or a tensor; else what the network says. (N).
function scored.classes(op, scores, class)
  local n, k = scores.shape[1], scores.shape[2]
  if #scores.shape ~= 2 then
    fail("%s: the network gives (%s), expected scores (N, K)", op, table.concat(scores.shape, ", "))
  end
  if class == nil then return scores:detach():argmax(2) end
  local list = is.tensor(class) and class:flatten():totable() or class
  if type(list) == "number" then
    local same = {}
    for i = 1, n do same[i] = list end
    list = same
  end
  if type(list) ~= "table" or #list ~= n then fail("%s: class: %d images, %s classes", op, n, #list) end
  for i = 1, n do
    if math.type(list[i]) ~= "integer" or list[i] < 1 or list[i] > k then
      fail("%s: class is %s, expected a whole number from 1 to %d", op, list[i], k)
    end
  end
  return core.tensor(list, "int64")
end

--- Runs f() in evaluation mode, with gradients recorded and none for parameters.
function scored.watch(net, f)
  local were = {}
  for _, p in net:named_parameters() do were[#were + 1] = {p, p.requires_grad} end
  local _ <close> = setmetatable({}, {__close = function()
    for _, was in ipairs(were) do was[1]:requires_grad_(was[2]) end
  end})
  for _, was in ipairs(were) do was[1]:requires_grad_(false) end
  return untouched(net, function()
    net:eval()
    return core.enable_grad(f)
  end)
end

return scored
