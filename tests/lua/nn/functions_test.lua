--- PReLU, ReLU6, Hardsigmoid, Hardswish, Hardtanh and Softplus as modules.
local check = require "support.check"
local rm    = require "resmoon"

local nn = rm.nn

local each = {
  {nn.PReLU(), "PReLU(num_parameters=1)", function(x) return rm.where(x:gt(0), x, 0.25 * x) end},
  {nn.PReLU(3, {init = 0.1}), "PReLU(num_parameters=3)", function(x) return x:leaky_relu(0.1) end},
  {nn.ReLU6(), "ReLU6()", function(x) return x:clamp(0, 6) end},
  {nn.Hardsigmoid(), "Hardsigmoid()", function(x) return (x + 3):clamp(0, 6) / 6 end},
  {nn.Hardswish(), "Hardswish()", function(x) return x * (x + 3):clamp(0, 6) / 6 end},
  {nn.Hardtanh(), "Hardtanh(min_val=-1, max_val=1)", function(x) return x:clamp(-1, 1) end},
  {nn.Hardtanh(-2, 0.5), "Hardtanh(min_val=-2, max_val=0.5)", function(x) return x:clamp(-2, 0.5) end},
  {nn.Softplus(), "Softplus(beta=1, threshold=20)", function(x) return (1 + x:exp()):log() end},
  {nn.Softplus(3, 10), "Softplus(beta=3, threshold=10)", function(x) return (1 + (3 * x):exp()):log() / 3 end},
}

for _, case in ipairs(each) do
  local module, text, right = table.unpack(case)
  check.case(text, function()
    check.equal(tostring(module), text)
    local x = rm.randn(2, 3, 4, 5) * 3
    check.close(module(x), right(x), {atol = 1e-5})
    x = x + 0.03 * x:sign()                      -- away from the corners
    check.gradients(module, rm.where((x:abs() - 1):abs():lt(0.02), x + 0.05, x), {step = 1e-2, rtol = 3e-2})
    check.equal(module:eval()(x), module:train()(x))
  end)
end

check.case("softplus is exact where 1 + e^x is not", function()
  check.close(rm.tensor {-20, -50, 19.9, 25}:softplus(),
    rm.tensor {2.0611537e-9, 1.9287499e-22, 19.9, 25}, {rtol = 1e-6})
end)

check.case("a network of these is saved under PyTorch's names", function()
  local names = {}
  local net = nn.Sequential {nn.Hardswish(), nn.PReLU(4), nn.Softplus()}
  for name in net:named_parameters() do names[#names + 1] = name end
  check.equal(names, {"1.weight"})
end)

check.case("errors", function()
  check.error(function() nn.PReLU(0) end, "PReLU: num_parameters is 0, expected a whole number from 1")
  check.error(function() nn.PReLU(3)(rm.zeros(2, 4)) end, "PReLU: x is (2, 4), expected 3 channels: (N, 3, ...)")
  check.error(function() nn.PReLU(3)(rm.zeros(3)) end, "PReLU: x is (3), expected 3 channels")
  check.error(function() nn.Softplus "x" end, "Softplus: beta is a string, expected a number")
  check.error(function() nn.Softplus(0)(rm.zeros(1)) end, "softplus: beta must be above 0, got 0")
  check.error(function() nn.Hardtanh(2, 1)(rm.zeros(1)) end, "hardtanh: min 2 is above max 1")
  check.error(function() rm.zeros(1):byte():hardswish() end, "hardswish: x is uint8, expected float32")
end)
