--- Checks the arguments of a call against its signature.
--
--     function init.normal_(t, mean, std)
--       check("nn.init.normal_(t: tensor, mean: number?, std: number?)", t, mean, std)
--
-- The signature names the operation and, in order, every argument with its kind; the values follow in the same order.
-- Kinds are the names of Lua's types, those of the list below, and what a part of the library adds with check.kind
-- ("module", "dataset"); several stand with | between them, "string[]" is a list of strings, and a question mark allows
-- nil. A "number" may be infinite or nan, the other kinds of numbers may not. The error says it all:
-- "nn.init.normal_: t is nil, expected a tensor". A signature is read once; a check costs about as much as a call of a
-- function, so inner loops have none.
local fail = require "resmoon.base.fail"
local is   = require "resmoon.base.is"
local lists = require "resmoon.base.list"
local phrase = require "resmoon.base.phrase"

local check = {}

local function between(low, high)
  return function(v) return type(v) == "number" and v >= low and v <= high and v < math.huge end
end

local function callable(v)
  local meta = type(v) == "table" and getmetatable(v) or nil
  return type(v) == "function" or type(meta) == "table" and meta.__call ~= nil
end

-- kind -> what an error calls it, and the test; the names of Lua's types have no test.
local kinds = {
  whole = {"a whole number", is.whole},
  count = {"a whole number from 1", function(v) return is.whole(v, 1) end},
  natural = {"a whole number from 0", function(v) return is.whole(v, 0) end},
  -- 3.0, too
  integer = {"a whole number", function(v) return type(v) == "number" and math.tointeger(v) ~= nil end},
  finite = {"a finite number", function(v) return type(v) == "number" and math.abs(v) < math.huge end},
  zero = {"0", function(v) return v == 0 end},
  positive = {"a number above 0", function(v) return type(v) == "number" and v > 0 and v < math.huge end},
  nonnegative = {"a number from 0", between(0, math.huge)},
  probability = {"a number from 0 to 1", between(0, 1)},
  -- how much of what was there a step keeps
  decay = {"a number from 0, below 1", function(v) return type(v) == "number" and v >= 0 and v < 1 end},
  tensor = {"a tensor", is.tensor}, generator = {"a generator", is.generator},
  any = {"a value", function(v) return v ~= nil end},
  callable = {"a function", callable}, boolean = {"true or false"},
}

--- A kind of a part's own: check.kind("module", "a module", is_module).
function check.kind(name, said, test) kinds[name] = {said, test} end

local fits

local function is_list(value, each)
  if type(value) ~= "table" then return false end
  for i = 1, #value do
    if not fits(value[i], each) then return false end
  end
  return lists.foreign(value) == nil
end

--- "an Optimizer", "a table".
check.a = phrase.a

function fits(value, kind)
  local each = kind:match "^(.*)%[%]$"
  if each then return is_list(value, each) end
  local known = kinds[kind]
  if known and known[2] then return known[2](value) end
  return type(value) == kind
end

local function expected(list)
  local words = {}
  for i, kind in ipairs(list) do
    local each = kind:match "^(.*)%[%]$"
    local one = kinds[each or kind] and kinds[each or kind][1] or check.a(each or kind)
    words[i] = each and ("a list of %ss"):format(one:gsub("^an? ", "")) or one
  end
  return table.concat(words, " or ")
end

--- "'x'", "2.5", "a table": a value as an error names it.
check.shown = phrase.of

--- What is wrong where a value is of none of the kinds, a list of names, or nil: "lr is -1, expected a number from 0".
function check.flaw(name, value, list)
  for _, kind in ipairs(list) do
    if fits(value, kind) then return nil end
  end
  return ("%s is %s, expected %s"):format(name, check.shown(value), expected(list))
end

--- Raises unless the value is of one of the kinds, a list of names.
function check.value(op, name, value, list)
  local flaw = check.flaw(name, value, list)
  if flaw then fail("%s: %s", op, flaw) end
end

--- Whether a value is of a kind.
function check.is(value, kind) return fits(value, kind) end

--- The test of one kind, for those who ask often: check.test("positive")(0.1).
function check.test(kind)
  local known = kinds[kind]
  return known and known[2] or function(value) return fits(value, kind) end
end

--- "number|string" as a list.
function check.kinds(text)
  local list = {}
  for kind in text:gmatch "[^|]+" do list[#list + 1] = kind end
  return list
end

local function read(signature)
  local op, inner = signature:match "^([^(]+)%((.*)%)$"
  local arguments = {op = op}
  for name, text, optional in inner:gmatch "([%w_]+): ([%w|%[%]]+)(%??)" do
    arguments[#arguments + 1] = {name = name, kinds = check.kinds(text), optional = optional ~= ""}
  end
  return arguments
end

local signatures = setmetatable({}, {__index = function(all, signature)
  local arguments = read(signature)
  all[signature] = arguments
  return arguments
end})

return setmetatable(check, {__call = function(_, signature, ...)
  local arguments = signatures[signature]
  for i = 1, #arguments do
    local argument, value = arguments[i], (select(i, ...))
    if not (value == nil and argument.optional) then
      check.value(arguments.op, argument.name, value, argument.kinds)
    end
  end
end})
