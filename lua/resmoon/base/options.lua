--- Checks a table of options: names, and where kinds are given, what they are.
--
--     options("resume", given, {"epochs"})                              names alone
--     options("lrfind", given, {from = "number", loss = "function"})    names and kinds
--
-- Kinds are those of base/check.lua, several with | between them. Returns
-- what was given, or {} for nil. Raises for what is not a table, for a name that is not in the list, naming the
-- nearest, and for a value of another kind.
local check = require "resmoon.base.check"
local fail  = require "resmoon.base.fail"
local hint  = require "resmoon.base.hint"

-- The names of either form of a list, sorted where they have no order of their own.
local function names_of(known)
  if known[1] then return known end
  local names = {}
  for name in pairs(known) do names[#names + 1] = name end
  table.sort(names)
  return names
end

local function options(op, given, known)
  if given == nil then return {} end
  if type(given) ~= "table" then fail("%s: options are %k, expected a table", op, given) end
  local names, there = names_of(known), {}
  for _, name in ipairs(names) do there[name] = true end
  for name, value in pairs(given) do
    if not there[name] then
      fail("%s: unknown option '%s'%s; it takes %s", op, name, hint(name, names), table.concat(names, ", "))
    end
    if known[name] then check.value(op, name, value, check.kinds(known[name])) end
  end
  return given
end

return options
