--- Exercise 12: the one-cycle rate.
local optim = require "resmoon.optim"
local core  = require "resmoon.core"

-- The rates of optim.schedule.OneCycle.
local function expected(steps, top)
  local optimizer = optim.SGD({core.zeros(1, {requires_grad = true})}, {lr = 0.1})
  local schedule = optim.schedule.OneCycle(optimizer, {max_lr = top, total_steps = steps, cycle_momentum = false})
  local list = {}
  for step = 0, steps - 1 do
    list[step] = optimizer.lr
    if step < steps - 1 then schedule:step() end
  end
  return list
end

local function judge_rate(judge, one_cycle)
  local steps, top = 200, 0.5
  local wanted, rates = expected(steps, top), {}
  for step = 0, steps - 1 do
    local ok, rate = judge:call(("one_cycle(%d, 200, 0.5)"):format(step), one_cycle, step, steps, top)
    if not ok then return end
    if type(rate) ~= "number" then
      judge:that(("one_cycle(%d, 200, 0.5) is a number"):format(step), false, "it is a " .. type(rate))
      return
    end
    rates[step] = rate
  end
  judge:number("the first step has a 25th of the highest rate", rates[0], top / 25, 1e-4)
  local highest, place, rises, falls, worst = -math.huge, 0, true, true, {0, 0}
  for step = 0, steps - 1 do
    if rates[step] > highest then highest, place = rates[step], step end
    if step > 0 and step <= 59 then rises = rises and rates[step] > rates[step - 1] end
    if step > 59 then falls = falls and rates[step] < rates[step - 1] end
    local side = step <= 59 and 1 or 2
    worst[side] = math.max(worst[side], math.abs(rates[step] - wanted[step]))
  end
  judge:number("the highest rate", highest, top, 1e-4)
  judge:that("it is reached after 30 % of the steps", place == 59, ("it is at step %d"):format(place))
  judge:that("the rate rises until then", rises)
  judge:that("and falls from there on", falls)
  judge:that("the way up is half a cosine", worst[1] < 1e-3 * top)
  judge:that("the way down is half a cosine", worst[2] < 1e-3 * top)
  judge:number("the last step has a 10,000th of the first rate", rates[steps - 1], top / 25 / 1e4, 1e-2)
  local ok, other = judge:call("one_cycle(29, 100, 2)", one_cycle, 29, 100, 2)
  if ok then judge:number("another number of steps and another rate", other, 2, 1e-4) end
end

return {
  {name = "one_cycle", kind = "function", judge = judge_rate,
   task = "one_cycle(step, steps, top) returns the rate of a step, counted from 0: from top / 25 along half a cosine "
          .. "up to top, which it has at step 0.3 x steps - 1, and along half a cosine down to top / 25 / 10,000 at "
          .. "the last step"},
}
