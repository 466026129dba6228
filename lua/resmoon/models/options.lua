--- Options of the models: which there are, and the ones that follow from the input's shape.
local fail = require "resmoon.fail"

--- Checks options against the names that `model` takes; returns a table, empty for nil.
local function check(model, options, names)
  options = options or {}
  if type(options) ~= "table" then fail("models.%s: options are a %s, expected a table", model, type(options)) end
  for key in pairs(options) do
    local known = false
    for _, name in ipairs(names) do known = known or name == key end
    if not known then
      fail("models.%s: unknown option '%s'; it takes %s", model, tostring(key), table.concat(names, ", "))
    end
  end
  local input = options.input
  if input and not (type(input) == "table" and #input == 3) then
    fail("models.%s: input is no shape {channels, height, width}", model)
  end
  return options
end

return check
