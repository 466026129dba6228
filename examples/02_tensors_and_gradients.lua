-- Lesson 02. Tensors are numbers with a shape; the tape remembers how a number came about, and walks back.
--
-- Run it: resmoon examples/02_tensors_and_gradients.lua. It prints:
--   float32 {2, 3}, row 2, column 3: 6
--   column sums: 5.0 7.0 9.0
--   minus the columns' means: -1.5 -1.5 -1.5 1.5 1.5 1.5
--   a view writes through: 100
--   dy/dw at 2: 7
--   gradients add up until someone clears them: 14
--   by two nearby values: 7.000
--   step 1: y = 0.333 u + 0.400, loss 2.66667
--   step 10: y = 1.677 u + 0.994, loss 0.06270
--   step 200: y = 2.000 u + 1.000, loss 0.00000
local rm = require "resmoon"

-- Everything counts from 1: elements, dimensions, class labels.
local x = rm.tensor {{1, 2, 3}, {4, 5, 6}}
print(("%s %s, row 2, column 3: %g"):format(x.dtype, x.shape, x[2][3]:item()))
print("column sums:", table.concat(x:sum(1):totable(), " "))

-- A number, a row or a column stretches over the rest.
print("minus the columns' means:", table.concat((x - x:mean(1)):flatten():totable(), " "))

-- x[...] is a view: it shares memory with x.
local corner = x[{1, {1, 2}}]
corner[1] = 100
print(("a view writes through: %g"):format(x[1][1]:item()))

-- The derivative of y = w^2 + 3w is 2w + 3.
local w = rm.tensor(2.0):requires_grad_(true)
local function f(v) return v * v + 3 * v end
f(w):backward()
print(("dy/dw at 2: %g"):format(w.grad:item()))
f(w):backward()
print(("gradients add up until someone clears them: %g"):format(w.grad:item()))

-- The same without a tape: a small step to either side.
local h = 0.01
print(("by two nearby values: %.3f"):format(((f(w + h) - f(w - h)) / (2 * h)):item()))

-- Fit y = a u + b to points on a line, by going down the gradient.
local u = rm.arange(-1, 1, 0.25)
local line = 2 * u + 1
local a, b = rm.tensor(0.0):requires_grad_(true), rm.tensor(0.0):requires_grad_(true)
for step = 1, 200 do
  local loss = (a * u + b - line):pow(2):mean()
  loss:backward()
  rm.no_grad(function()                       -- the update itself is nothing to differentiate
    for _, p in ipairs {a, b} do
      p:sub_(0.2 * p.grad)
      p.grad = nil
    end
  end)
  if step == 1 or step == 10 or step == 200 then
    print(("step %d: y = %.3f u + %.3f, loss %.5f"):format(step, a:item(), b:item(), loss:item()))
  end
end
