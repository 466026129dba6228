--- The checks themselves: each must fail where it should.
local check = require "support.check"
local rm    = require "resmoon"

-- Runs a check that must not hold and returns what it said.
local function complaint(f)
  local ok, message = pcall(f)
  assert(not ok, "the check held, and should not have")
  return message
end

check.case("equal compares tables by content", function()
  check.equal({1, {2, 3}}, {1, {2, 3}})
  complaint(function() check.equal({1, {2, 3}}, {1, {2, 4}}) end)
  complaint(function() check.equal(1, "1") end)
end)

check.case("close takes numbers and nested tables", function()
  check.close(1.0000001, 1)
  check.close({{1, 2}, {3, 4}}, {{1, 2}, {3, 4 + 1e-6}})
  local message = complaint(function() check.close({{1, 2}, {3, 4}}, {{1, 2}, {3, 5}}) end)
  check.that(message:find("1 of 4 elements differ; worst at (2, 2): expected 5, got 4", 1, true), message)
end)

check.case("close refuses another shape, and NaN for a number", function()
  complaint(function() check.close({1, 2}, {1, 2, 3}) end)
  complaint(function() check.close(0 / 0, 1, {atol = 1e9}) end)
  complaint(function() check.close(1, 0 / 0, {atol = 1e9}) end)
  check.close(0 / 0, 0 / 0)
  check.close(math.huge, math.huge)
  complaint(function() check.close(math.huge, 1) end)
end)

check.case("close with a tolerance is relative to the largest element", function()
  check.close({100, 0.009}, {100, 0}, {tolerance = 1e-4})
  complaint(function() check.close({100, 0.02}, {100, 0}, {tolerance = 1e-4}) end)
end)

check.case("error wants an error, and the right one", function()
  check.error(function() error("conv2d: x has 3 channels (expected 64)") end, "(expected 64)")
  check.error(function() error("row 17") end, "row %d+")
  complaint(function() check.error(function() end, "anything") end)
  complaint(function() check.error(function() error("this") end, "that") end)
end)

check.case("a failure names the line of the check", function()
  local message = complaint(function() check.that(false, "no") end)
  check.that(message:find("check_test.lua:", 1, true), message)
end)

check.case("equal and close take tensors, with shape and type", function()
  check.equal(rm.tensor {{1, 2}, {3, 4}}, rm.tensor {{1, 2}, {3, 4}})
  check.close(rm.tensor {1, 2}, {1, 2})
  complaint(function() check.equal(rm.tensor {1, 2}, rm.tensor {{1, 2}}) end)
  complaint(function() check.equal(rm.tensor {1, 2}, rm.tensor({1, 2}, "int64")) end)
  complaint(function() check.close(rm.tensor {1, 2}, rm.tensor {{1, 2}}) end)
  local message = complaint(function() check.equal(rm.tensor {{1, 2}}, rm.tensor {{1, 3}}) end)
  check.that(message:find("element (1, 2): expected 3.0, got 2.0", 1, true), message)
  check.shape(rm.zeros(2, 3), {2, 3})
  complaint(function() check.shape(rm.zeros(2, 3), {3, 2}) end)
end)

check.case("gradients accepts right ones and refuses wrong ones", function()
  local x = rm.randn(3, 4)
  check.gradients(function(a) return a * a end, x)
  check.gradients(function(a, b) return a * b + a end, {x, rm.randn(3, 4)}, {step = 0.1})
  -- the tape misses one of the two ways in which a enters
  local message = complaint(function() check.gradients(function(a) return a * a:detach() end, x) end)
  check.that(message:find("gradient of input 1 at (", 1, true), message)
  -- and here b altogether
  complaint(function() check.gradients(function(a, b) return a * b:detach() end, {x, x}) end)
end)

check.case("gradients knows layers and their parameters", function()
  local layer = {weight = rm.randn(4):requires_grad_(true)}
  function layer:named_parameters()
    return coroutine.wrap(function() coroutine.yield("weight", self.weight) end)
  end
  setmetatable(layer, {__call = function(self, x) return x * self.weight end})
  check.gradients(layer, rm.randn(3, 4), {step = 0.1})
  setmetatable(layer, {__call = function(self, x) return x * self.weight.detach(self.weight) end})
  complaint(function() check.gradients(layer, rm.randn(3, 4), {step = 0.1}) end)
end)
