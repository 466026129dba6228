--- Functions of the user that a module or layer calls when it is called, and when gradients pass it.
--
--     local handle = net.layer1:register_forward_hook(function(module, x, y) print(y) end)
--     net(x)
--     handle:remove()
--
-- A module has a table of hooks, or none, which is all that a call without hooks looks at. Of a Lua module
-- it is the field `_hooks`, of a layer of the core it is kept by the core; its `run` makes the call. The
-- lists in it are never changed, only replaced: a hook may register or remove hooks.
--
-- For its backward hooks a call takes an alias of x before forward and one of y after it: their gradients
-- are those that pass this call of this module, whatever else x and y are used for.
local core = require "resmoon.core"
local fail = require "resmoon.base.fail"
local is   = require "resmoon.base.is"
local protocol = require "resmoon.nn.protocol"

local kinds = {"before", "after", "backward"}

local function get(module)
  if type(module) == "table" then return rawget(module, "_hooks") end
  return core.layer_hooks(module)
end

local function set(module, all)
  if type(module) == "table" then rawset(module, "_hooks", all) else core.set_layer_hooks(module, all) end
end

-- --- a call with hooks -------------------------------------------------------------------------------

-- A batch norm's result is not computed until somebody asks for something of it; what a hook is given is.
local function complete(v) return is.tensor(v) and v.requires_grad end

-- Arranges that hooks are called once the gradients of `x` and of the result are known. Returns the alias of
-- x that forward is to take, and a function that gives the alias of the result.
local function follow_gradients(module, hooks, x)
  local grad_output
  local function call(grad_input)
    local first = grad_input
    for _, hook in ipairs(hooks) do
      local instead = hook(module, grad_input, grad_output)
      if instead ~= nil then grad_input = instead end
    end
    grad_output = nil
    if grad_input ~= first then return grad_input end
  end
  local has_gradient = complete(x)
  if has_gradient then
    x = core.alias(x)
    x:register_hook(call)
  end
  return x, function(y)
    y = core.alias(y)
    y:register_hook(function(gradient)
      grad_output = gradient
      if not has_gradient then call(nil) end
    end)
    return y
  end
end

local function run(module, ...)
  local all = get(module)
  local inputs = table.pack(...)
  complete(inputs[1])
  for _, hook in ipairs(all.before or {}) do
    local given = table.pack(hook(module, table.unpack(inputs, 1, inputs.n)))
    if given[1] ~= nil then inputs = given end
  end
  local finish
  if all.backward and core.is_grad_enabled() then
    inputs[1], finish = follow_gradients(module, all.backward, inputs[1])
  end
  local results = table.pack(module:forward(table.unpack(inputs, 1, inputs.n)))
  if complete(results[1]) and finish then results[1] = finish(results[1]) end
  for _, hook in ipairs(all.after or {}) do
    local y = hook(module, inputs[1], results[1])
    if y ~= nil then results[1] = y end
  end
  return table.unpack(results, 1, results.n)
end

-- --- registering ---------------------------------------------------------------------------------------

local Handle = {__name = "resmoon.Handle"}
Handle.__index = Handle

-- Puts list in the place of module's hooks of that kind; nil: none.
local function replace(module, kind, list)
  local old, all = get(module) or {}, {run = run}
  for _, k in ipairs(kinds) do all[k] = old[k] end
  all[kind] = list
  set(module, (all.before or all.after or all.backward) and all or nil)
end

local function register(name, module, kind, fn)
  protocol.called_on(module, name)
  if type(fn) ~= "function" and not (getmetatable(fn) or {}).__call then
    fail("%s: the hook is %k, expected a function", name, fn)
  end
  local list = table.move((get(module) or {})[kind] or {}, 1, #((get(module) or {})[kind] or {}), 1, {})
  -- A function of its own, since the same one may be registered twice.
  local function hook(...) return fn(...) end
  list[#list + 1] = hook
  replace(module, kind, list)
  return setmetatable({module = module, kind = kind, hook = hook, name = name}, Handle)
end

--- Takes the hook away; a second time it does nothing.
-- A handle that is declared `local h <close> = ...` does so at the end of its block.
-- Call: handle:remove() -> nothing
-- Errors: none.
-- Example:
--   > net = nn.ReLU()
--   > handle = net:register_forward_hook(function(m, x, y) print "called" end)
--   > handle:remove()
--   > net(rm.ones(1))
--   [1.]  float32 (1)
function Handle:remove()
  if getmetatable(self) ~= Handle then fail("remove: expected a handle; it is called with a colon: handle:remove()") end
  local left = {}
  for _, hook in ipairs((get(self.module) or {})[self.kind] or {}) do
    if hook ~= self.hook then left[#left + 1] = hook end
  end
  replace(self.module, self.kind, #left > 0 and left or nil)
  self.removed = true
end

function Handle:__close() Handle.remove(self) end

function Handle:__tostring()
  return self.name:gsub("^register_", "") .. (self.removed and " (removed)" or ": handle:remove() takes it away")
end

local hooks = {}

--- Has f called before each call of a module or layer.
--
-- f(module, x, ...) sees the inputs; what it returns, if anything, takes their place.
--
-- Call: net:register_forward_pre_hook(f) -> handle
-- Shapes: x as the module takes it.
-- Returns: a handle; handle:remove() takes the hook away, and so does the end of a block for `local h <close> = ...`.
-- Errors: raises where f is not a function.
-- Example:
--   > net = nn.Identity()
--   > handle = net:register_forward_pre_hook(function(module, x) return x * 2 end)
--   > net(rm.ones(2))
--   [2., 2.]  float32 (2)
--   > handle:remove()
function hooks:register_forward_pre_hook(f) return register("register_forward_pre_hook", self, "before", f) end

--- Has f called after each call of a module or layer.
--
-- f(module, x, y) sees the first input and the first result; a value that it returns takes the place of y.
--
-- Call: net:register_forward_hook(f) -> handle
-- Shapes: x and y as the module takes and gives them.
-- Returns: a handle; handle:remove() takes the hook away, and so does the end of a block for `local h <close> = ...`.
-- Errors: raises where f is not a function.
-- Example:
--   > net = nn.ReLU()
--   > function show(module, x, y) print(y:mean():item()) end
--   > handle = net:register_forward_hook(show)
--   > y = net(rm.tensor {-1, 1})
--   0.5
--   > handle:remove()
function hooks:register_forward_hook(f) return register("register_forward_hook", self, "after", f) end

--- Has f called in each backward, once the gradients of a call's input and result are known.
--
-- f(module, grad_input, grad_output): grad_input is nil where the input requires no gradient, as an image
-- does; a tensor that f returns takes its place on the way back. Of several inputs or results the first is meant.
--
-- Call: net:register_full_backward_hook(f) -> handle
-- Shapes: grad_input as x, grad_output as y.
-- Returns: a handle; handle:remove() takes the hook away, and so does the end of a block for `local h <close> = ...`.
-- Errors: raises where f is not a function.
-- Example:
--   > net = nn.Identity()
--   > function show(module, dx, dy) print(dy) end
--   > handle = net:register_full_backward_hook(show)
--   > x = rm.ones(2):requires_grad_()
--   > (net(x) * 3):sum():backward()
--   [3., 3.]  float32 (2)
--   > handle:remove()
function hooks:register_full_backward_hook(f) return register("register_full_backward_hook", self, "backward", f) end

return hooks
