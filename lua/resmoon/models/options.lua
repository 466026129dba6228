--- Options of the models: which there are, and what they may be.
local check = require "resmoon.base.check"
local fail = require "resmoon.base.fail"
local options_of = require "resmoon.base.options"

local kinds = {num_classes = {"count"}, stochastic_depth = {"probability"}, dropout = {"probability"},
               stem = {"string"}, batch_norm = {"boolean"}, aux = {"boolean"}}

--- Checks options against the names that `model` takes; returns a table, empty for nil. any_shape: its input may have
-- other than three dimensions.
local function checked(model, options, names, any_shape)
  options = options_of("models." .. model, options, names)
  for name, kind in pairs(kinds) do
    if options[name] ~= nil then check.value("models." .. model, name, options[name], kind) end
  end
  local input = options.input
  local fits = type(input) == "table" and (#input == 3 or any_shape and #input > 0)
  if input and not fits then
    fail("models.%s: input is not a shape {channels, height, width}%s", model, any_shape and " or {numbers}" or "")
  end
  if type(input) == "table" then check.value("models." .. model, "input", input, {"count[]"}) end
  return options
end

return checked
