--- What every module answers, be it a table of Lua or a layer of the core.
--
-- The methods are in one table: it is the table of methods of the core's layers, and nn.Module takes them over. What
-- differs between the two is asked in own_names, own_tensor, each_child and train below: a layer has slots and a
-- mode in C, and no children; a table has fields in `_order` (nn/module.lua).
--
-- Lua does not tell a table that one of its fields gets another value, so it is asked here, on each walk, what stands
-- in the fields now: a parameter that took the place of a number is one, a number in the place of a parameter is none,
-- and what cannot be part of a network is an error.
--
-- state_dict and load_state_dict are in nn/state.lua, hooks in nn/hooks.lua, paths in nn/surgery.lua, clone in
-- nn/clone.lua, freeze in nn/freeze.lua.
local core = require "resmoon.core"
local fail = require "resmoon.base.fail"
local is   = require "resmoon.base.is"
local discarded = require "resmoon.base.discarded"
local kind = require "resmoon.nn.kind"
local rehearsal = require "resmoon.base.rehearsal"
local summary = require "resmoon.nn.summary"
local shown   = require "resmoon.base.shown"

local methods = setmetatable(core.layer_methods, nil)  -- `forward` is in it; nothing more is to be loaded for it
local protocol = {methods = methods}

-- For methods called with a dot (net.parameters()), or on something else.
function protocol.called_on(self, method)
  if kind.is_module(self) then return end
  local given = type(self) == "nil" and "nothing" or is.tensor(self) and "a tensor" or "a " .. type(self)
  fail("%s: expected a module, got %s; it is called with a colon: net:%s(...)", method, given, method)
end

-- --- fields -----------------------------------------------------------------------------

-- Whether `wanted` is the module or one of those below it, whatever else is there.
local function holds(module, wanted, seen)
  if rawequal(module, wanted) then return true end
  if type(module) ~= "table" or not kind.is_module(module) or seen[module] then return false end
  seen[module] = true
  for _, key in ipairs(rawget(module, "_order") or {}) do
    if holds(rawget(module, key), wanted, seen) then return true end
  end
  return false
end

--- Whether a tensor that is assigned to a field is a parameter there.
function protocol.is_parameter(tensor) return tensor.is_leaf and tensor.requires_grad end

-- The first of the values of a table that is a module; of large tables, which hold data, the beginning is looked at.
local function module_in(list)
  local looked = 0
  for _, value in next, list do
    if kind.is_module(value) then return value end
    looked = looked + 1
    if looked == 64 then return nil end
  end
end

--- Raises for a table in a field that no walk would come to the end of, or that hides modules from all walks.
function protocol.check_field(module, key, value)
  if kind.is_module(value) then
    -- Parameters, copies and the printed tree of a network that contains itself have no end.
    if holds(value, module, {}) then fail("%s.%s: a module cannot be inside itself", kind.label(module), key) end
  elseif shown.is_plain(value) then
    local hidden = module_in(value)
    if hidden and not holds(module, hidden, {}) then  -- a second name of what is a child is no harm
      fail("%s.%s: a plain table hides its modules from parameters(); use nn.Sequential or nn.ModuleList",
        kind.label(module), key)
    end
  end
end

-- --- walking ----------------------------------------------------------------------------

-- The name in checkpoints of the child at `key`.
local function child_name(key) return math.type(key) and tostring(key - 1) or key end

local function join(prefix, name)
  if type(prefix) ~= "string" then fail("the prefix of names is %k, expected a string", prefix) end
  return prefix == "" and name or prefix .. "." .. name
end

--- Iterates over direct children: key (field name or position from 1), child.
-- Call: net:each_child() -> iterator
-- Errors: none.
-- Example:
--   > net = nn.Sequential {nn.Flatten(), nn.Linear(4, 2)}
--   > for key, child in net:each_child() do print(key, child) end
--   1  Flatten()
--   2  Linear(4, 2)
function methods:each_child()
  protocol.called_on(self, "each_child")
  if is.layer(self) then return function() end end
  local order, i = rawget(self, "_order") or {}, 0
  return function()
    while i < #order do
      i = i + 1
      local key = order[i]
      local child = rawget(self, key)
      if type(child) == "table" then protocol.check_field(self, key, child) end
      if kind.is_module(child) then return key, child end
    end
  end
end

-- What a field of a module is now: "parameter", "buffer" or neither.
local function role_of(module, key)
  local value, kinds = rawget(module, key), rawget(module, "_kinds")
  if not is.tensor(value) then return nil end
  if kinds[key] == true and protocol.is_parameter(value) then kinds[key] = "parameter" end
  if kinds[key] == "parameter" and not value.is_leaf then
    fail("%s.%s: a computed tensor took the place of a parameter; copy_ within rm.no_grad changes its values",
      kind.label(module), key)
  end
  return kinds[key]
end

