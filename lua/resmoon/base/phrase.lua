--- What an error calls a value: a phrase that stays on its line, whatever the value is.
--
--     phrase.of(3), phrase.of "x", phrase.of(net)      -- 3, 'x', a ResNet
--
-- A network, a large tensor or a deep table is named by its kind; what prints in a few words is shown.
local is = require "resmoon.base.is"

local phrase = {}

-- Characters of a string, and of a printed value, that are shown.
local STRING, VALUE = 60, 80

--- "an Optimizer", "a table".
function phrase.a(name) return (name:find "^[AEIOUaeio]" and "an " or "a ") .. name end

--- The kind of a value: "a tensor", "a ResNet", "a function", "nil".
function phrase.kind(value)
  if value == nil then return "nil" end
  if is.tensor(value) then return "a tensor" end
  if is.layer(value) then return "a layer" end
  local meta = getmetatable(value)
  local name = type(meta) == "table" and rawget(meta, "__name")
  return phrase.a(type(value) == "table" and type(name) == "string" and name or type(value))
end

--- "'x'", "2.5", "a table".
function phrase.of(value)
  if type(value) == "string" then
    return ("'%s'"):format(#value > STRING and value:sub(1, STRING - 3) .. "..." or value)
  end
  if type(value) == "number" or type(value) == "boolean" or value == nil then return tostring(value) end
  return phrase.kind(value)
end

local printed = {table = true, userdata = true}

--- A value as part of a message: strings and numbers as they are, others as they print where that is short (a shape is
-- "{2, 3}"), and by their kind where it is not.
function phrase.inline(value)
  if value ~= value then return "nan" end  -- whatever sign its bits have
  local meta = printed[type(value)] and debug.getmetatable(value)
  if type(meta) == "table" and meta.__tostring then
    local ok, text = pcall(tostring, value)
    if ok and #text <= VALUE and not text:find "\n" then return text end
  elseif not printed[type(value)] and type(value) ~= "function" and type(value) ~= "thread" then return value
  end
  return phrase.kind(value)
end

return phrase
