--- Finds the layer or operation that makes the first NaN or infinity.
--
-- Forward, hooks look at what goes into every module and at what comes out: modules inside return first, so the first
-- that fails is the innermost. Backward, the tape shows every gradient that an operation gives; which module an
-- operation belongs to is known from what its output was when the module returned it.
local core   = require "resmoon.core"
local class  = require "resmoon.base.class"
local fail   = require "resmoon.base.fail"
local is     = require "resmoon.base.is"
local Module = require "resmoon.nn.module"

local Guard = class("NanGuard")

local guards = setmetatable({}, {__mode = "k"})  -- those at work

-- "nan at (1, 3, 2, 2)" or nil.
local function trouble(tensor)
  if not is.tensor(tensor) then return nil end
  local place = core.find_nonfinite(tensor)
  if not place then return nil end
  local value = (#place > 0 and tensor:detach()[place] or tensor):item()
  local text = value ~= value and "nan" or value > 0 and "inf" or "-inf"
  return #place > 0 and ("%s at (%s)"):format(text, table.concat(place, ", ")) or text
end

local function named(path, module)
  return path == "" and Module.label(module) or ("%s (%s)"):format(path, Module.type_of(module))
end

local function is_leaf(module) return module:each_child()() == nil end

-- Why a layer may have made it, where that can be seen.
local function reason(module)
  for name, parameter in module:named_parameters() do
    local what = trouble(parameter)
    if what then
      return ("; its %s holds %s: an update made that, perhaps with too high a rate"):format(name, what)
    end
  end
  return ""
end

function Guard:init(net)
  self.net, self.handles, self.paths = net, {}, {}
  for path, module in net:named_modules() do
    local handles = self.handles
    handles[#handles + 1] = module:register_forward_pre_hook(function(_, x)
      if module == net then self.paths = {} end
      local what = trouble(x)
      if not what then return end
      if module == net then fail("nan_guard: forward: the input of %s has %s", named("", net), what) end
      fail("nan_guard: forward: %s, which goes into %s, made the first NaN or infinity: %s",
        x.op and ("the operation %s"):format(x.op) or "an operation between layers", named(path, module), what)
    end)
    handles[#handles + 1] = module:register_forward_hook(function(_, _, y)
      local what = trouble(y)
      if what then
        fail("nan_guard: forward: %s%s made the first NaN or infinity: %s%s",
          is_leaf(module) and "" or ("the operation %s of "):format(y.op or "at the end"), named(path, module), what,
          is_leaf(module) and reason(module) or "")
      end
      local key = is.tensor(y) and y.requires_grad and core.tape_key(y)
      if key and not self.paths[key] then self.paths[key] = {path = path, module = module} end
    end)
  end
  guards[self] = true
end

local function find(key)
  for guard in pairs(guards) do
    if key and guard.paths[key] then return guard.paths[key] end
  end
end

local of_layer = {"its input", "its weight", "its bias"}

-- Called by the tape: see observe_backward in src/bind/hooks.c.
local function observe(operation, key, inputs, i, gradient, place)
  local owner = find(key)
  local where = "the operation " .. operation
  if owner then
    where = ("%s, in %s"):format(operation, named(owner.path, owner.module))
  else
    for _, input in ipairs(inputs) do
      local before = find(input)
      if before then
        where = ("%s, applied to what %s returned,"):format(where, named(before.path, before.module))
        break
      end
    end
  end
  local what = owner and is_leaf(owner.module) and of_layer[i] or "its input " .. i
  fail("nan_guard: backward: %s made the first NaN or infinity: the gradient of %s has %s", where, what,
    trouble(gradient) or "one at (" .. table.concat(place, ", ") .. ")")
end

--- guard:remove() ends the watch; a second time it does nothing.
function Guard:remove()
  for _, handle in ipairs(self.handles) do handle:remove() end
  self.handles, self.paths = {}, {}
  guards[self] = nil
  if not next(guards) then core.observe_backward(nil) end
end

function Guard:__close() Guard.remove(self) end

function Guard:__tostring()
  return ("nan_guard on %s%s"):format(Module.label(self.net),
    guards[self] and ": the first NaN or infinity is an error; guard:remove() ends it" or " (removed)")
end

--- Watches a network: the first NaN or infinity is an error that names who made it.
--
-- The error says forward or backward, the layer by path or the operation, and the element. Backward, the whole way back
-- from the loss is watched. A call costs a pass over every result; guard:remove() ends it, and so does
-- the end of the block after `local guard <close> = nan_guard(net)`.
--
-- Call: nan_guard(net) -> guard
-- Errors: raises where net is not a module.
-- Example:
--   > net = nn.Sequential {nn.Linear(2, 2), nn.ReLU()}
--   > guard = nan_guard(net)
--   > ok, message = pcall(net, rm.full({1, 2}, 1 / 0))
--   > message:match "forward.*"
--   forward: the input of Sequential has inf at (1, 1)
--   > guard:remove()
local function nan_guard(net)
  if not Module.is_module(net) then fail("nan_guard: argument 1 is %k, expected a module", net) end
  local guard = Guard(net)
  core.observe_backward(observe)
  return guard
end

return nan_guard
