--- Pooling and dropout: references, gradients, errors.
local check = require "support.check"
local rm    = require "resmoon"

for i = 1, 7 do check.reference(("ops/max_pool2d_%02d"):format(i)) end
for i = 1, 6 do check.reference(("ops/avg_pool2d_%02d"):format(i)) end
for i = 1, 3 do check.reference(("ops/adaptive_avg_pool2d_%02d"):format(i)) end

check.case("gradients", function()
  -- distinct values, further apart than the step: no maximum changes
  local x = (rm.arange(2 * 3 * 5 * 6):float() * 7919 % 180 / 10):reshape(2, 3, 5, 6)
  local options = {step = 0.04, rtol = 1e-3}
  check.gradients(function(t) return t:max_pool2d(3, {stride = 2, padding = 1}) end, x, options)
  check.gradients(function(t) return t:avg_pool2d({2, 3}, {padding = {0, 1}}) end, x, options)
  check.gradients(function(t) return t:adaptive_avg_pool2d({2, 4}) end, x, options)
  check.gradients(function(t) return t:dropout(0.4) end, x, options)
end)

check.case("max_pool2d's indices count from 1 within an image", function()
  local x = rm.tensor {{{{1, 5, 2}, {7, 3, 9}, {4, 8, 6}}}}
  local y, at = x:max_pool2d(2, {stride = 1, return_indices = true})
  check.equal(y:totable(), {{{{7, 9}, {8, 9}}}})
  check.equal(at:totable(), {{{{4, 6}, {8, 6}}}})
end)

check.case("dropout: nothing in evaluation, a mask from its generator in training", function()
  local x = rm.ones(1000)
  check.equal(x:dropout(0.5, false), x)
  local g = rm.generator(5)
  local a, b = x:dropout(0.25, true, g), x:dropout(0.25, true, g)
  check.equal(a, x:dropout(0.25, true, rm.generator(5)))
  check.that((a - b):abs():sum():item() > 0, "two draws are the same")
  rm.manual_seed(1)
  local c = x:dropout(0.25)
  rm.manual_seed(1)
  check.equal(x:dropout(0.25), c)
end)

check.case("errors", function()
  local x = rm.randn(1, 2, 4, 4)
  check.error(function() x:max_pool2d(5) end, "max_pool2d: the window's height 5 exceeds the image's 4 + 2*0")
  check.error(function() x:max_pool2d(2, {strid = 1}) end, "did you mean \"stride\"")
  check.error(function() x:avg_pool2d(2, {padding = 2}) end, "padding must be at most half of the kernel, got 2 of 2")
  check.error(function() rm.randn(4, 4):max_pool2d(2) end, "max_pool2d: x is (4, 4), expected (N, C, H, W)")
  check.error(function() x:dropout(2) end, "dropout: p must be a probability, 0 to 1, got 2")
end)
