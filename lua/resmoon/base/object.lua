--- A JSON object, from text or from a file: what a run, a checkpoint or a search says of itself. An array is none: its
-- keys are numbers, so whatever is looked for by name seems to be absent.
local json     = require "resmoon.base.json"
local readfile = require "resmoon.base.readfile"

local object = {}

local Array = getmetatable(json.array {})

--- Whether a value that was decoded is an object.
function object.is(value) return type(value) == "table" and getmetatable(value) ~= Array end

--- The table of a JSON object, or nil and a reason that does not name the caller's file.
function object.of(text)
  local ok, value = pcall(json.decode, text)
  if not ok then return nil, (tostring(value):gsub("^[^\n]-:%d+: ", "")) end
  if not object.is(value) then return nil, "it holds no object" end
  return value
end

--- The same of a file. Raises where it cannot be read.
function object.read(path) return object.of(readfile(path)) end

return object
