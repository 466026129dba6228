--- How the prompt prints the results of an expression.
--
-- A tensor has its shape, type and edge items, a large one its statistics, too; a module is a tree
-- with the shapes of its parameters (tree.lua); a function says what it takes and where it stands;
-- a plain table shows its contents, within limits of depth, items and width, so that `x.shape` can
-- be read and a large table does not flood the terminal. All else is printed as print does.
local contents = require "resmoon.base.contents"
local core     = require "resmoon.core"
local guard    = require "resmoon.base.guard"
local lazy     = require "resmoon.base.lazy"
local paint    = require "resmoon.shell.paint"
local shown    = require "resmoon.base.shown"

local tree = lazy "resmoon.shell.tree"

local LARGE = 1000  -- elements: rm.format cuts what has more

local render

local function tensor_text(x, depth)
  if depth > 0 then return contents.of_tensor(x) end
  local text = core.format(x, {width = paint.columns()})
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
  f = guard.inner(f)
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
  if depth > 0 then return shown.module(value) end
  local module = package.loaded["resmoon.nn.module"]
  if not (module and module.is_module(value)) then return nil end
  if type(value) == "table" and rawget(getmetatable(value), "__tostring") ~= module.__tostring then return nil end
  return tree()(value)
end

function render(value, depth, parents)
  local kind = type(value)
  if kind == "string" and depth > 0 then return paint.green(contents.quoted(value)) end
  if kind == "function" then return function_text(value) end
  if kind == "userdata" and core.is_tensor(value) then return tensor_text(value, depth) end
  if value ~= value then return "nan" end  -- tostring writes the sign of its bits
  if kind ~= "table" and kind ~= "userdata" then return tostring(value) end
  local text = module_text(value, depth)
  if text then return text end
  if kind == "table" and shown.is_plain(value) then return contents.of_table(value, depth, parents, render) end
  local meta = debug.getmetatable(value)
  if kind == "userdata" or type(meta) ~= "table" or meta.__tostring or meta.__name then return tostring(value) end
  return contents.of_table(value, depth, parents, render)
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
