--- Raises unless a value is a table that holds the named lists: need("plot.roc", curve, "fpr", "tpr").
local fail = require "resmoon.base.fail"

return function(op, value, ...)
  for _, name in ipairs {...} do
    if type(value) ~= "table" or type(value[name]) ~= "table" then
      fail("%s: expected a table with the list '%s'", op, name)
    end
  end
end
