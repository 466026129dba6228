--- How the prompt prints the results of an expression.
--
-- A tensor has its shape, type and edge items, a large one its statistics, too; a module is a tree
-- with the shapes of its parameters (tree.lua); a function says what it takes and where it stands;
-- a plain table shows its contents, within limits of depth, items and width, so that `x.shape` can
-- be read and a large table does not flood the terminal. All else is printed as print does.
local core  = require "resmoon.core"
local lazy  = require "resmoon.base.lazy"
local paint = require "resmoon.shell.paint"

local tree = lazy "resmoon.shell.tree"

local MOST_ITEMS, MOST_DEPTH, WIDTH = 20, 3, 100
local LARGE = 1000  -- elements: rm.format cuts what has more
local LONG  = 200   -- bytes of a string in a table

local render

-- In a table; a long one is cut.
local function quoted(text)
  local cut = #text > LONG and text:sub(1, LONG) or text
  return (("%q"):format(cut):gsub("\\\n", "\\n")) .. (#text > LONG and "..." or "")
end

local function key(name)
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

local function table_text(value, depth, parents)
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
    items[#items + 1] = key(keys[i]) .. " = " .. render(rawget(value, keys[i]), depth + 1, parents)
  end
  parents[value] = nil
  local more = length + #keys - #items
  if more > 0 then items[#items + 1] = ("... (%d more)"):format(more) end
  local line = "{" .. table.concat(items, ", ") .. "}"
  if #line:gsub("\27%[%d*m", "") + 2 * depth <= WIDTH and not line:find("\n") then return line end
  local indent = ("  "):rep(depth + 1)
  return "{\n" .. indent .. table.concat(items, ",\n" .. indent) .. "\n" .. ("  "):rep(depth) .. "}"
end

local function shape_text(x) return "(" .. table.concat(x.shape, ", ") .. ")" end

local function tensor_text(x, depth)
  if depth > 0 and x:numel() > 8 then return x.dtype .. " " .. shape_text(x) end
  local text = core.format(x, {width = depth > 0 and 80 or paint.columns()})
  if x:numel() <= LARGE then return text end
  local s = core.statistics(x)
  local parts = {}
  for _, name in ipairs {"mean", "std", "min", "max"} do
    if s[name] then parts[#parts + 1] = ("%s %.4g"):format(name, s[name]) end
  end
  if x.dtype == "float32" then parts[#parts + 1] = ("nan %d"):format(s.nan) end
  if s.inf > 0 then parts[#parts + 1] = ("inf %d"):format(s.inf) end
  return text .. "\n" .. paint.dim(table.concat(parts, "  "))
end

local function function_text(f)
  local info = debug.getinfo(f, "Su")
  if info.what == "C" then return tostring(f) end
  local names = {}
  for i = 1, info.nparams do names[i] = debug.getlocal(f, i) end
  if info.isvararg then names[#names + 1] = "..." end
  return ("function(%s)  %s"):format(table.concat(names, ", "),
                                     paint.dim(info.short_src .. ":" .. info.linedefined))
end

-- A module that prints itself as modules do; nil for anything else.
local function module_text(value, depth)
  local module = package.loaded["resmoon.nn.module"]
  if not (module and module.is_module(value)) then return nil end
  if type(value) == "table" and rawget(getmetatable(value), "__tostring") ~= module.__tostring then return nil end
  if depth > 0 then return type(value) == "table" and module.label(value) or tostring(value) end
  return tree()(value)
end

function render(value, depth, parents)
  local kind = type(value)
  if kind == "string" and depth > 0 then return paint.green(quoted(value)) end
  if kind == "function" then return function_text(value) end
  if kind == "userdata" and core.is_tensor(value) then return tensor_text(value, depth) end
  if value ~= value then return "nan" end  -- tostring writes the sign of its bits
  if kind ~= "table" and kind ~= "userdata" then return tostring(value) end
  local text = module_text(value, depth)
  if text then return text end
  local meta = getmetatable(value)
  if kind == "userdata" or type(meta) == "table" and (meta.__tostring or meta.__name)
     or meta ~= nil and type(meta) ~= "table" then
    return tostring(value)
  end
  return table_text(value, depth, parents)
end

--- The results as one text: side by side, or one below the other where one of them has lines.
return function(...)
  local texts, separator = {}, "\t"
  for i = 1, select("#", ...) do
    texts[i] = render((select(i, ...)), 0, {})
    if texts[i]:find("\n") then separator = "\n" end
  end
  return table.concat(texts, separator)
end
