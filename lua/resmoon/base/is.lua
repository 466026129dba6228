--- What kind of value something is, where Lua only knows userdata.
local is = {}

local function named(v, name) return type(v) == "userdata" and (getmetatable(v) or {}).__name == name end

function is.tensor(v) return named(v, "resmoon.Tensor") end

function is.generator(v) return named(v, "resmoon.Generator") end

--- A layer of the C core. A module written in Lua is a table: nn.Module.is_module knows both.
function is.layer(v) return named(v, "resmoon.Layer") end

--- What can be asked for its fields: a table, or userdata with an index (an epoch that is being read has none).
function is.indexed(v)
  if type(v) ~= "userdata" then return type(v) == "table" end
  local meta = getmetatable(v)
  return type(meta) == "table" and meta.__index ~= nil
end

--- A whole number (3, not 3.0), at least `lowest` where that is given.
function is.whole(v, lowest) return math.type(v) == "integer" and (not lowest or v >= lowest) end

return is
