--- Options of the models: which there are, and what they may be.
local fail = require "resmoon.base.fail"
local options_of = require "resmoon.base.options"

--- Checks options against the names that `model` takes; returns a table, empty for nil. any_shape: its input may have
-- other than three dimensions.
local function check(model, options, names, any_shape)
  options = options_of("models." .. model, options, names)
  local input = options.input
  local fits = type(input) == "table" and (#input == 3 or any_shape and #input > 0)
  if input and not fits then
    fail("models.%s: input is not a shape {channels, height, width}%s", model, any_shape and " or {numbers}" or "")
  end
  return options
end

return check
