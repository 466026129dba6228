--- Exercise 02: tensors and gradients.
local core  = require "resmoon.core"
local facts = require "resmoon.lessons.facts"

local function judge_standardize(judge, standardize)
  local x = 3 * core.randn(20, 4) + core.tensor {5, -2, 0, 100}
  local before = x:clone()
  local ok, y = judge:call("standardize(x)", standardize, x)
  if not ok or not judge:shape("standardize(x) has the shape of x", y, {20, 4}) then return end
  judge:that("x itself is unchanged", facts.close(x, before, 0))
  judge:that("the mean of each column is 0", facts.close(y:mean(1), core.zeros(4), 1e-4))
  local deviation = (y - y:mean(1)):pow(2):mean(1):sqrt()
  judge:that("the standard deviation of each column is 1",
             facts.close(deviation, core.ones(4), 1e-3) or facts.close(y:std(1), core.ones(4), 1e-3))
end

local function judge_slope(judge, slope)
  local function cube(x) return x * x * x end
  local ok, value = judge:call("slope(x -> x^3, 2)", slope, cube, 2)
  if not ok then return end
  judge:number("the slope of x^3 at 2", value, 12, 1e-4)
  ok, value = judge:call("slope(x -> x^3, 2), once more", slope, cube, 2)
  if ok then judge:number("the slope is the same when it is asked for again", value, 12, 1e-4) end
  ok, value = judge:call("slope(x -> exp(-x), 0.5)", slope, function(x) return (-x):exp() end, 0.5)
  if ok then judge:number("the slope of exp(-x) at 0.5", value, -core.math.exp(-0.5), 1e-4) end
  ok, value = judge:call("slope(x -> |x|, -3)", slope, function(x) return x:abs() end, -3)
  if ok then judge:number("the slope of |x| at -3", value, -1, 1e-4) end
end

return {
  {name = "standardize", kind = "function", judge = judge_standardize,
   task = "standardize(x) takes a tensor (N, D) and returns a new one, each of whose columns has mean 0 and standard "
          .. "deviation 1"},
  {name = "slope", kind = "function", judge = judge_slope,
   task = "slope(f, at) returns the derivative of f at a number, as a number; f takes a tensor of one element, and "
          .. "returns one"},
}
