--- net:clone(): the same network once more, with tensors of its own.
local core = require "resmoon.core"
local is   = require "resmoon.base.is"
local kind = require "resmoon.nn.kind"
local protocol = require "resmoon.nn.protocol"

local methods = protocol.methods

-- A copy of a tensor that is no part of any graph; what is one tensor in the original is one in the copy.
local function tensor_copy(t, seen)
  local key = core.tensor_key(t)
  if not seen[key] then
    local copy = t:detach():clone()
    if t.requires_grad and t.is_leaf then copy:requires_grad_() end
    seen[key] = copy
  end
  return seen[key]
end

local copy_of

local function layer_copy(layer, seen)
  local copy = core.copy_layer(layer)
  for _, role in ipairs {"parameter", "buffer"} do
    for _, name in ipairs(core.layer_slots(layer, role)) do
      local t = tensor_copy(layer[name], seen)
      copy[name] = t   -- a parameter put into a layer requires a gradient from then on
      t:requires_grad_(layer[name].requires_grad)
    end
  end
  return copy
end

local function is_class(value) return type(rawget(value, "__name")) == "string" end

local function table_copy(given, seen)
  local copy = {}
  seen[given] = copy
  for key, value in next, given do
    if key ~= "_hooks" then copy[copy_of(key, seen)] = copy_of(value, seen) end
  end
  return setmetatable(copy, getmetatable(given))
end

-- Tables, layers and tensors are copied, all else is shared: numbers, texts, functions, classes, generators.
function copy_of(value, seen)
  if is.tensor(value) then return tensor_copy(value, seen) end
  if type(value) ~= "table" and not is.layer(value) then return value end
  if seen[value] then return seen[value] end
  if type(value) == "table" then return is_class(value) and value or table_copy(value, seen) end
  local copy = layer_copy(value, seen)
  seen[value] = copy
  if kind.is_held(value) then kind.hold(copy, true) end
  return copy
end

--- The network once more: parameters, buffers, mode and fields of its own.
-- Parameters that are shared within the network are shared within the clone. It is no part of any graph, and has
-- neither gradients nor hooks. Functions (elements of a Sequential) are shared with the original.
-- Call: net:clone() -> module
-- Shapes: those of the network.
-- Errors: raises where memory runs out.
-- Example:
--   > net = nn.Linear(2, 1)
--   > copy = net:clone()
--   > net.weight:detach():zero_();
--   > copy.weight:ne(0):all():item(), tostring(copy) == tostring(net)
--   1  true
function methods:clone()
  protocol.called_on(self, "clone")
  return copy_of(self, {})
end

return methods
