--- What all optimizers share: parameter groups, options, state that can be saved.
--
-- A group is a list of parameters with its own options; `optim.SGD(net:parameters(), ...)`
-- has one. An option of the optimizer reads as that of the first group and writes to all of
-- them, so `opt.lr = 0.01` and a schedule need not know about groups.
-- A parameter without gradient is skipped, and does not count the step.
--
-- Call: optim.Optimizer
-- Shapes: params are tensors of any shape; every state tensor has the shape of its parameter.
-- Errors: raises for an unknown option, a parameter that is no leaf tensor or appears twice, or an empty list.
-- Example:
--   > net = models.mlp()
--   > slow = {params = net.fc1:parameters(), lr = 0.01}
--   > fast = {params = net.fc2:parameters()}
--   > opt = optim.SGD({slow, fast}, {lr = 0.1})
--   > opt.groups[1].lr, opt.groups[2].lr
--   0.01  0.1
--   > opt.lr = 0.001
--   > opt.groups[2].lr
--   0.001
local check = require "resmoon.base.check"
local core  = require "resmoon.core"
local class = require "resmoon.base.class"
local fail  = require "resmoon.base.fail"
local group_options = require "resmoon.optim.group_options"
local is    = require "resmoon.base.is"
local kind  = require "resmoon.nn.kind"
local lists = require "resmoon.base.list"
local shown = require "resmoon.base.shown"
local text  = require "resmoon.base.text"
local options_of = require "resmoon.base.options"
local rehearsal = require "resmoon.base.rehearsal"

check.kind("group", "a group of an optimizer", function(v)
  return type(v) == "table" and type(v.params) == "table" and type(v.state) == "table"
end)

local Optimizer = class("Optimizer")

check.kind("optimizer", "an optimizer", Optimizer.is)

-- State tensors that are only kept with an option that is neither 0 nor false: name -> option.
Optimizer.optional = {}

-- What an option may be, a kind of base/check.lua; without one, what has the type of the default. And what others must
-- be where one is true: needs = {nesterov = {momentum = "positive"}}.
Optimizer.kinds, Optimizer.needs = {lr = "nonnegative"}, {}

-- Options are read and written through the object; all else is an ordinary field.
function Optimizer:__index(key)
  local cls = getmetatable(self)
  local value = cls[key]
  if value == nil then
    local groups = rawget(self, "groups")
    if groups and cls.defaults[key] ~= nil then return groups[1][key] end
  end
  return value
end

function Optimizer:__newindex(key, value)
  if getmetatable(self).defaults[key] == nil then return rawset(self, key, value) end
  for _, group in ipairs(self.groups) do group[key] = value end
end

