--- The text of a plain table: what is in it, within limits of depth, items and width.
--
--     contents(value)            {2, 3, name = "x"}
--     contents(value, render)    render(value, depth, parents): the text of each thing in it, of tables as well, for
--                                which it calls contents.of_table
--
-- The prompt shows tables so, and print the tables of base/shown.lua.
local core  = require "resmoon.core"
local shown = require "resmoon.base.shown"

local contents = {}

local MOST_ITEMS, MOST_DEPTH, WIDTH = 20, 3, 100
local LONG = 200   -- bytes of a string in a table

--- A string in quotes; a long one is cut.
function contents.quoted(text)
  local cut = #text > LONG and text:sub(1, LONG) or text
  return (("%q"):format(cut):gsub("\\\n", "\\n")) .. (#text > LONG and "..." or "")
end

local function key(name, render)
  if type(name) == "string" and name:find("^[%a_][%w_]*$") then return name end
  return "[" .. render(name, MOST_DEPTH, {}) .. "]"
end

-- Names in order, then everything else in order of its text.
local function sorted_keys(value, length)
  local keys = {}
  for k in next, value do
    if not (math.type(k) == "integer" and k >= 1 and k <= length) then keys[#keys + 1] = k end
  end
  table.sort(keys, function(a, b)
    local ta, tb = type(a), type(b)
    if ta ~= tb then return ta < tb end
    if ta == "number" or ta == "string" then return a < b end
    return tostring(a) < tostring(b)
  end)
  return keys
end

--- The text of a table at a depth, inside of the tables in the set `parents`.
function contents.of_table(value, depth, parents, render)
  if parents[value] then return "{...}" end
  local length = rawlen(value)
  local keys = sorted_keys(value, length)
  if length + #keys == 0 then return "{}" end
  if depth >= MOST_DEPTH then return "{...}" end
  parents[value] = true
  local items = {}
  for i = 1, math.min(length, MOST_ITEMS) do
    items[#items + 1] = render(rawget(value, i), depth + 1, parents)
  end
  for i = 1, math.min(#keys, MOST_ITEMS - #items) do
    items[#items + 1] = key(keys[i], render) .. " = " .. render(rawget(value, keys[i]), depth + 1, parents)
  end
  parents[value] = nil
  local more = length + #keys - #items
  if more > 0 then items[#items + 1] = ("... (%d more)"):format(more) end
  local line = "{" .. table.concat(items, ", ") .. "}"
  if #line:gsub("\27%[%d*m", "") + 2 * depth <= WIDTH and not line:find("\n") then return line end
  local indent = ("  "):rep(depth + 1)
  return "{\n" .. indent .. table.concat(items, ",\n" .. indent) .. "\n" .. ("  "):rep(depth) .. "}"
end

--- A tensor as an element: its numbers where there are few.
function contents.of_tensor(x)
  if x:numel() > 8 then return ("%s (%s)"):format(x.dtype, table.concat(x.shape, ", ")) end
  return core.format(x, {width = 80})
end

-- What a thing looks like without colors.
local function plain(value, depth, parents)
  local kind = type(value)
  if kind == "string" and depth > 0 then return contents.quoted(value) end
  if kind == "table" and shown.is_plain(value) then return contents.of_table(value, depth, parents, plain) end
  if kind == "userdata" and core.is_tensor(value) then return contents.of_tensor(value) end
  if value ~= value then return "nan" end  -- tostring writes the sign of its bits
  return shown.module(value) or tostring(value)
end

return setmetatable(contents, {__call = function(_, value) return plain(value, 0, {}) end})
