--- A value of a file as an error shows it: "absent", 0.1, "x", {"a":1}.
local json = require "resmoon.base.json"

return function(value) return value == nil and "absent" or (json.encode({value}):sub(2, -2)) end
