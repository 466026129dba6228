--- A rate that a function of your own gives: the starting rate times lr_lambda(t), t from 0 on.
--
-- Call: optim.schedule.Lambda(opt, {lr_lambda =}) -> schedule
-- Call: optim.schedule.LambdaLR(opt, lr_lambda) -> schedule
-- Shapes: lr_lambda is a function, or a list with a function for each parameter group.
-- Units: t counts calls of schedule:step(): 0 during the first epoch, or step.
-- Errors: raises for what is no function, another number of functions than groups, and where one does not give a
--  number from 0 on. A checkpoint holds t and the starting rates, not the function: whoever resumes gives it again.
-- Source: PyTorch 1.13's LambdaLR.
-- Example:
--   > opt = optim.SGD({rm.ones(1, {requires_grad = true})}, {lr = 1})
--   > schedule = optim.schedule.LambdaLR(opt, function(t) return 0.5 ^ t end)
--   > for t = 0, 2 do print(t, opt.lr); schedule:step() end
--   0  1.0
--   1  0.5
--   2  0.25
local class    = require "resmoon.base.class"
local fail     = require "resmoon.base.fail"
local Schedule = require "resmoon.optim.schedule.schedule"

local Lambda = class("Lambda", Schedule)

local function callable(f) return type(f) == "function" or type((getmetatable(f) or {}).__call) == "function" end

function Lambda:init(optimizer, options)
  if callable(options) then options = {lr_lambda = options} end
  local given, rest = type(options) == "table" and options.lr_lambda, {}
  for key, value in pairs(type(options) == "table" and options or {}) do
    if key ~= "lr_lambda" then rest[key] = value end
  end
  local list, groups = given, type(optimizer) == "table" and optimizer.groups or {}
  if callable(given) then
    list = {}
    for g = 1, #groups do list[g] = given end
  elseif type(given) ~= "table" then
    fail("schedule.Lambda: lr_lambda is a %s, expected a function of t, or one for each group", type(given or nil))
  elseif #given ~= #groups then
    fail("schedule.Lambda: %d functions, but the optimizer has %d groups", #given, #groups)
  end
  for g, f in ipairs(list) do
    if not callable(f) then fail("schedule.Lambda: lr_lambda %d is %k, expected a function", g, f) end
  end
  self.lambdas = list
  Schedule.init(self, optimizer, rest)
end

function Lambda:apply()
  local rates = {}
  for g, base in ipairs(self.base) do
    local factor = self.lambdas[g](self.t)
    if type(factor) ~= "number" or not (factor >= 0 and factor < math.huge) then
      fail("schedule.Lambda: lr_lambda(%d) is %s, expected a number from 0", self.t, factor)
    end
    rates[g] = base * factor
  end
  for g, group in ipairs(self.optimizer.groups) do group.lr = rates[g] end
end

return Lambda
