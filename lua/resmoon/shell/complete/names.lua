--- Names that are completed by what they stand for: globals, options, models, modules.
local commands = require "resmoon.shell.commands"
local lazy     = require "resmoon.base.lazy"

local index  = lazy "resmoon.shell.help.index"
local models = lazy "resmoon.models"

local names = {}

local keywords = {}
for word in ([[and break do else elseif end false for function goto if in local nil not or repeat return then true
               until while]]):gmatch("%a+") do
  keywords[#keywords + 1] = word
end

--- Variables, the library, Lua's words; at the beginning of a line the commands, too.
function names.globals(environment, first)
  local list = {table.unpack(keywords)}
  for _, set in ipairs {environment, _G, getmetatable(_G).lazy, first and commands.words or nil} do
    for name in next, set do
      if type(name) == "string" and name:find("^[%a_][%w_]*$") then list[#list + 1] = name end
    end
  end
  return list
end

-- Options are known from the docstrings: `Call: f(x, {stride = 1})`, and the lines of `Options:`.
local function options_of(entry, list)
  for _, call in ipairs(entry.calls or {}) do
    for table_text in call:gmatch("%b{}") do
      for name in table_text:sub(2, -2):gsub("%b{}", ""):gmatch("([%a_][%w_]*)%s*=") do list[#list + 1] = name end
    end
  end
  for _, line in ipairs(entry.tags and entry.tags.Options or {}) do
    local name = line:match("^%s*([%a_][%w_]*)%f[%s]")
    if name and not line:find("^%s%s%s%s") then list[#list + 1] = name end
  end
end

--- The options that a function takes in a table; empty if they are not known.
function names.options(callee)
  local list = {}
  if callee == nil then return list end
  local entry = index().get().by_value[callee]
  if entry then options_of(entry, list) end
  return list
end

--- All that help knows.
function names.documented()
  local list = {}
  for name in next, index().get().by_name do
    list[#list + 1] = name
    list[#list + 1] = name:match("^tensor%.(.*)")
  end
  return list
end

-- The name of the function that ends the chain: "get" of models.get.
local function last_name(chain)
  local step = chain and chain[#chain]
  return step and (step.root or step.field or step.method)
end

--- What may stand in a string, and whether it is then closed; nil if that is a path.
function names.in_string(at)
  local callee = last_name(at.callee)
  local of_models = callee == "get" and at.callee[#at.callee - 1]
  if at.key == "model" or at.key == "models" or (of_models and last_name({of_models}) == "models") then
    return models().list(), true
  end
  if callee == "require" or callee == "reload" then
    local list = {}
    for name in next, package.loaded do list[#list + 1] = name end
    return list, true
  end
  if callee == "help" then return names.documented(), true end
  if at.key == "dtype" then return {"float32", "uint8", "int64"}, true end
end

return names
