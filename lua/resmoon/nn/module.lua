--- What every network and block is made of: parameters, buffers, children, train and eval mode.
--
--     local Block = class("Block", nn.Module)
--     function Block:init(n) self.fc = nn.Linear(n, n) end
--     function Block:forward(x) return x + self.fc(x):relu() end
--     y = Block(8)(rm.randn(4, 8))
--
-- Assigning a module or a layer of the core to a field makes it a child, assigning a tensor
-- that requires a gradient makes it a parameter; both keep their order of assignment, which is
-- the order of parameters() and of checkpoints. Names are joined by dots; positions of a
-- Sequential count from 1 in Lua (`net.layer1[1]`) and, as in PyTorch's files, from 0 in names
-- ("layer1.0.conv1.weight").
-- A layer of the core (Conv2d, ...) is a userdata that answers the same methods.
--
-- Call: nn.Module
-- Call: nn.class(name, nn.Module) -> class
-- Shapes: as forward takes and gives them; batches of images are (N, C, H, W).
-- Errors: raised inside a module say where: "at resnet20.layer2[1].conv1". A plain table of modules is refused.
-- Example:
--   > nn.Module.label(models.resnet20())
--   resnet20
local core  = require "resmoon.core"
local class = require "resmoon.base.class"
local fail  = require "resmoon.base.fail"
local is    = require "resmoon.base.is"
local hooks = require "resmoon.nn.hooks"
local module_kind = require "resmoon.nn.kind"
local path  = require "resmoon.nn.path"
local summary = require "resmoon.nn.summary"
local surgery = require "resmoon.nn.surgery"

local Module = class("Module")

Module.training = true
Module[module_kind.MARK] = true

--- Whether v is a Lua module or a layer of the core.
-- Call: nn.Module.is_module(v) -> boolean
-- Errors: none.
-- Example:
--   > nn.Module.is_module(nn.ReLU()), nn.Module.is_module {}
--   true  false
Module.is_module = module_kind.is_module

--- "BasicBlock", "Conv2d": the class of a module, the type of a layer.
-- Call: nn.Module.type_of(module) -> string
-- Errors: raises for what is no module.
-- Example:
--   > nn.Module.type_of(nn.ReLU()), nn.Module.type_of(models.mlp())
--   ReLU  MLP
Module.type_of = module_kind.type_of

-- For methods called with a dot (net.parameters()), or on something else.
local function called_on(self, method)
  if Module.is_module(self) then return end
  local given = type(self) == "nil" and "nothing" or is.tensor(self) and "a tensor" or "a " .. type(self)
  fail("%s: expected a module, got %s; it is called with a colon: net:%s(...)", method, given, method)
end

--- What a message calls a module: the name that its builder gave it ("resnet18"), or its class.
-- Call: nn.Module.label(module) -> string
-- Errors: raises for what is no module.
-- Example:
--   > nn.Module.label(models.resnet20())
--   resnet20
Module.label = module_kind.label

-- --- fields -----------------------------------------------------------------------------

