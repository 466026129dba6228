--- The shape of the images that a network takes, where nobody said it.
--
-- The first layer knows its channels, and nothing knows height and width; so the usual sizes are tried, and the first
-- that passes through is taken: for a stem of 7x7 or larger 224, else 32, 28 and so on.
local core      = require "resmoon.core"
local catch     = require "resmoon.base.catch"
local fail      = require "resmoon.base.fail"
local kind      = require "resmoon.nn.kind"
local untouched = require "resmoon.nn.untouched"

local SMALL, LARGE = {32, 28, 64, 224, 16, 8, 300}, {224, 227, 299, 64, 32}

local function candidates(net)
  for _, module in net:named_modules() do
    local type = kind.type_of(module)
    if type == "Conv2d" then
      local list, channels = {}, module.in_channels
      for i, size in ipairs(module.kernel_size >= 7 and LARGE or SMALL) do list[i] = {channels, size, size} end
      return list
    elseif type == "Linear" then
      return {{module.in_features}}
    end
  end
  return {}
end

--- {C, H, W} for op: `given`, checked, or what fits.
return function(op, net, given)
  if given ~= nil then
    if type(given) ~= "table" or #given == 0 then
      fail("%s: input is %s, expected the shape of one image as in {3, 32, 32}", op, given)
    end
    return given
  end
  for _, shape in ipairs(candidates(net)) do
    local ok = catch.pcall(untouched, net, function()
      net:eval()
      core.no_grad(net, core.zeros(1, table.unpack(shape)))
    end)
    if ok then return shape end
  end
  fail("%s: no usual image fits %s; say what does: {input = {C, H, W}}", op, kind.label(net))
end
