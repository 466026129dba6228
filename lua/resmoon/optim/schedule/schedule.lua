--- What all schedules share: the optimizer, its starting rates, and where we are.
--
-- `t` counts steps (or epochs: whatever `step` is called for) from 0; the rate set by the
-- schedule is the one in effect during step t. A class gives the rate as a function of t
-- and of the starting rate, so nothing drifts and any t can be resumed at.
local check = require "resmoon.base.check"
local class = require "resmoon.base.class"
local fail  = require "resmoon.base.fail"
local options_of = require "resmoon.base.options"
local shown      = require "resmoon.base.shown"
local text       = require "resmoon.base.text"

local Schedule = class("Schedule")

--- optimizer: its rates now are the starting rates. options: as the class names them.
function Schedule:init(optimizer, options)
  local cls = getmetatable(self)
  if type(optimizer) ~= "table" or type(optimizer.groups) ~= "table" then
    fail("schedule.%s: expected an optimizer, got %k", cls.__name, optimizer)
  end
  self.optimizer, self.t, self.base = optimizer, 0, {}
  for g, group in ipairs(optimizer.groups) do self.base[g] = group.lr end
  local known = {}
  for key, default in pairs(cls.defaults) do known[key] = cls.kinds[key] or type(default) end
  for key, kind in pairs(cls.required) do known[key] = kind end
  for key, value in pairs(options_of("schedule." .. cls.__name, options, known)) do self[key] = value end
  for key, default in pairs(cls.defaults) do
    if self[key] == nil then self[key] = default end
  end
  for key, kind in pairs(cls.required) do
    if self[key] == nil then
      check.value("schedule." .. cls.__name, key, nil, {kind})
    end
  end
  self:apply()
end

-- Options with their defaults; kinds of those that must be given; kinds of the others, where the type of the default
-- does not say it all (base/check.lua).
Schedule.defaults, Schedule.required, Schedule.kinds = {}, {}, {}

-- The rate in step t, where base is the first one: a class has its own.
function Schedule:rate()
  fail("schedule.%s has no rate(t, base); make one of the schedules, as optim.schedule.Step", getmetatable(self).__name)
end

--- Sets the rate of every group for step t.
-- Call: schedule:apply() -> nothing
-- Errors: none. step calls it.
-- Example:
--   > opt = optim.SGD({rm.ones(1, {requires_grad = true})}, {lr = 1})
--   > schedule = optim.schedule.Exponential(opt, {gamma = 0.5})
--   > schedule.t = 3
--   > schedule:apply()
--   > opt.lr
--   0.125
function Schedule:apply()
  for g, group in ipairs(self.optimizer.groups) do group.lr = self:rate(self.t, self.base[g]) end
end

--- Moves on to the next step. A metric is only looked at by schedules that need one.
-- Call: schedule:step() -> nothing
-- Call: schedule:step(metric) -> nothing
-- Units: steps or epochs, whichever it is called for. A class gives the rate as rate(t, base): at step t,
-- from the starting rate.
-- Errors: Plateau raises unless the metric is a number.
-- Example:
--   > opt = optim.SGD({rm.ones(1, {requires_grad = true})}, {lr = 1})
--   > schedule = optim.schedule.Exponential(opt, {gamma = 0.5})
--   > schedule:step()
--   > opt.lr, schedule:rate(3, 1)
--   0.5  0.125
function Schedule:step(_)
  self.t = self.t + 1
  self:apply()
end

-- "Step{gamma = 0.1, step_size = 2}  step 3, lr 0.01": settings, steps done, and the rates that are in effect.
function Schedule:__tostring()
  local cls, names, rates = getmetatable(self), {}, {}
  for _, settings in ipairs {cls.required, cls.defaults} do
    for name in pairs(settings) do names[#names + 1] = name end
  end
  for g, group in ipairs(self.optimizer.groups) do rates[g] = ("%.6g"):format(group.lr) end
  return ("%s{%s}  step %d, lr %s"):format(cls.__name, text.settings(self, names), self.t, table.concat(rates, " "))
end

--- Plain numbers, for a checkpoint.
-- Call: schedule:state_dict() -> table
-- Call: schedule:load_state_dict(state) -> nothing
-- Errors: raises for what is no such state.
-- Example:
--   > opt = optim.SGD({rm.ones(1, {requires_grad = true})}, {lr = 1})
--   > schedule = optim.schedule.Exponential(opt, {gamma = 0.5})
--   > schedule:step()
--   > schedule:state_dict()
--   {base = {1}, t = 1}
function Schedule:state_dict()
  return shown.mark {t = self.t, base = {table.unpack(self.base)}}
end

function Schedule:load_state_dict(state) self:prepare_state_dict(state)() end

--- What load_state_dict does, in two halves: looks at a state, and returns the function that takes it over.
-- Call: schedule:prepare_state_dict(state) -> function
-- Errors: raises for what is no such state, or one of an optimizer with another number of groups.
-- Example:
--   > opt = optim.SGD({rm.ones(1, {requires_grad = true})}, {lr = 1})
--   > schedule = optim.schedule.Exponential(opt, {gamma = 0.5})
--   > schedule:prepare_state_dict({t = 2, base = {1}})()
--   > opt.lr
--   0.25
function Schedule:prepare_state_dict(state)
  local name = getmetatable(self).__name
  if type(state) ~= "table" or math.type(state.t) ~= "integer" or state.t < 0 or type(state.base) ~= "table" then
    fail("schedule.%s: load_state_dict: expected what state_dict gave, got %k without it", name, state)
  end
  if #state.base ~= #self.base then
    fail("schedule.%s: the state is of %d groups, the optimizer has %d", name, #state.base, #self.base)
  end
  for g, rate in ipairs(state.base) do
    if type(rate) ~= "number" or not (rate >= 0 and rate < math.huge) then
      fail("schedule.%s: the state's rate of group %d is %s", name, g, rate)
    end
  end
  return function()
    self.t, self.base = state.t, {table.unpack(state.base)}
    self:apply()
  end
end

return Schedule
