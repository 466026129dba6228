-- Autograd: the tape remembers how a number came about, and walks back.
--
-- Run it: resmoon examples/more/autograd.lua. It prints:
--   d(x^2 + 3x)/dx at 2 is 7
--   after a second backward: 14
--   the line through the points is y = 2.00 x + 1.00
local rm = require "resmoon"

local x = rm.tensor(2.0):requires_grad_(true)
local y = x * x + 3 * x
y:backward()
print(("d(x^2 + 3x)/dx at 2 is %g"):format(x.grad:item()))

-- Gradients add up until someone clears them.
local again = x * x + 3 * x
again:backward()
print(("after a second backward: %g"):format(x.grad:item()))

-- Fit y = a x + b to points on a line: gradient descent by hand.
local points = rm.arange(-1, 1, 0.25)
local line = 2 * points + 1
local a = rm.tensor(0.0):requires_grad_(true)
local b = rm.tensor(0.0):requires_grad_(true)
for _ = 1, 200 do
  local loss = (a * points + b - line):pow(2):mean()
  loss:backward()
  rm.no_grad(function()  -- the update itself is nothing to differentiate
    for _, w in ipairs {a, b} do
      w:sub_(0.2 * w.grad)
      w.grad = nil
    end
  end)
end
print(("the line through the points is y = %.2f x + %.2f"):format(a:item(), b:item()))
