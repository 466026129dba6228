--- The checks themselves: each must fail where it should.
local check = require "support.check"

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
