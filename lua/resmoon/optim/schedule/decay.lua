--- Schedules that lower the rate by a formula of the step alone.
-- Sources: step decay as in He et al. 2016, arXiv:1512.03385, section 4.2 (divide by 10 at
-- given epochs); cosine: Loshchilov and Hutter 2017, arXiv:1608.03983, eq. 5 without restarts.
local class    = require "resmoon.class"
local Schedule = require "resmoon.optim.schedule.schedule"

--- rate * gamma^floor(t / step_size)
local Step = class("Step", Schedule)
Step.required, Step.defaults = {step_size = "number"}, {gamma = 0.1}

function Step:rate(t, base) return base * self.gamma ^ (t // self.step_size) end

--- rate * gamma^(milestones passed): the rate falls at step t for every t in milestones.
local MultiStep = class("MultiStep", Schedule)
MultiStep.required, MultiStep.defaults = {milestones = "table"}, {gamma = 0.1}

function MultiStep:rate(t, base)
  local passed = 0
  for _, milestone in ipairs(self.milestones) do
    if t >= milestone then passed = passed + 1 end
  end
  return base * self.gamma ^ passed
end

--- rate * gamma^t
local Exponential = class("Exponential", Schedule)
Exponential.required = {gamma = "number"}

function Exponential:rate(t, base) return base * self.gamma ^ t end

--- Half a cosine from the rate down to eta_min, reached at step T_max.
local Cosine = class("Cosine", Schedule)
Cosine.required, Cosine.defaults = {T_max = "number"}, {eta_min = 0.0}

function Cosine:rate(t, base)
  return self.eta_min + (base - self.eta_min) * (1 + math.cos(math.pi * t / self.T_max)) / 2
end

return {Step = Step, MultiStep = MultiStep, Exponential = Exponential, Cosine = Cosine}
