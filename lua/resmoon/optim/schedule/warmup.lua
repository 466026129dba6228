--- A linear warm-up in front of any other schedule.
--
-- During step t < warmup_steps the other schedule's rate is multiplied by
-- f + (1 - f) * t / warmup_steps, f = start_factor. The other schedule counts from step 0
-- all the while: its milestones are not moved.
-- Source: Goyal et al. 2017, arXiv:1706.02677, section 2.2.
--
-- Call: optim.schedule.Warmup(schedule, {warmup_steps =, start_factor = 0.1}) -> schedule
-- Units: warmup_steps counts calls of schedule:step().
-- Errors: raises unless a schedule and warmup_steps are given.
-- Example:
--   > opt = optim.SGD({rm.ones(1, {requires_grad = true})}, {lr = 1})
--   > inner = optim.schedule.MultiStep(opt, {milestones = {50}})
--   > options = {warmup_steps = 4, start_factor = 0}
--   > schedule = optim.schedule.Warmup(inner, options)
--   > for t = 0, 4 do print(t, opt.lr); schedule:step() end
--   0  0.0
--   1  0.25
--   2  0.5
--   3  0.75
--   4  1.0
local options_of = require "resmoon.base.options"
local class = require "resmoon.base.class"
local fail  = require "resmoon.base.fail"
local shown = require "resmoon.base.shown"
local text  = require "resmoon.base.text"

local Warmup = class("Warmup")

--- schedule: any schedule. options: warmup_steps, start_factor (0.1).
function Warmup:init(schedule, options)
  if type(schedule) ~= "table" or type(schedule.optimizer) ~= "table" then
    fail("schedule.Warmup: expected a schedule, got %k", schedule)
  end
  options = options_of("schedule.Warmup", options, {warmup_steps = "nonnegative", start_factor = "nonnegative"})
  if not options.warmup_steps then fail("schedule.Warmup: warmup_steps is missing, expected a number of steps") end
  self.schedule, self.optimizer, self.t = schedule, schedule.optimizer, 0
  self.warmup_steps, self.start_factor = options.warmup_steps, options.start_factor or 0.1
  self:apply()
end

-- The inner schedule has just set the rates.
function Warmup:apply()
  if self.t >= self.warmup_steps then return end
  local factor = self.start_factor + (1 - self.start_factor) * self.t / self.warmup_steps
  for _, group in ipairs(self.optimizer.groups) do group.lr = group.lr * factor end
end

function Warmup:step(metric)
  self.schedule:step(metric)
  self.t = self.t + 1
  self:apply()
end

function Warmup:__tostring()
  return ("Warmup{%s}  of %s"):format(text.settings(self, {"warmup_steps", "start_factor"}), tostring(self.schedule))
end

function Warmup:state_dict()
  return shown.mark {t = self.t, schedule = self.schedule:state_dict()}
end

function Warmup:load_state_dict(state) self:prepare_state_dict(state)() end

function Warmup:prepare_state_dict(state)
  if type(state) ~= "table" or math.type(state.t) ~= "integer" or state.t < 0 then
    fail("schedule.Warmup: load_state_dict: expected what state_dict gave, got %k without it", state)
  end
  local inner = self.schedule:prepare_state_dict(state.schedule)
  return function()
    self.t = state.t
    inner()
    self:apply()
  end
end

return Warmup
