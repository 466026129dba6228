--- A count that a module is made with: a whole number from 1, or an error that names it.
local fail = require "resmoon.base.fail"

local function count(module, name, n)
  if math.type(n) ~= "integer" and not (math.type(n) == "float" and n == math.floor(n)) or n < 1 then
    fail("%s: %s is %s, expected a whole number from 1", module, name, type(n) == "number" and n or "a " .. type(n))
  end
  return math.tointeger(n)
end

return count
