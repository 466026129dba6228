--- Arguments for random calls: of every type, right and wrong, each with the source that makes it again.
--
-- A kind is a function(pool, random) that returns a value and its source. `pool` has objects, {value, name}; `random`
-- is random(n) of 1..n, from one seed.
local rm = require "resmoon"

local values = {}

--- Whether it is a tensor, closed ones as well, which answer to nothing.
function values.is_tensor(x)
  local ok, is = pcall(rm.is_tensor, x)
  return not ok or is
end

local NAMES = {"sum", "mean", "none", "float32", "int64", "uint8", "bool", "relu", "same", "zeros", "reflect", "fan_in",
               "a.safetensors", "b.png", "log.csv", "mlp", "lenet5", "resnet20", "shapes10", "weight", "0.weight", "",
               "a word", "x\0y", "\xff\xfe", "%s%n", "sum,mean", "forward", "tanh", "cosine"}
local INTEGERS = {0, 1, 1, 1, 2, 2, 2, 3, 3, 4, 5, -1, -2, -3, 7, 10, 17}
-- Too large for every memory: what only nearly fills it would be the machine's test, not ours.
local HUGE = {math.maxinteger, math.mininteger, (1 << 53) + 1, -(1 << 31), 1 << 62}
local FLOATS = {0.0, 0.5, 0.1, 1.0, -1.0, 2.5, 1e-8, 1e30}
local WILD = {0 / 0, 1 / 0, -1 / 0, 1e300, -1e300, -0.0, 5e-324, 2.0 ^ 63}

local function number_text(x)
  if x ~= x then return "0/0" elseif x == 1 / 0 then return "1/0" elseif x == -1 / 0 then return "-1/0" end
  if x == math.mininteger then return "math.mininteger" end
  return ("%q"):format(x)
end

local function one_of(list) return function(_, random)
  local x = list[random(#list)]
  return x, type(x) == "string" and ("%q"):format(x) or number_text(x)
end end

-- An object of the pool that `fits`, or a tensor made on the spot.
local function object(fits) return function(pool, random)
  for _ = 1, 8 do
    local entry = #pool > 0 and pool[random(#pool)]
    if entry and (not fits or fits(entry[1])) then return entry[1], entry[2] end
  end
  return rm.ones(2, 3), "rm.ones(2, 3)"
end end

local FUNCTIONS = {
  {function() end, "function() end"},
  {function(...) return ... end, "function(...) return ... end"},
  {function() error("mine", 0) end, "function() error('mine', 0) end"},
  {function() error({}) end, "function() error({}) end"},
  {function() return 1, "a word" end, "function() return 1, 'a word' end"},
  {function() return rm.ones(2, 3) end, "function() return rm.ones(2, 3) end"},
  {function() collectgarbage() end, "function() collectgarbage() end"},
}

local kinds = {
  integer = one_of(INTEGERS), huge = one_of(HUGE), float = one_of(FLOATS), wild = one_of(WILD), name = one_of(NAMES),
  object = object(), tensor = object(values.is_tensor),
  other = object(function(x) return not values.is_tensor(x) end),
  no = function() return nil, "nil" end,
  truth = function(_, random)
    local x = random(2) == 1
    return x, tostring(x)
  end,
  call = function(_, random)
    local each = FUNCTIONS[random(#FUNCTIONS)]
    return each[1], each[2]
  end,
  thread = function() return coroutine.create(print), "coroutine.create(print)" end,
  file = function() return io.stderr, "io.stderr" end,
}

local SIMPLE = {"integer", "integer", "float", "name", "tensor", "object", "truth", "wild", "huge", "call"}

local function list_of(name) return function(pool, random)
  local list, texts = {}, {}
  for i = 1, random(5) - 1 do
    list[i], texts[i] = kinds[name or SIMPLE[random(#SIMPLE)]](pool, random)
  end
  return list, "{" .. table.concat(texts, ", ") .. "}"
end end
kinds.integers, kinds.tensors, kinds.floats = list_of "integer", list_of "tensor", list_of "float"
kinds.names, kinds.mixture = list_of "name", list_of()

function kinds.nested(pool, random)
  local list, texts = {}, {}
  for i = 1, random(3) do list[i], texts[i] = kinds[random(2) == 1 and "floats" or "integers"](pool, random) end
  return list, "{" .. table.concat(texts, ", ") .. "}"
end

--- A table of some of the options whose names are in the list.
function values.options(list, pool, random)
  local made, texts = {}, {}
  for _ = 1, random(3) - 1 do
    local key = list[random(#list)]
    local value, text = values.any(pool, random)
    if value ~= nil and made[key] == nil then
      made[key], texts[#texts + 1] = value, key .. " = " .. text
    end
  end
  return made, "{" .. table.concat(texts, ", ") .. "}"
end

values.kinds = kinds
local often = {"tensor", "tensor", "tensor", "integer", "integer", "integer", "float", "object", "other", "integers",
               "tensors", "name", "no", "truth", "call", "mixture", "nested", "floats", "names", "huge", "wild",
               "thread", "file"}

function values.kind(random) return often[random(#often)] end

function values.any(pool, random) return kinds[values.kind(random)](pool, random) end

return values