--- The names of a module's own tensors that are "parameter" or "buffer", in order.
function protocol.own_names(module, wanted)
  if is.layer(module) then return core.layer_slots(module, wanted) end
  local names = {}
  for _, key in ipairs(rawget(module, "_order") or {}) do
    if role_of(module, key) == wanted then names[#names + 1] = key end
  end
  return names
end

local function own_tensor(module, name)
  if is.layer(module) then return module[name] end
  return rawget(module, name)
end

-- Calls visit(name, tensor, kind) for all tensors in the order of checkpoints: a module's own
-- parameters, its buffers, its children. `seen` (a table or nil) leaves out what it meets again.
local function each_tensor(module, prefix, visit, seen)
  if seen then
    if seen[module] then return end
    seen[module] = true
  end
  for _, role in ipairs {"parameter", "buffer"} do
    for _, name in ipairs(protocol.own_names(module, role)) do
      local tensor = own_tensor(module, name)
      if tensor and not (seen and seen[tensor]) then
        if seen then seen[tensor] = true end
        visit(join(prefix, name), tensor, role)
      end
    end
  end
  for key, child in module:each_child() do
    each_tensor(child, join(prefix, child_name(key)), visit, seen)
  end
end
protocol.each_tensor = each_tensor

-- An iterator over what `gather(add)` adds: pairs of name and value.
local function iterate(gather)
  local names, values, i = {}, {}, 0
  gather(function(name, value)
    names[#names + 1], values[#values + 1] = name, value
  end)
  return function()
    i = i + 1
    return names[i], values[i]
  end
end

local function list(iterator)
  local values = {}
  for _, value in iterator do values[#values + 1] = value end
  return shown.mark(values)
end

local function named_tensors(self, prefix, wanted)
  return iterate(function(add)
    each_tensor(self, prefix or "", function(name, tensor, role)
      if role == wanted then add(name, tensor) end
    end, {})
  end)
end

--- Iterates over name, tensor of all parameters below; one that is shared comes once.
-- Call: net:named_parameters(prefix = "") -> iterator
-- Shapes: those of the layers. Names are those of checkpoints: "layer1.0.conv1.weight".
-- Errors: none.
-- Example:
--   > net = nn.Sequential {nn.Linear(4, 2), nn.ReLU()}
--   > for name, p in net:named_parameters() do print(name, p:numel()) end
--   0.weight  8
--   0.bias  2
function methods:named_parameters(prefix)
  protocol.called_on(self, "named_parameters")
  return named_tensors(self, prefix, "parameter")
end
--- The list of parameters, as optimizers take it.
-- Call: net:parameters() -> list of tensors
-- Shapes: those of the layers.
-- Errors: none.
-- Example:
--   > opt = optim.SGD(models.mlp():parameters(), {lr = 0.1})
--   > #opt.groups[1].params
--   6
function methods:parameters()
  protocol.called_on(self, "parameters")
  return list(self:named_parameters())
end
--- What is saved and not trained, such as running statistics: by name, tensor, or as a list.
-- Call: net:named_buffers(prefix = "") -> iterator
-- Call: net:buffers() -> list of tensors
-- Shapes: those of the layers.
-- Errors: none.
-- Example:
--   > for name in nn.BatchNorm2d(4):named_buffers() do print(name) end
--   running_mean
--   running_var
--   num_batches_tracked
function methods:named_buffers(prefix)
  protocol.called_on(self, "named_buffers")
  return named_tensors(self, prefix, "buffer")
end
function methods:buffers()
  protocol.called_on(self, "buffers")
  return list(self:named_buffers())
end

--- The direct children, named as in checkpoints: by name, child, or as a list.
-- Call: net:named_children() -> iterator
-- Call: net:children() -> list of modules
-- Errors: none.
-- Example:
--   > for name in models.resnet20():named_children() do print(name) end
--   conv1
--   bn1
--   layer1
--   layer2
--   layer3
--   avgpool
--   fc
function methods:named_children()
  protocol.called_on(self, "named_children")
  return iterate(function(add)
    for key, child in self:each_child() do add(child_name(key), child) end
  end)
end
function methods:children()
  protocol.called_on(self, "children")
  return list(self:named_children())
end

--- This module ("") and everything below it, outside first: by name, module, or as a list.
-- Call: net:named_modules(prefix = "") -> iterator
-- Call: net:modules() -> list of modules
-- Errors: none.
-- Example:
--   > net = nn.Sequential {nn.Linear(4, 2), nn.ReLU()}
--   > #net:modules()
--   3
function methods:named_modules(prefix)
  protocol.called_on(self, "named_modules")
  local seen = {}
  return iterate(function(add)
    local function walk(module, name)
      if seen[module] then return end
      seen[module] = true
      add(name, module)
      for key, child in methods.each_child(module) do walk(child, join(name, child_name(key))) end
    end
    walk(self, prefix or "")
  end)
end
function methods:modules()
  protocol.called_on(self, "modules")
  return list(self:named_modules())
end

--- Calls fn(module) for everything below, then for this module. Returns the module.
-- Call: net:apply(fn) -> net
-- Errors: whatever fn raises.
-- Example:
--   > net = models.mlp {input = {1, 2, 2}, hidden = {3}}
--   > net:apply(function(m) if m.weight then nn.init.zeros_(m.weight) end end);
--   > net(rm.ones(1, 4)):eq(net.fc2.bias):all():item()
--   1
function methods:apply(fn)
  protocol.called_on(self, "apply")
  if type(fn) ~= "function" and not (getmetatable(fn) or {}).__call then
    fail("apply: expected a function, got %s", type(fn) == "nil" and "nil" or "a " .. type(fn))
  end
  for _, child in self:each_child() do child:apply(fn) end
  fn(self)
  return self
end

-- --- modes ------------------------------------------------------------------------------

--- Training mode, where batch norm takes the batch's statistics and dropout drops; or evaluation.
-- Call: net:train(mode = true) -> net
-- Call: net:eval() -> net
-- Errors: none. net.training says which it is. Batch norms that net:freeze holds stay in evaluation.
-- Example:
--   > net = models.mlp():eval()
--   > net.training
--   false
function methods:train(mode)
  protocol.called_on(self, "train")
  if mode == nil then mode = true end
  if kind.is_held(self) then mode = false end
  if is.layer(self) then self.training = mode and true or false
  else rawset(self, "training", mode) end
  for _, child in self:each_child() do child:train(mode) end
  return self
end

function methods:eval()
  protocol.called_on(self, "eval")
  return self:train(false)
end

--- Forgets the gradients of all parameters.
-- Call: net:zero_grad() -> nothing
-- Shapes: each parameter's .grad becomes nil.
-- Errors: none.
-- Example:
--   > fc = nn.Linear(2, 1)
--   > fc(rm.ones(1, 2)):sum():backward()
--   > fc:zero_grad()
--   > fc.weight.grad
--   nil
function methods:zero_grad()
  protocol.called_on(self, "zero_grad")
  for _, p in self:named_parameters() do p.grad = nil end
end

--- Whether the parameters below are trained: m:requires_grad_(false) freezes them.
-- Call: net:requires_grad_(flag = true) -> net
-- Errors: none.
-- Example:
--   > net = models.mlp()
--   > net.fc1:requires_grad_(false);
--   > net.fc1.weight.requires_grad, net.fc2.weight.requires_grad
--   false  true
function methods:requires_grad_(flag)
  protocol.called_on(self, "requires_grad_")
  for _, p in self:named_parameters() do p:requires_grad_(flag ~= false) end
  return self
end

-- --- looking ----------------------------------------------------------------------------

--- What each layer returns, holds and costs for one image, from a real forward: a table of it.
-- As a statement of its own, net:summary {3, 32, 32} prints the table, in a script as at the prompt; where the result
-- is used (local s = net:summary ...) nothing is printed, and print(s) shows it.
-- Call: net:summary {C, H, W} -> summary
-- Shapes: of one input, without N. The summary has rows ({name, type, shape, parameters, macs, bytes}), parameters,
--  macs and bytes in all.
-- Units: macs are multiply-accumulates of convolutions and linear layers; bytes those of the layers' outputs.
-- Errors: raises unless the shape fits the network.
-- Example:
--   > models.mlp({input = {1, 2, 2}, hidden = {3}}):summary {1, 2, 2}
--   layer  type    output     parameters  MACs  activations
--   -------------------------------------------------------
--   input          (1, 2, 2)
--   fc1    Linear  (3)                15    12      0.0 KiB
--   fc2    Linear  (10)               40    30      0.0 KiB
--   -------------------------------------------------------
--   mlp                               55    42      0.1 KiB
function methods:summary(shape)
  protocol.called_on(self, "summary")
  local result, caller = summary(self, shape), debug.getinfo(2, "fl")
  if caller and not rehearsal.on() and not debug.getinfo(1, "t").istailcall
     and discarded(caller.func, caller.currentline, "summary") then
    print(result)
  end
  return result
end

--- Multiply-accumulates of convolutions and linear layers for one input of shape {C, H, W}.
-- Call: net:macs {C, H, W} -> number
-- Units: multiply-accumulates.
-- Errors: raises unless the shape fits the network.
-- Example:
--   > models.resnet20():macs {3, 32, 32}
--   40551040
function methods:macs(shape)
  protocol.called_on(self, "macs")
  return self:summary(shape).macs
end

--- Gives a class of Lua the methods; layers have them.
function protocol.give(class)
  class[kind.MARK] = true
  for name, method in pairs(methods) do
    if name ~= "forward" then rawset(class, name, method) end  -- they ask called_on themselves: layers have them, too
  end
end

return protocol
