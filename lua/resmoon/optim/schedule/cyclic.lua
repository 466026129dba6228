--- Cyclic rates: from base_lr straight up to max_lr in step_size_up steps, straight down in step_size_down, and again.
--
-- With mode "triangular2" every cycle is half as high as the one before; with "exp_range" step t is gamma^t as high.
-- Momentum (Adam: its first beta) goes the other way: it is max_momentum at base_lr and base_momentum at max_lr.
-- Source: Smith 2017, arXiv:1506.01186, section 3.2; in PyTorch 1.13's form (CyclicLR). Where that refuses
-- cycle_momentum for an optimizer without momentum, Adam's beta turns here, as in later versions.
--
-- Call: optim.schedule.Cyclic(opt, {base_lr =, max_lr =, step_size_up = 2000, step_size_down = step_size_up,
--     mode = "triangular", gamma = 1, cycle_momentum = true, base_momentum = 0.8, max_momentum = 0.9}) -> schedule
-- Call: optim.schedule.CyclicLR(opt, {options}) -> schedule
-- Units: sizes count calls of schedule:step(), one for each batch; they need not be whole numbers.
-- Errors: raises for an unknown option or mode, without base_lr or max_lr, and for a size that is not above 0.
-- Example:
--   > opt = optim.SGD({rm.ones(1, {requires_grad = true})}, {momentum = 0.9})
--   > options = {base_lr = 0.1, max_lr = 0.5, step_size_up = 2}
--   > schedule = optim.schedule.CyclicLR(opt, options)
--   > for t = 0, 2 do print(t, opt.lr, opt.momentum); schedule:step() end
--   0  0.1  0.9
--   1  0.3  0.85
--   2  0.5  0.8
local core     = require "resmoon.core"
local check    = require "resmoon.base.check"
local class    = require "resmoon.base.class"
local fail     = require "resmoon.base.fail"
local Schedule = require "resmoon.optim.schedule.schedule"

local Cyclic = class("Cyclic", Schedule)
Cyclic.required = {base_lr = "nonnegative", max_lr = "nonnegative"}
Cyclic.kinds = {gamma = "nonnegative", base_momentum = "nonnegative", max_momentum = "nonnegative"}
Cyclic.defaults = {step_size_up = 2000, mode = "triangular", gamma = 1.0, cycle_momentum = true, base_momentum = 0.8,
                   max_momentum = 0.9}

-- How high step t of a cycle (the first is 1) is, of the whole height.
local heights = {
  triangular  = function() return 1 end,
  triangular2 = function(_, cycle) return core.math.pow(0.5, cycle - 1) end,
  exp_range   = function(self, _, t) return core.math.pow(self.gamma, t) end,
}

function Cyclic:init(optimizer, options)
  check("schedule.Cyclic(options: table?)", options)
  local given = {}
  for key, value in pairs(options or {}) do given[key] = value end
  self.step_size_down, given.step_size_down = given.step_size_down, nil
  local mode, up = given.mode or "triangular", given.step_size_up or 2000
  if not heights[mode] then
    fail("schedule.Cyclic: mode is %s, expected 'triangular', 'triangular2' or 'exp_range'", mode)
  end
  local down = self.step_size_down == nil and up or self.step_size_down
  self.step_size_down = down
  for _, each in ipairs {{"step_size_up", up}, {"step_size_down", down}} do
    check.value("schedule.Cyclic", each[1], each[2], {"positive"})
  end
  Schedule.init(self, optimizer, given)
  for g = 1, #self.base do self.base[g] = self.base_lr end
end

function Cyclic:apply()
  local total = self.step_size_up + self.step_size_down
  local ratio, cycle = self.step_size_up / total, math.floor(1 + self.t / total)
  local x = 1 + self.t / total - cycle
  local part = x <= ratio and x / ratio or (x - 1) / (ratio - 1)
  local height = part * heights[self.mode](self, cycle, self.t)
  local rate = self.base_lr + (self.max_lr - self.base_lr) * height
  local momentum = self.max_momentum - (self.max_momentum - self.base_momentum) * height
  for _, group in ipairs(self.optimizer.groups) do
    group.lr = rate
    if self.cycle_momentum then
      if group.betas then group.betas = {momentum, group.betas[2]}
      elseif group.momentum then group.momentum = momentum end
    end
  end
end

return Cyclic