-- `_order` lists the fields as they were first assigned; `_kinds[key]` is "parameter" or
-- "buffer" for tensors that are, true for all other fields.
local function register(self, key, kind)
  local order, kinds = rawget(self, "_order"), rawget(self, "_kinds")
  if not order then
    order, kinds = {}, {}
    rawset(self, "_order", order)
    rawset(self, "_kinds", kinds)
  end
  if not kinds[key] then order[#order + 1] = key end
  kinds[key] = kind
end

-- Called for fields that are not there yet.
function Module:__newindex(key, value)
  if type(value) == "table" and not getmetatable(value) and Module.is_module(value[1]) then
    fail("%s.%s: a plain table hides its modules from parameters(); use nn.Sequential or nn.ModuleList",
      getmetatable(self).__name, tostring(key))
  end
  register(self, key, is.tensor(value) and value.is_leaf and value.requires_grad and "parameter" or true)
  rawset(self, key, value)
end

--- A tensor that is saved with the module but not trained.
-- Call: net:register_buffer(name, tensor) -> nothing
-- Shapes: any; the tensor is net[name].
-- Errors: raises unless it is a tensor.
-- Example:
--   > net = nn.Sequential {}
--   > net:register_buffer("seen", rm.zeros(1))
--   > net:state_dict()
--   {"seen", seen = [0.]  float32 (1)}
function Module:register_buffer(name, tensor)
  called_on(self, "register_buffer")
  if not is.tensor(tensor) then
    fail("register_buffer: %s is a %s, expected a tensor", name, type(tensor))
  end
  register(self, name, "buffer")
  rawset(self, name, tensor)
end

--- A parameter, whether or not it requires a gradient now.
-- A tensor that requires a gradient becomes one by plain assignment, net.scale = tensor.
-- Call: net:register_parameter(name, tensor) -> nothing
-- Shapes: any; the tensor is net[name].
-- Errors: raises unless it is a leaf tensor.
-- Example:
--   > net = nn.Sequential {}
--   > net:register_parameter("scale", rm.ones(1))
--   > #net:parameters()
--   1
function Module:register_parameter(name, tensor)
  called_on(self, "register_parameter")
  if not is.tensor(tensor) or not tensor.is_leaf then
    fail("register_parameter: %s is %s, expected a leaf tensor", name,
      is.tensor(tensor) and "computed" or "a " .. type(tensor))
  end
  register(self, name, "parameter")
  rawset(self, name, tensor)
end

-- --- walking ----------------------------------------------------------------------------

-- The name in checkpoints of the child at `key`.
local function child_name(key) return math.type(key) and tostring(key - 1) or key end

local function join(prefix, name)
  if type(prefix) ~= "string" then fail("the prefix of names is a %s, expected a string", type(prefix)) end
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
function Module:each_child()
  if is.layer(self) then return function() end end
  local order, i = rawget(self, "_order") or {}, 0
  return function()
    while i < #order do
      i = i + 1
      local child = rawget(self, order[i])
      if Module.is_module(child) then return order[i], child end
    end
  end
end

-- Calls visit(name, tensor, kind) for all tensors in the order of checkpoints: a module's own
-- parameters, its buffers, its children. `seen` (a table or nil) leaves out what it meets again.
local function each_tensor(module, prefix, visit, seen)
  if seen then
    if seen[module] then return end
    seen[module] = true
  end
  if is.layer(module) then
    for name, tensor in module:named_parameters() do visit(join(prefix, name), tensor, "parameter") end
    for name, tensor in module:named_buffers() do visit(join(prefix, name), tensor, "buffer") end
    return
  end
  local order, kinds = rawget(module, "_order") or {}, rawget(module, "_kinds")
  for _, kind in ipairs {"parameter", "buffer"} do
    for _, key in ipairs(order) do
      local tensor = kinds[key] == kind and rawget(module, key)
      if tensor and not (seen and seen[tensor]) then
        if seen then seen[tensor] = true end
        visit(join(prefix, key), tensor, kind)
      end
    end
  end
  for key, child in module:each_child() do
    each_tensor(child, join(prefix, child_name(key)), visit, seen)
  end
end

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
  return values
end

local function named_tensors(self, prefix, wanted)
  return iterate(function(add)
    each_tensor(self, prefix or "", function(name, tensor, kind)
      if kind == wanted then add(name, tensor) end
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
function Module:named_parameters(prefix)
  called_on(self, "named_parameters")
  return named_tensors(self, prefix, "parameter")
end
--- The list of parameters, as optimisers take it.
-- Call: net:parameters() -> list of tensors
-- Shapes: those of the layers.
-- Errors: none.
-- Example:
--   > opt = optim.SGD(models.mlp():parameters(), {lr = 0.1})
--   > #opt.groups[1].params
--   6
function Module:parameters()
  called_on(self, "parameters")
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
function Module:named_buffers(prefix)
  called_on(self, "named_buffers")
  return named_tensors(self, prefix, "buffer")
end
function Module:buffers()
  called_on(self, "buffers")
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
function Module:named_children()
  called_on(self, "named_children")
  return iterate(function(add)
    for key, child in self:each_child() do add(child_name(key), child) end
  end)
end
function Module:children()
  called_on(self, "children")
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
function Module:named_modules(prefix)
  called_on(self, "named_modules")
  local seen = {}
  return iterate(function(add)
    local function walk(module, name)
      if seen[module] then return end
      seen[module] = true
      add(name, module)
      for key, child in Module.each_child(module) do walk(child, join(name, child_name(key))) end
    end
    walk(self, prefix or "")
  end)
end
function Module:modules()
  called_on(self, "modules")
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
function Module:apply(fn)
  called_on(self, "apply")
  if fn == nil then fail("apply: expected a function, got nil") end
  for _, child in self:each_child() do child:apply(fn) end
  fn(self)
  return self
end

-- --- modes ------------------------------------------------------------------------------

--- Training mode, where batch norm takes the batch's statistics and dropout drops; or evaluation.
-- Call: net:train(mode = true) -> net
-- Call: net:eval() -> net
-- Errors: none. net.training says which it is.
-- Example:
--   > net = models.mlp():eval()
--   > net.training
--   false
function Module:train(mode)
  called_on(self, "train")
  if type(self) == "userdata" then return core.layer_methods.train(self, mode) end
  if mode == nil then mode = true end
  rawset(self, "training", mode)
  for _, child in self:each_child() do child:train(mode) end
  return self
end

function Module:eval()
  called_on(self, "eval")
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
function Module:zero_grad()
  called_on(self, "zero_grad")
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
function Module:requires_grad_(flag)
  called_on(self, "requires_grad_")
  for _, p in self:named_parameters() do p:requires_grad_(flag ~= false) end
  return self
end

-- --- calling ----------------------------------------------------------------------------

--- What the module computes; a class defines it, and users call the module itself.
-- Call: net:forward(...) -> anything
-- Call: net(...) -> anything
-- Shapes: as the class says.
-- Errors: raises where the class has none. Hooks run when the module itself is called, not for net:forward(x).
-- Example:
--   > nn.ReLU()(rm.tensor {-1, 1})
--   [0., 1.]  float32 (2)
function Module:forward()
  fail("%s has no forward(x)", getmetatable(self).__name)
end

local function results(...) return ... end

-- While forward runs this call stays on the stack, where path.lua finds it: no tail call.
function Module:__call(...)
  local hooked = rawget(self, "_hooks")
  if hooked then return results(hooked.run(self, ...)) end
  return results(self:forward(...))
end

path.watch(Module.__call)

for name, method in pairs(hooks) do Module[name] = method end    -- register_forward_hook and its like
for name, method in pairs(surgery) do Module[name] = method end  -- replace, insert, remove by path

-- --- state ------------------------------------------------------------------------------

--- All parameters and buffers: the list of their names in order, and the tensors by name.
-- The tensors share memory with the module; rm.save takes the table as it is.
-- Call: net:state_dict(prefix = "") -> table
-- Shapes: those of the parameters and buffers.
-- Errors: none.
-- Example:
--   > net = nn.Linear(2, 1)
--   > rm.save("fc.safetensors", net:state_dict())
--   > net:state_dict()[1], net:state_dict().weight.shape
--   weight  {1, 2}
function Module:state_dict(prefix)
  called_on(self, "state_dict")
  local state = {}
  each_tensor(self, prefix or "", function(name, tensor)
    state[#state + 1] = name
    state[name] = tensor:detach()
  end)
  return state
end

--- Copies tensors by name out of a state_dict, or of what rm.load returns.
-- options.strict (true): every name must be on both sides. Otherwise returns the lists of
-- missing and of unexpected names.
-- Errors: raises before anything is copied, naming all that does not fit.
-- Call: net:load_state_dict(state, {strict = true}) -> missing, unexpected
-- Shapes: of each name the same on both sides, and the same type.
-- Example:
--   > a, b = nn.Linear(2, 1), nn.Linear(2, 1)
--   > b:load_state_dict(a:state_dict())
--   {}  {}
--   > a.weight:eq(b.weight):all():item()
--   1
function Module:load_state_dict(state, options)
  called_on(self, "load_state_dict")
  if type(state) ~= "table" then
    fail("load_state_dict: expected a table of tensors by name, got a %s", is.tensor(state) and "tensor" or type(state))
  end
  local strict = not options or options.strict ~= false
  local missing, unexpected, wrong, copies = {}, {}, {}, {}
  local known = {}
  each_tensor(self, "", function(name, own)
    known[name] = true
    local given = state[name]
    if given == nil then missing[#missing + 1] = name return end
    local a, b = table.concat(own.shape, ", "), table.concat(given.shape, ", ")
    if a ~= b or own.dtype ~= given.dtype then
      wrong[#wrong + 1] = ("%s is %s (%s), expected %s (%s)"):format(name, given.dtype, b, own.dtype, a)
    end
    copies[#copies + 1] = {own, given}
  end)
  for name in pairs(state) do
    if type(name) == "string" and not known[name] then unexpected[#unexpected + 1] = name end
  end
  table.sort(unexpected)
  local problems = {}
  local function report(title, names)
    if #names == 0 then return end
    local more = #names > 8 and (", and %d more"):format(#names - 8) or ""
    problems[#problems + 1] = ("  %s: %s%s"):format(title, table.concat(names, ", ", 1, math.min(8, #names)), more)
  end
  report("do not fit", wrong)
  if strict then
    report("missing", missing)
    report("unexpected", unexpected)
  end
  if #problems > 0 then
    fail("load_state_dict: %s\n%s", Module.label(self), table.concat(problems, "\n"))
  end
  core.no_grad(function()
    for _, copy in ipairs(copies) do copy[1]:copy_(copy[2]) end
  end)
  return missing, unexpected
end

-- --- looking ----------------------------------------------------------------------------

--- What stands behind the class name in the printed tree; classes override it.
-- Call: net:describe() -> string
-- Errors: none.
-- Example:
--   > nn.BasicBlock(8, 8, {shortcut = "none"}):describe()
--    (plain)
function Module:describe() return "" end

local function tree(module, indent, lines)
  for key, child in module:each_child() do
    local label = indent .. (math.type(key) and ("[%d]"):format(key) or key) .. ": "
    if is.layer(child) then
      lines[#lines + 1] = label .. tostring(child)
    else
      lines[#lines + 1] = label .. Module.type_of(child) .. child:describe()
      tree(child, indent .. "  ", lines)
    end
  end
  return lines
end

function Module:__tostring()
  local name, title = rawget(self, "name"), Module.type_of(self) .. self:describe()
  return table.concat(tree(self, "  ", {name and name .. ": " .. title or title}), "\n")
end

--- What each layer returns, holds and costs for one image, from a real forward; printing it shows a table.
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
function Module:summary(shape)
  called_on(self, "summary")
  return summary(self, shape)
end

--- Multiply-accumulates of convolutions and linear layers for one input of shape {C, H, W}.
-- Call: net:macs {C, H, W} -> number
-- Units: multiply-accumulates.
-- Errors: raises unless the shape fits the network.
-- Example:
--   > models.resnet20():macs {3, 32, 32}
--   40551040
function Module:macs(shape)
  called_on(self, "macs")
  return self:summary(shape).macs
end

-- Layers of the core answer these too.
for _, name in ipairs {"each_child", "named_modules", "modules", "requires_grad_", "state_dict", "load_state_dict",
                       "summary", "macs"} do
  core.layer_methods[name] = Module[name]
end
for name, method in pairs(hooks) do core.layer_methods[name] = method end
core.layer_methods.get_submodule = Module.get_submodule

return Module
