--- What is said of a name that is not there, where using it failed: net:parmeters(), net.conv2(x), math.sqr(2).
--
--     missing(trouble, line, frame) -> "net has no method 'parmeters', did you mean 'parameters'?", or nil
--
-- A field that is not there is nil in Lua, and a program may well ask for it (`if self.shortcut then`), so reading one
-- is no error. Calling the nil, or looking into it, is: then trace.lua asks here. The value in front of the name is
-- found in the user's line, as completion does it, among the locals of the frame; nothing of the user's is called.
local context = require "resmoon.shell.complete.context"
local core    = require "resmoon.core"
local hint    = require "resmoon.base.hint"
local kind    = require "resmoon.nn.kind"
local pytorch = require "resmoon.base.pytorch"
local strict  = require "resmoon.shell.strict"
local values  = require "resmoon.shell.complete.values"

local MOST = 12   -- parts of a module that are listed

-- "conv1, bn1, relu": the parts of a module.
local function parts_of(module)
  local names = {}
  for name in module:named_children() do names[#names + 1] = name end
  if #names == 0 then return nil end
  return table.concat(names, ", ", 1, math.min(#names, MOST)) .. (#names > MOST and ", ..." or "")
end

-- What stands for a value that has no name in the line.
local function title(value)
  if type(value) == "string" then return "a string" end
  if values.is_module(value) then return "a network" end
  return kind.is_module(value) and kind.label(value) or "the value"
end

local function describe(value, front, name, method)
  local known = values.names(value, true)
  if not method then
    for _, field in ipairs(values.names(value, false)) do known[#known + 1] = field end
  end
  for _, each in ipairs(known) do
    if each == name then return nil end
  end
  table.sort(known)
  local said = ("%s has no %s '%s'"):format(front, method and "method" or "field", name)
  local module = kind.is_module(value) or values.is_module(value)
  local otherwise = module and pytorch["net:" .. name]
  if otherwise then return ("%s: %s"):format(said, otherwise) end
  local meant = hint(name, known)
  if meant ~= "" then return said .. meant end
  local parts = not method and kind.is_module(value) and parts_of(value)
  return parts and ("%s; its parts are %s"):format(said, parts) or said
end

-- What `line` says in front of its use of `name`, among the variables of `environment`.
local function in_line(line, name, environment)
  local from = 1
  while true do
    local start, stop = line:find(name, from, true)
    if not start then return nil end
    from = stop + 1
    local whole = not line:sub(stop + 1, stop + 1):find "[%w_]" and not line:sub(start - 1, start - 1):find "[%w_]"
    local at = whole and context(line:sub(1, stop))
    if at and at.word == name and at.chain then
      local value = values.resolve(at.chain, environment)
      if value ~= nil and not values.is_guess(value) then
        local front = line:sub(1, start - 1):match "([%a_][%w_%.%[%]]*)%s*[.:]%s*$"
        return describe(value, front or title(value), name, at.method)
      end
    end
  end
end

--- The sentence, or nil where nothing is known. trouble: Lua's message behind the position; environment: the variables
-- of the frame, by name.
local function missing(trouble, line, environment)
  local role, name = trouble:match "^attempt to .* a nil value %((%a+) '([%a_][%w_]*)'%)$"
  if role == "global" then
    local meant = strict.meant(name)
    return meant ~= "" and ("there is no variable '%s'%s"):format(name, meant) or nil
  end
  if role == "method" or role == "field" then return line and in_line(line, name, environment) or nil end
  name = trouble:match '^a tensor has no field or method "([%a_][%w_]*)"'
  local otherwise = name and pytorch["tensor:" .. name]
  return otherwise and ("a tensor has no '%s': %s"):format(name, otherwise) or nil
end

--- What an expression that was typed, and is nil, may have meant: `net.conv2`. Or nil.
local function typed(source, environment)
  local name = source:match "^%s*[%a_][%w_%.%[%]\"']*%.([%a_][%w_]*)%s*$"
  local at = name and context((source:gsub("%s+$", "")))
  if not (at and at.chain) then return nil end
  local value = values.resolve(at.chain, environment)
  if type(value) ~= "table" or values.is_guess(value) or core.nearest(name, values.names(value, false)) == nil
     and core.nearest(name, values.names(value, true)) == nil then
    return nil
  end
  local said = describe(value, source:match "^%s*(.*)%.[%w_]*%s*$", name, false)
  return said and said:find "did you mean" and said or nil
end

return {explain = missing, typed = typed}