local function new_group(cls, params, options, all)
  local group = {params = {}}
  for key, default in pairs(cls.defaults) do
    if options[key] == nil then group[key] = default else group[key] = options[key] end
  end
  for i = 1, #params do  -- ipairs would end at a nil
    local p = params[i]
    if not is.tensor(p) then
      fail("optim.%s: parameter %d is %k, expected a tensor", cls.__name, i, p)
    end
    if not p.is_leaf then
      fail("optim.%s: parameter %d is computed from other tensors, expected a leaf",
        cls.__name, i)
    end
    group.params[i] = p
    all[#all + 1] = p
  end
  lists.check("optim." .. cls.__name, params, "parameters")
  if #group.params == 0 then
    fail("optim.%s: no parameters to optimize", cls.__name)
  end
  -- steps[i]: how many steps params[i] has made; state.NAME[i]: what is remembered of it.
  group.steps, group.state = {}, {}
  for i = 1, #group.params do group.steps[i] = 0 end
  for _, name in ipairs(cls.states) do group.state[name] = {} end
  return group
end

--- params: a list of tensors, or of groups {params = list, lr = ...} with options of their own.
-- options: the defaults of all groups; every class names its own.
function Optimizer:init(params, options)
  local cls = getmetatable(self)
  if not cls.defaults then fail("optim.%s: it is what optimizers share; make one of them, as optim.SGD", cls.__name) end
  options = options or {}
  if type(params) ~= "table" or not shown.is_plain(params) then
    fail("optim.%s: expected a list of parameters (net:parameters()), got %s",
      cls.__name, type(params) == "table" and tostring(getmetatable(params).__name) or type(params))
  end
  group_options.check_given(cls, options)
  local groups, all = {}, {}
  if type(params[1]) == "table" then
    for i = 1, #params do
      local given = params[i]
      if type(given) ~= "table" then
        fail("optim.%s: group %d is %k, expected a table", cls.__name, i, given)
      end
      group_options.check_given(cls, given, true)
      local merged = {}
      for key, value in pairs(options) do merged[key] = value end
      for key, value in pairs(given) do merged[key] = value end
      groups[i] = new_group(cls, given.params or {}, merged, all)
    end
    lists.check("optim." .. cls.__name, params, "groups")
  else
    groups[1] = new_group(cls, params, options, all)
  end
  local twice = core.find_duplicate(all)
  if twice then fail("optim.%s: parameter %d appears twice", cls.__name, twice) end
  rawset(self, "groups", shown.mark(groups))
  for _, group in ipairs(groups) do group_options.check(cls, group) end
end

--- One step: every parameter with a gradient moves; the class says how.
-- Call: opt:step() -> nothing
-- Shapes: parameters and gradients of equal shape; a parameter without gradient stays.
-- Errors: raises for a gradient of another shape, or an option that was set to what it cannot be.
-- Example:
--   > w = rm.tensor({1}, {requires_grad = true})
--   > opt = optim.SGD({w}, {lr = 0.5})
--   > w:sum():backward()
--   > opt:step()
--   > w
--   [0.5000]  float32 (1), requires_grad
function Optimizer:step()
  rehearsal.meets {kind = "step", text = "a step of an optimizer"}
  core.no_grad(function()
    local cls = getmetatable(self)
    for _, group in ipairs(self.groups) do group_options.check(cls, group) end
    for _, group in ipairs(self.groups) do
      for i, p in ipairs(group.params) do
        if p.grad then group.steps[i] = group.steps[i] + 1 end
      end
      self:step_group(group)
    end
  end)
end

--- The list of state tensors `name`, with a zero for every parameter that needs one now.
-- Call: opt:state_list(group, name) -> list of tensors
-- Shapes: each as its parameter.
-- Errors: none. Classes of optimizers call it.
-- Example:
--   > w = rm.ones(2, {requires_grad = true})
--   > w:sum():backward()
--   > opt = optim.SGD({w}, {momentum = 0.9})
--   > opt:state_list(opt.groups[1], "velocity")
--   {[0., 0.]  float32 (2)}
function Optimizer:state_list(group, name)
  check("Optimizer.state_list(group: group, name: string)", group, name)
  local list = group.state[name]
  for i, p in ipairs(group.params) do
    if not list[i] and p.grad then list[i] = p:detach():clone():zero_() end
  end
  return list
end

--- Forgets all gradients.
-- Call: opt:zero_grad() -> nothing
-- Shapes: each parameter's .grad becomes nil.
-- Errors: none.
-- Example:
--   > w = rm.ones(2, {requires_grad = true})
--   > w:sum():backward()
--   > optim.SGD({w}):zero_grad()
--   > w.grad
--   nil
function Optimizer:zero_grad()
  for _, group in ipairs(self.groups) do
    for _, p in ipairs(group.params) do p.grad = nil end
  end
end

-- What of group i's parameters is kept: new lists in the place of all that run along them.
local function keep(group, wanted)
  local old, state = {params = group.params, steps = group.steps, state = group.state}, {}
  group.params, group.steps = {}, {}
  for name in pairs(old.state) do state[name] = {} end
  group.state = state
  for i, p in ipairs(old.params) do
    if wanted(p) then
      local n = #group.params + 1
      group.params[n], group.steps[n] = p, old.steps[i]
      for name, list in pairs(old.state) do state[name][n] = list[i] end
    end
  end
  return #old.params - #group.params
end

--- After a network was changed, trains what it is now.
--
-- Parameters that net no longer has are dropped with their momentum; its new ones join the last group
-- with that group's options; all others keep momentum and count of steps. Frozen ones do not join. train.Trainer
-- calls this before it trains, with what its optimizer was given at first: a part of the network that was
-- left out stays so, and a parameter of the loss stays in.
--
-- Call: opt:follow(net, {leave = {}, keep = {}}) -> number of tensors that came, number that went
-- Shapes: each state tensor has that of its parameter.
-- Options: leave  parameters that are not to join
--          keep   parameters that stay though net does not have them
-- Errors: raises where net is not a module, and where nothing would be left to train.
-- Example:
--   > net = nn.Sequential {nn.Linear(2, 3), nn.Linear(3, 2)}
--   > opt = optim.SGD(net:parameters(), {lr = 0.1, momentum = 0.9})
--   > net:replace("1", nn.Linear(3, 5, {bias = false}))
--   Linear(3, 2)  weight (2, 3), bias (2)
--   > opt:follow(net)
--   1  2
function Optimizer:follow(net, options)
  local cls = getmetatable(self)
  if not kind.is_module(net) then
    fail("optim.%s: follow: expected a module or layer, got %k", cls.__name, net)
  end
  options = options_of("Optimizer.follow", options, {keep = "tensor[]", leave = "tensor[]"})
  local there, known, fresh = {}, {}, {}
  for _, p in ipairs(options.keep or {}) do there[core.tensor_key(p)] = true end
  for _, p in ipairs(options.leave or {}) do known[core.tensor_key(p)] = true end
  for _, group in ipairs(self.groups) do
    for _, p in ipairs(group.params) do known[core.tensor_key(p)] = true end
  end
  local kept = false
  for _, p in net:named_parameters() do
    local key = core.tensor_key(p)
    there[key] = true
    if not known[key] and p.requires_grad then fresh[#fresh + 1] = p end
  end
  local function wanted(p) return there[core.tensor_key(p)] end
  for _, group in ipairs(self.groups) do
    for _, p in ipairs(group.params) do kept = kept or wanted(p) end
  end
  if not kept and #fresh == 0 then fail("optim.%s: follow: the network has no parameter to train", cls.__name) end
  local gone = 0
  for _, group in ipairs(self.groups) do gone = gone + keep(group, wanted) end
  local last = self.groups[#self.groups]
  for _, p in ipairs(fresh) do
    local n = #last.params + 1
    last.params[n], last.steps[n] = p, 0
  end
  return #fresh, gone
end

--- Everything a resumed run needs: {tensors = {name = tensor}, numbers = {groups}}.
-- Tensors are named "STATE.I", I counting parameters over all groups from 1; they share
-- memory with the optimizer. `numbers` holds plain tables and goes into JSON.
-- Call: opt:state_dict() -> table
-- Shapes: each state tensor as its parameter.
-- Errors: none.
-- Example:
--   > opt = optim.SGD({rm.ones(2, {requires_grad = true})}, {lr = 0.1})
--   > opt:state_dict().numbers.groups[1].options.lr
--   0.1
function Optimizer:state_dict()
  local tensors, groups, base = {}, {}, 0
  for g, group in ipairs(self.groups) do
    local options = {}
    for key in pairs(getmetatable(self).defaults) do options[key] = group[key] end
    groups[g] = {options = options, steps = {table.unpack(group.steps)}}
    for name, list in pairs(group.state) do
      for i = 1, #group.params do
        if list[i] then tensors[name .. "." .. base + i] = list[i] end
      end
    end
    base = base + #group.params
  end
  return shown.mark {optimizer = getmetatable(self).__name, tensors = tensors, numbers = {groups = groups}}
end

-- Copies of the state tensors of a group. `seen` notes the names that were there.
local function copies(cls, group, saved, tensors, base, seen)
  local copied = {}
  for name in pairs(group.state) do
    copied[name] = {}
    local option = cls.optional[name]
    local wanted = not option or saved.options[option] and saved.options[option] ~= 0
    for i, p in ipairs(group.params) do
      local key = name .. "." .. base + i
      local given = tensors[key]
      if given then
        seen[key] = true
        local own = p:detach():clone()
        local ok, message = pcall(own.copy_, own, given)
        if not ok then fail("optim.%s: %s: %s", cls.__name, key, message) end
        copied[name][i] = own
      elseif wanted and saved.steps[i] > 0 then
        fail("optim.%s: the state lacks %s, of a parameter that has made %d steps", cls.__name, key, saved.steps[i])
      end
    end
  end
  return shown.mark(copied)
end

--- What load_state_dict does, in two halves: looks at all of a state, and returns the function that takes it over.
-- Call: opt:prepare_state_dict(state) -> function
-- Shapes: each state tensor as its parameter.
-- Errors: raises where class, groups or shapes differ, and where something is missing or left over. The function
-- raises nothing.
-- Example:
--   > w = rm.ones(2, {requires_grad = true})
--   > a, b = optim.SGD({w}, {lr = 0.1}), optim.SGD({w}, {lr = 0.5})
--   > take_over = b:prepare_state_dict(a:state_dict())
--   > b.lr
--   0.5
--   > take_over()
--   > b.lr
--   0.1
function Optimizer:prepare_state_dict(state)
  if type(state) ~= "table" or type(state.numbers) ~= "table" or type(state.numbers.groups) ~= "table"
     or type(state.tensors) ~= "table" then
    fail("optim: load_state_dict: expected what state_dict gave, got %k without it", state)
  end
  local cls, groups = getmetatable(self), state.numbers.groups
  if state.optimizer ~= cls.__name then
    fail("optim.%s: the state is of %s", cls.__name, state.optimizer)
  end
  if #groups ~= #self.groups then
    fail("optim.%s: the state has %d groups, the optimizer %d",
      cls.__name, #groups, #self.groups)
  end
  local base, copied, seen = 0, {}, {}
  for g, group in ipairs(self.groups) do
    local reason = group_options.flaw_of_saved(cls, group, groups[g])
    if reason then fail("optim.%s: group %d of the state %s", cls.__name, g, reason) end
    copied[g] = copies(cls, group, groups[g], state.tensors, base, seen)
    base = base + #group.params
  end
  for key in pairs(state.tensors) do
    if not seen[key] then fail("optim.%s: the state has %s, which the optimizer has not", cls.__name, key) end
  end
  return function()
    for g, group in ipairs(self.groups) do
      for key in pairs(cls.defaults) do
        local value = groups[g].options[key]
        if value ~= nil then group[key] = value end
      end
      group.steps = {table.unpack(groups[g].steps)}
      group.state = copied[g]
    end
  end
end

--- Takes over a state_dict: of the same class, with the same groups.
-- Errors: raises, before anything changes, where class, groups or shapes differ.
-- Call: opt:load_state_dict(state) -> nothing
-- Shapes: each state tensor as its parameter.
-- Example:
--   > w = rm.ones(2, {requires_grad = true})
--   > a, b = optim.SGD({w}, {lr = 0.1}), optim.SGD({w}, {lr = 0.5})
--   > b:load_state_dict(a:state_dict())
--   > b.lr
--   0.1
function Optimizer:load_state_dict(state)
  self:prepare_state_dict(state)()
end

function Optimizer:__tostring()
  local cls, lines, names = getmetatable(self), {}, {}
  for name in pairs(cls.defaults) do names[#names + 1] = name end
  for g, group in ipairs(self.groups) do
    local n = 0
    for _, p in ipairs(group.params) do n = n + p:numel() end
    lines[g] = ("%s{%s}  %d tensors, %d numbers"):format(cls.__name, text.settings(group, names), #group.params, n)
  end
  return table.concat(lines, "\n")
end

return Optimizer
