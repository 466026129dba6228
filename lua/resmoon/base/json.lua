--- JSON: text to tables and back.
--
-- decode(text): objects and arrays become tables, whole numbers integers, other numbers floats.
-- A null is an absent field in an object, and json.null in an array, where it holds a place.
-- encode(value, {indent = true}): a table with elements 1..n is an array, any other an object,
-- whose keys are written in sorted order, so that equal tables give equal text. An empty table is
-- an object; json.array{} is an empty array. Arrays that decode gave stay arrays.
-- Errors: malformed text, duplicate keys and nesting deeper than 100 (decode); cycles and depth,
--         NaN, infinity, text that is not UTF-8, functions and other values without a form (encode).
--
-- Call: rm.json.encode(value, {indent = false}) -> string
-- Call: rm.json.decode(text) -> value
-- Call: rm.json.array(list) -> list
-- Call: rm.json.null
-- Example:
--   > rm.json.encode {epochs = 5, milestones = {3, 4}}
--   {"epochs":5,"milestones":[3,4]}
--   > rm.json.decode('{"lr": 0.1}').lr
--   0.1
local library = require "resmoon.base.library"
local core  = require "resmoon.core"
local fail  = require "resmoon.base.fail"
local shown = require "resmoon.base.shown"

local json = {}

local Array = {__name = "resmoon.Array", shown = true}
shown.give(Array)
local MAX_DEPTH = 100

json.null = core.json_decode("[null]", Array)[1]

function json.decode(text) return core.json_decode(text, Array) end

--- Marks a table as an array, also when it is empty.
function json.array(list) return setmetatable(list, Array) end

local escapes = {['"'] = '\\"', ["\\"] = "\\\\", ["\b"] = "\\b", ["\f"] = "\\f",
                 ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t"}

local function encode_string(text)
  if not utf8.len(text) then error(("json.encode: %q is not UTF-8"):format(text), 0) end
  return '"' .. text:gsub('[%c"\\\127]', function(c)
    return escapes[c] or ("\\u%04x"):format(c:byte())
  end) .. '"'
end

-- The shortest text that reads back as the same number. Floats keep a sign of being one.
local function encode_number(x)
  if math.type(x) == "integer" then return ("%d"):format(x) end
  if x ~= x or x == math.huge or x == -math.huge then
    error("json.encode: " .. tostring(x) .. " has no form in JSON", 0)
  end
  local text
  for digits = 15, 17 do
    text = ("%." .. digits .. "g"):format(x)
    if tonumber(text) == x then break end
  end
  text = text:gsub(",", ".")  -- the decimal comma of some locales
  return text:find("[.eE]") and text or text .. ".0"
end

local encode_value

local function encode_list(open, close, items, indent, depth)
  if #items == 0 then return open .. close end
  if not indent then return open .. table.concat(items, ",") .. close end
  local pad = ("\n" .. ("  "):rep(depth))
  return open .. pad .. table.concat(items, "," .. pad) .. "\n" .. ("  "):rep(depth - 1) .. close
end

local function encode_table(value, indent, depth)
  if depth > MAX_DEPTH then error("json.encode: nested deeper than " .. MAX_DEPTH, 0) end
  local items = {}
  if getmetatable(value) == Array or value[1] ~= nil then
    local n = #value
    for key in pairs(value) do
      if math.type(key) ~= "integer" or key < 1 or key > n then
        error(("json.encode: an array has the key %s"):format(tostring(key)), 0)
      end
    end
    for i = 1, n do items[i] = encode_value(value[i], indent, depth + 1) end
    -- Arrays of plain values (shapes, milestones) stay on one line.
    local plain = true
    for i = 1, n do plain = plain and type(value[i]) ~= "table" end
    if plain and indent then return "[" .. table.concat(items, ", ") .. "]" end
    return encode_list("[", "]", items, indent, depth)
  end
  local keys = {}
  for key in pairs(value) do
    if type(key) ~= "string" then
      error(("json.encode: an object has the key %s; keys are text"):format(tostring(key)), 0)
    end
    keys[#keys + 1] = key
  end
  table.sort(keys)
  for i, key in ipairs(keys) do
    items[i] = encode_string(key) .. (indent and ": " or ":") .. encode_value(value[key], indent, depth + 1)
  end
  return encode_list("{", "}", items, indent, depth)
end

function encode_value(value, indent, depth)
  local kind = type(value)
  if kind == "table" then return encode_table(value, indent, depth) end
  if kind == "string" then return encode_string(value) end
  if kind == "number" then return encode_number(value) end
  if kind == "boolean" then return tostring(value) end
  if value == json.null then return "null" end
  error("json.encode: a " .. kind .. " has no form in JSON", 0)
end

--- Text of a value; with {indent = true} for people to read.
function json.encode(value, options)
  local ok, text = pcall(encode_value, value, options and options.indent, 1)
  if not ok then fail("%s", text) end
  return text
end

return library("rm.json", json)
