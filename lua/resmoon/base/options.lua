--- Checks a table of options: names, and where kinds are given, what they are.
--
--     options("resume", given, {"epochs"})                              names alone
--     options("lrfind", given, {from = "number", loss = "function"})    names and kinds
--
-- A kind is the name of a Lua type, "whole" (a whole number), "tensor", "any", or several with | between them. Returns
-- what was given, or {} for nil. Raises for what is not a table, for a name that is not in the list, naming the
-- nearest, and for a value of another kind.
local fail = require "resmoon.base.fail"
local hint = require "resmoon.base.hint"
local is   = require "resmoon.base.is"

local said = {whole = "a whole number", tensor = "a tensor", table = "a table", ["function"] = "a function",
              number = "a number", string = "a string", boolean = "true or false"}

local function fits(value, kind)
  if kind == "any" then return true end
  if kind == "whole" then return is.whole(value) end
  if kind == "tensor" then return is.tensor(value) end
  return type(value) == kind
end

local function expected(kinds)
  local words = {}
  for kind in kinds:gmatch "[^|]+" do words[#words + 1] = said[kind] or "a " .. kind end
  return table.concat(words, " or ")
end

-- "the string 'x'", "2.5", "a table": a value as an error names it.
local function shown(value)
  if type(value) == "string" then return ("'%s'"):format(value) end
  if type(value) == "number" or type(value) == "boolean" then return tostring(value) end
  return is.tensor(value) and "a tensor" or "a " .. type(value)
end

local function check_kind(op, name, value, kinds)
  for kind in kinds:gmatch "[^|]+" do
    if fits(value, kind) then return end
  end
  fail("%s: %s is %s, expected %s", op, name, shown(value), expected(kinds))
end

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
  if type(given) ~= "table" then fail("%s: options are a %s, expected a table", op, type(given)) end
  local names, there = names_of(known), {}
  for _, name in ipairs(names) do there[name] = true end
  for name, value in pairs(given) do
    if not there[name] then
      fail("%s: unknown option '%s'%s; it takes %s", op, tostring(name), hint(name, names), table.concat(names, ", "))
    end
    if known[name] then check_kind(op, name, value, known[name]) end
  end
  return given
end

return options
