--- Softmax and log-softmax: references, gradients, dimensions, layouts.
local check = require "support.check"
local rm    = require "resmoon"

local case = check.case

for _, name in ipairs {"softmax_01", "softmax_02", "softmax_03", "log_softmax_01", "log_softmax_02"} do
  check.reference("ops/" .. name)
end

local function channels_last(x) return x:permute(1, 3, 4, 2):contiguous():permute(1, 4, 2, 3) end

case("along any dimension and in any layout", function()
  local x = rm.randn(3, 11, 4, 5)
  for dim = 1, 4 do
    local e = (x - x:max(dim, {keepdim = true})):exp()
    local expected = e / e:sum(dim, {keepdim = true})
    for _, y in ipairs {x, channels_last(x), x:transpose(1, 4):contiguous():transpose(1, 4)} do
      check.close(y:softmax(dim), expected)
      check.close(y:log_softmax(dim), expected:log(), {rtol = 1e-5, atol = 1e-5})
      check.close(y:softmax(dim - 5), expected)
    end
  end
  check.equal(x:softmax(), x:softmax(4))
end)

case("gradients", function()
  local x = rm.randn(3, 5, 2)
  for dim = 1, 3 do
    check.gradients(function(t) return t:softmax(dim) end, x, {step = 0.02})
    check.gradients(function(t) return t:log_softmax(dim) end, x, {step = 0.02})
  end
  check.gradients(function(t) return channels_last(t):softmax(2) end, rm.randn(2, 4, 3, 2), {step = 0.02})
end)

case("large scores overflow nothing", function()
  check.equal(rm.tensor({1e30, 0, -1e30}):softmax():totable(), {1, 0, 0})
  check.close(rm.tensor({1000, 1000}):log_softmax(), rm.tensor {-math.log(2), -math.log(2)})
  check.equal(rm.tensor({0 / 0, 1}):softmax():ne(0):all():item(), 1)   -- NaN stays
end)

case("messages", function()
  check.error(function() return rm.ones(2, 3):softmax(3) end, "softmax: dimension 3 is out of range")
  check.error(function() return rm.ones({2}, "int64"):log_softmax(1) end, "log_softmax: x is int64, expected float32")
end)
