--- Options of the models: which there are, and what they may be.
local core = require "resmoon.core"
local fail = require "resmoon.base.fail"

--- Checks options against the names that `model` takes; returns a table, empty for nil.
local function check(model, options, names)
  options = options or {}
  if type(options) ~= "table" then fail("models.%s: options are a %s, expected a table", model, type(options)) end
  for key in pairs(options) do
    local known = false
    for _, name in ipairs(names) do known = known or name == key end
    if not known then
      local nearest = core.nearest(tostring(key), names)
      fail("models.%s: unknown option '%s'%s; it takes %s", model, tostring(key),
        nearest and (", did you mean '%s'?"):format(nearest) or "", table.concat(names, ", "))
    end
  end
  local input = options.input
  if input and not (type(input) == "table" and #input == 3) then
    fail("models.%s: input is no shape {channels, height, width}", model)
  end
  return options
end

return check
