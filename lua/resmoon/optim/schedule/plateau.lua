--- Lowers the rate when a metric has stopped improving.
--
-- step(metric) is called after each epoch. Better (mode "min") is below best * (1 - threshold)
-- ("rel") or best - threshold ("abs"), and resets the count of bad epochs. While cooling down,
-- the count stays 0. When the count exceeds patience, the rate becomes
-- max(rate * factor, min_lr), and cooldown and count start anew. Changes below eps are not made.
--
-- Call: optim.schedule.Plateau(opt, {mode = "min", factor = 0.1, patience = 10, threshold = 1e-4,
--     threshold_mode = "rel", cooldown = 0, min_lr = 0, eps = 1e-8}) -> schedule
-- Units: patience and cooldown count calls of schedule:step(metric).
-- Errors: raises for an unknown option, mode or threshold_mode; step for a metric that is not a number. NaN counts as
-- an epoch without a better value.
-- Example:
--   > opt = optim.SGD({rm.ones(1, {requires_grad = true})}, {lr = 0.1})
--   > schedule = optim.schedule.Plateau(opt, {patience = 1, factor = 0.5})
--   > for epoch, loss in ipairs {2, 1, 1, 1} do schedule:step(loss) end
--   > opt.lr
--   0.05
local check    = require "resmoon.base.check"
local class    = require "resmoon.base.class"
local Schedule = require "resmoon.optim.schedule.schedule"
local fail     = require "resmoon.base.fail"

local Plateau = class("Plateau", Schedule)
Plateau.defaults = {
  mode = "min", factor = 0.1, patience = 10, threshold = 1e-4, threshold_mode = "rel",
  cooldown = 0, min_lr = 0.0, eps = 1e-8,
}

Plateau.kinds = {factor = "decay", patience = "nonnegative", threshold = "nonnegative", cooldown = "nonnegative",
                 min_lr = "nonnegative", eps = "nonnegative"}

--- Errors: raises on a mode other than "min" and "max", a threshold_mode other than "rel" and "abs".
function Plateau:init(optimizer, options)
  check("schedule.Plateau(options: table?)", options)
  local mode = options and options.mode or "min"
  local kind = options and options.threshold_mode or "rel"
  if mode ~= "min" and mode ~= "max" then
    fail("schedule.Plateau: mode is %s, expected 'min' or 'max'", mode)
  elseif kind ~= "rel" and kind ~= "abs" then
    fail("schedule.Plateau: threshold_mode is %s, expected 'rel' or 'abs'", kind)
  end
  self.bad, self.cooling = 0, 0
  Schedule.init(self, optimizer, options)
end

-- `base` holds the rates as they are now: this schedule has no formula of t.
function Plateau.rate(_, _, base) return base end

local function better(self, metric)
  local best, sign = self.best, self.mode == "min" and -1 or 1
  if metric ~= metric then return false end   -- NaN is no value: neither the best nor better than one
  if not best then return true end
  local goal = self.threshold_mode == "rel" and best * (1 + sign * self.threshold)
                                             or best + sign * self.threshold
  if self.mode == "min" then return metric < goal end
  return metric > goal
end

--- Errors: raises unless metric is a number.
function Plateau:step(metric)
  if type(metric) ~= "number" then
    fail("schedule.Plateau: step(metric): metric is %k, expected a number", metric)
  end
  self.t = self.t + 1
  if better(self, metric) then
    self.best, self.bad = metric, 0
  else
    self.bad = self.bad + 1
  end
  if self.cooling > 0 then self.cooling, self.bad = self.cooling - 1, 0 end
  if self.bad > self.patience then
    for g, rate in ipairs(self.base) do
      local lower = math.max(rate * self.factor, self.min_lr)
      if rate - lower > self.eps then self.base[g] = lower end
    end
    self.cooling, self.bad = self.cooldown, 0
  end
  self:apply()
end

function Plateau:state_dict()
  local state = Schedule.state_dict(self)
  state.best, state.bad, state.cooling = self.best, self.bad, self.cooling
  return state
end

function Plateau:prepare_state_dict(state)
  local take_over = Schedule.prepare_state_dict(self, state)
  local best = state.best
  if math.type(state.bad) ~= "integer" or math.type(state.cooling) ~= "integer"
     or best ~= nil and (type(best) ~= "number" or best ~= best) then
    fail("schedule.Plateau: load_state_dict: expected what state_dict gave; it lacks best, bad or cooling")
  end
  return function()
    self.best, self.bad, self.cooling = best, state.bad, state.cooling
    take_over()
  end
end

return Plateau
