--- Schedules that lower the rate by a formula of the step alone.
-- Sources: step decay as in He et al. 2016, arXiv:1512.03385, section 4.2 (divide by 10 at
-- given epochs); cosine: Loshchilov and Hutter 2017, arXiv:1608.03983, eq. 5 without restarts.
local core     = require "resmoon.core"
local check    = require "resmoon.base.check"
local class    = require "resmoon.base.class"
local Schedule = require "resmoon.optim.schedule.schedule"

--- A rate that falls after every step_size steps: rate * gamma^floor(t / step_size).
-- Call: optim.schedule.Step(opt, {step_size =, gamma = 0.1}) -> schedule
-- Units: t and step_size count calls of schedule:step().
-- Errors: raises for an unknown option, or without step_size.
-- Example:
--   > opt = optim.SGD({rm.ones(1, {requires_grad = true})}, {lr = 1})
--   > schedule = optim.schedule.Step(opt, {step_size = 2})
--   > for t = 0, 3 do print(t, opt.lr); schedule:step() end
--   0  1.0
--   1  1.0
--   2  0.1
--   3  0.1
local Step = class("Step", Schedule)
Step.required, Step.defaults, Step.kinds = {step_size = "positive"}, {gamma = 0.1}, {gamma = "nonnegative"}

function Step:rate(t, base)
  check("Step.rate(t: number, base: number)", t, base)
  return base * core.math.pow(self.gamma, t // self.step_size)
end

--- A rate that falls at given steps: rate * gamma^(milestones passed); the rate falls at step t for every
-- t in milestones.
-- Call: optim.schedule.MultiStep(opt, {milestones =, gamma = 0.1}) -> schedule
-- Units: milestones count calls of schedule:step().
-- Errors: raises for an unknown option, or without milestones.
-- Source: He et al. 2016, arXiv:1512.03385, section 4.2.
-- Example:
--   > opt = optim.SGD({rm.ones(1, {requires_grad = true})}, {lr = 0.1})
--   > schedule = optim.schedule.MultiStep(opt, {milestones = {81, 122}})
--   > for t = 1, 100 do schedule:step() end
--   > ("%.3f"):format(opt.lr)
--   0.010
local MultiStep = class("MultiStep", Schedule)
MultiStep.required, MultiStep.defaults = {milestones = "finite[]"}, {gamma = 0.1}
MultiStep.kinds = {gamma = "nonnegative"}

function MultiStep:rate(t, base)
  check("MultiStep.rate(t: number, base: number)", t, base)
  local passed = 0
  for _, milestone in ipairs(self.milestones) do
    if t >= milestone then passed = passed + 1 end
  end
  return base * core.math.pow(self.gamma, passed)
end

--- A rate that falls with every step: rate * gamma^t.
-- Call: optim.schedule.Exponential(opt, {gamma =}) -> schedule
-- Errors: raises for an unknown option, or without gamma.
-- Example:
--   > opt = optim.SGD({rm.ones(1, {requires_grad = true})}, {lr = 1})
--   > schedule = optim.schedule.Exponential(opt, {gamma = 0.5})
--   > schedule:step()
--   > opt.lr
--   0.5
local Exponential = class("Exponential", Schedule)
Exponential.required = {gamma = "nonnegative"}

function Exponential:rate(t, base)
  check("Exponential.rate(t: number, base: number)", t, base)
  return base * core.math.pow(self.gamma, t)
end

--- Half a cosine from the rate down to eta_min, reached at step T_max.
-- Call: optim.schedule.Cosine(opt, {T_max =, eta_min = 0}) -> schedule
-- Units: T_max counts calls of schedule:step().
-- Errors: raises for an unknown option, or without T_max.
-- Source: Loshchilov and Hutter 2017, arXiv:1608.03983, eq. 5 without restarts.
-- Example:
--   > opt = optim.SGD({rm.ones(1, {requires_grad = true})}, {lr = 1})
--   > schedule = optim.schedule.Cosine(opt, {T_max = 2})
--   > schedule:step()
--   > ("%.3f"):format(opt.lr)
--   0.500
local Cosine = class("Cosine", Schedule)
Cosine.required, Cosine.defaults, Cosine.kinds = {T_max = "positive"}, {eta_min = 0.0}, {eta_min = "nonnegative"}

function Cosine:rate(t, base)
  check("Cosine.rate(t: number, base: number)", t, base)
  return self.eta_min + (base - self.eta_min) * (1 + core.math.cos(math.pi * t / self.T_max)) / 2
end

return {Step = Step, MultiStep = MultiStep, Exponential = Exponential, Cosine = Cosine}
