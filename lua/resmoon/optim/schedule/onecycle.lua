--- One cycle: the rate climbs to max_lr, then falls far below its start; momentum the other way.
--
-- Phases end at steps pct_start * T - 1 and T - 1; with three_phase at pct_start * T - 1,
-- 2 * pct_start * T - 2 and T - 1, which need not be whole numbers. Rates at the ends:
-- max_lr / div_factor, max_lr, (three_phase: the first again,) the first / final_div_factor;
-- momentum (Adam: its first beta): max, base, max. Behind step T - 1 all stays as it is.
-- Source: Smith and Topin 2018, arXiv:1708.07120; in PyTorch's form.
--
-- Call: optim.schedule.OneCycle(opt, {max_lr =, total_steps =, pct_start = 0.3, anneal_strategy = "cos",
--     div_factor = 25, final_div_factor = 1e4, three_phase = false, cycle_momentum = true, base_momentum =
--     0.85, max_momentum = 0.95}) -> schedule
-- Units: total_steps counts calls of schedule:step(), one for each batch.
-- Errors: raises for an unknown option, or without max_lr or total_steps.
-- Example:
--   > opt = optim.SGD({rm.ones(1, {requires_grad = true})}, {momentum = 0.9})
--   > schedule = optim.schedule.OneCycle(opt, {max_lr = 0.4, total_steps = 100})
--   > for t = 1, 29 do schedule:step() end
--   > opt.lr, opt.momentum
--   0.4  0.85
local check    = require "resmoon.base.check"
local core     = require "resmoon.core"
local class    = require "resmoon.base.class"
local Schedule = require "resmoon.optim.schedule.schedule"
local fail     = require "resmoon.base.fail"

local OneCycle = class("OneCycle", Schedule)
OneCycle.required = {max_lr = "nonnegative", total_steps = "positive"}
OneCycle.kinds = {pct_start = "probability", div_factor = "positive", final_div_factor = "positive",
                  base_momentum = "nonnegative", max_momentum = "nonnegative"}
OneCycle.defaults = {
  pct_start = 0.3, anneal_strategy = "cos", div_factor = 25.0, final_div_factor = 1e4,
  three_phase = false, cycle_momentum = true, base_momentum = 0.85, max_momentum = 0.95,
}

local anneal = {
  cos    = function(from, to, x) return to + (from - to) / 2 * (1 + core.math.cos(math.pi * x)) end,
  linear = function(from, to, x) return from + (to - from) * x end,
}

--- Errors: raises if anneal_strategy is neither "cos" nor "linear".
function OneCycle:init(optimizer, options)
  check("schedule.OneCycle(options: table?)", options)
  local strategy = options and options.anneal_strategy or "cos"
  if not anneal[strategy] then
    fail("schedule.OneCycle: anneal_strategy is %s, expected 'cos' or 'linear'",
      strategy)
  end
  Schedule.init(self, optimizer, options)
end

-- {where it ends, rate there, momentum there} for each phase.
local function phases(self)
  local first, last = self.max_lr / self.div_factor, self.total_steps - 1
  local top, low, high = self.pct_start * self.total_steps - 1, self.base_momentum, self.max_momentum
  local list = {{0, first, high}, {top, self.max_lr, low}}
  if self.three_phase then list[3] = {2 * top, first, high} end
  list[#list + 1] = {last, first / self.final_div_factor, high}
  return list
end

-- Rate and momentum in effect during step t.
local function at(self, t)
  local list = phases(self)
  t = math.min(t, self.total_steps - 1)
  local k = 2
  while k < #list and t > list[k][1] do k = k + 1 end
  local from, to = list[k - 1], list[k]
  local x = to[1] > from[1] and (t - from[1]) / (to[1] - from[1]) or 1
  local curve = anneal[self.anneal_strategy]
  return curve(from[2], to[2], x), curve(from[3], to[3], x)
end

function OneCycle:apply()
  local rate, momentum = at(self, self.t)
  for _, group in ipairs(self.optimizer.groups) do
    group.lr = rate
    if self.cycle_momentum then
      if group.betas then group.betas = {momentum, group.betas[2]}
      elseif group.momentum then group.momentum = momentum end
    end
  end
end

return OneCycle
