--- Options of the models: which there are, and what they may be.
local fail = require "resmoon.base.fail"
local options_of = require "resmoon.base.options"

--- Checks options against the names that `model` takes; returns a table, empty for nil.
local function check(model, options, names)
  options = options_of("models." .. model, options, names)
  local input = options.input
  if input and not (type(input) == "table" and #input == 3) then
    fail("models.%s: input is not a shape {channels, height, width}", model)
  end
  return options
end

return check
