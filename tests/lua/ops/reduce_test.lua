--- Reductions: references, gradients, dimensions, types and messages.
local check = require "support.check"
local rm    = require "resmoon"

local case = check.case
local nan = 0 / 0

for _, name in ipairs {
  "sum_01", "sum_02", "sum_03", "mean_04", "mean_05", "mean_06", "var_07", "var_08", "var_09", "max_10", "max_11",
  "max_12", "argmax_13", "argmax_14", "argmax_15",
} do
  check.reference("ops/reduce_" .. name)
end

local function channels_last(x) return x:permute(1, 3, 4, 2):contiguous():permute(1, 4, 2, 3) end

case("dimensions are given as a number, numbers or a table; none means all", function()
  local x = rm.arange(24):float():reshape(2, 3, 4)
  check.equal(x:sum():item(), 300)
  check.shape(x:sum(), {})
  check.shape(x:sum(2), {2, 4})
  check.shape(x:sum(-1), {2, 3})
  check.shape(x:sum(1, 3), {3})
  check.shape(x:sum({1, 3}), {3})
  check.shape(x:sum({1, 3}, {keepdim = true}), {1, 3, 1})
  check.shape(x:sum({keepdim = true}), {1, 1, 1})
  check.shape(x:mean(nil, {keepdim = true}), {1, 1, 1})
  check.equal(x:sum({1, 3}):totable(), {68, 100, 132})
  check.equal(rm.sum(x, 1):totable(), x:sum(1):totable())
end)

case("sums of int64 and uint8 are int64 and exact", function()
  local x = rm.tensor({{9007199254740993, 1}, {-9007199254740992, 2}}, "int64")
  check.equal(x:sum(), rm.tensor(4, "int64"))
  check.equal(x:sum(1), rm.tensor({1, 3}, "int64"))
  check.equal(x:sum(2), rm.tensor({9007199254740994, -9007199254740990}, "int64"))
  check.equal(rm.full({1000}, 255, "uint8"):sum(), rm.tensor(255000, "int64"))
end)

case("variance, standard deviation and norms", function()
  local x = rm.tensor {{1, 2, 4}, {3, -3, 0}}
  check.close(x:var(2), rm.tensor {7 / 3, 9})
  check.close(x:var(2, {unbiased = false}), rm.tensor {14 / 9, 6})
  check.close(x:std(2), rm.tensor {math.sqrt(7 / 3), 3})
  check.close(x:norm(), rm.tensor(math.sqrt(39)))
  check.close(x:norm(1, 2), rm.tensor {7, 6})
  check.close(x:norm(math.huge, 1), rm.tensor {3, 3, 4})
  check.close(x:norm("inf"), rm.tensor(4))
  check.close(x:norm(3, 2, {keepdim = true}), rm.tensor {{73 ^ (1 / 3)}, {54 ^ (1 / 3)}})
  check.close(x:prod(2), rm.tensor {8, 0})
end)

case("a large mean does not spoil the variance", function()
  local x = rm.randn(4000) + 10000
  local exact = (x - 10000):var():item()
  check.close(x:var():item(), exact, {rtol = 1e-4})
end)

case("a sum of a million elements is right to a few units in the last place", function()
  local x = rm.rand(1000, 1000)
  local exact = 0
  for _, row in ipairs(x:totable()) do for i = 1, #row do exact = exact + row[i] end end
  check.close(x:sum():item(), exact, {rtol = 2e-7, atol = 0})
  check.close(x:sum(1):sum():item(), exact, {rtol = 2e-7, atol = 0})
end)

case("max over a dimension gives values and positions from 1, the first of equal ones", function()
  local x = rm.tensor {{1, 5, 5}, {7, 2, -1}}
  local values, positions = x:max(2)
  check.equal(values:totable(), {5, 7})
  check.equal(positions, rm.tensor({2, 1}, "int64"))
  values, positions = x:min(1, {keepdim = true})
  check.equal(values:totable(), {{1, 2, -1}})
  check.equal(positions:totable(), {{1, 2, 2}})
  check.equal(x:max():item(), 7)
  check.equal(select("#", x:max()), 1)
  check.equal(select("#", x:max({1, 2})), 1)
  check.equal(x:argmax():item(), 4)
  check.equal(x:argmin(2):totable(), {1, 3})
  check.equal(channels_last(rm.arange(16):float():reshape(1, 4, 2, 2)):argmax():item(), 16)
  check.equal(rm.tensor({3, 9, 9}, "int64"):argmax():item(), 2)
  check.equal(rm.tensor({3, 9, 9}, "uint8"):max(), rm.tensor(9, "uint8"))
end)

case("NaN goes through max and min, and is found", function()
  local x = rm.tensor {{1, nan, 3}, {4, 5, 6}}
  check.equal(x:max(), rm.tensor(nan))
  check.equal(x:min(), rm.tensor(nan))
  local values, positions = x:max(2)
  check.equal(values, rm.tensor {nan, 6})
  check.equal(positions:totable(), {2, 3})
end)

case("any and all", function()
  local x = rm.tensor {{1, 0}, {2, 3}}
  check.equal(x:any(), rm.tensor(1, "uint8"))
  check.equal(x:all(), rm.tensor(0, "uint8"))
  check.equal(x:all(2):totable(), {0, 1})
  check.equal(x:gt(5):any():item(), 0)
end)

case("every layout gives the same values", function()
  local x = rm.randn(3, 5, 4, 6)
  for _, y in ipairs {channels_last(x), x:permute(4, 2, 1, 3):contiguous():permute(3, 2, 4, 1), x:clone()} do
    for _, dims in ipairs {{1}, {2}, {4}, {3, 4}, {1, 3, 4}, {1, 2}, {2, 4}, {1, 2, 3, 4}} do
      check.close(y:sum(dims), x:sum(dims))
      check.close(y:var(dims), x:var(dims))
      check.equal(y:argmax(dims[1]), x:argmax(dims[1]))
      check.equal(y:max(dims), x:max(dims))
    end
  end
end)

case("gradients", function()
  local x = rm.randn(3, 4, 5)
  for _, dims in ipairs {{1}, {2, 3}, {1, 3}, {1, 2, 3}} do
    for _, keepdim in ipairs {true, false} do
      local options = {keepdim = keepdim}
      check.gradients(function(t) return t:sum(dims, options) end, x, {step = 0.1})
      check.gradients(function(t) return t:mean(dims, options) end, x, {step = 0.1})
      check.gradients(function(t) return t:var(dims, options) end, x, {step = 0.05})
      check.gradients(function(t) return t:std(dims, options) end, x, {step = 0.02})
      check.gradients(function(t) return t:norm(2, dims, options) end, x, {step = 0.02})
      check.gradients(function(t) return t:norm(1, dims, options) end, x + x:sign() * 0.2, {step = 0.1})
      check.gradients(function(t) return t:norm(3, dims, options) end, x + x:sign() * 0.2, {step = 0.02})
      check.gradients(function(t) return (t:max(dims, options)) end, x * 10, {step = 0.005})
      check.gradients(function(t) return (t:min(dims, options)) end, x * 10, {step = 0.005})
    end
  end
  check.gradients(function(t) return t:prod(2) end, rm.rand(3, 4) + 0.5, {step = 0.02})
  check.gradients(function(t) return t:sum {1, 3, 4} end, rm.randn(2, 3, 2, 2):permute(1, 4, 2, 3), {step = 0.1})
  check.gradients(function(t) return channels_last(t):mean {3, 4} end, rm.randn(2, 3, 2, 2), {step = 0.1})
end)

case("gradients with zeros: of the norm 0, of a product the product of the others", function()
  local x = rm.zeros(3):requires_grad_(true)
  x:norm():backward()
  check.equal(x.grad:totable(), {0, 0, 0})
  local y = rm.tensor({{2, 0, 5}, {0, 0, 3}, {1, 2, 3}}):requires_grad_(true)
  y:prod(2):sum():backward()
  check.equal(y.grad:totable(), {{0, 10, 0}, {0, 0, 0}, {6, 3, 2}})
end)

case("empty tensors: sums are 0, extremes are refused", function()
  local x = rm.zeros(0, 3)
  check.equal(x:sum():item(), 0)
  check.equal(x:sum(1):totable(), {0, 0, 0})
  check.shape(x:sum(2), {0})
  check.shape((x:max(2)), {0})
  check.error(function() return x:max() end, "max: x has no elements to choose from, shape (0, 3)")
  check.error(function() return x:argmax(1) end, "argmax: x has no elements to choose from")
end)

case("a result without elements: the innermost dimension is kept and empty", function()
  for _, shape in ipairs {{3, 0}, {2, 3, 0}, {0, 2, 0}, {2, 3, 0, 4}} do
    local x = rm.zeros(table.unpack(shape)):requires_grad_()
    for d = 1, #shape - 1 do
      local left = {table.unpack(shape)}
      table.remove(left, d)
      for _, name in ipairs {"sum", "mean", "prod", "norm"} do
        local y = name == "norm" and x:norm(2, d) or x[name](x, d)
        check.shape(y, left)
        if y.shape[#left] == 0 then check.equal(y:sum():item(), 0) end
      end
      check.shape(x:var(d, {unbiased = false}), left)
    end
    x:sum(1):sum():backward()
    check.shape(x.grad, shape)
  end
end)

case("messages", function()
  local x = rm.ones(2, 3)
  check.error(function() return x:sum(3) end, "sum: dimension 3 is out of range, expected 1..2 or -2..-1")
  check.error(function() return x:sum(0) end, "sum: dimension 0: dimensions count from 1")
  check.error(function() return x:sum({1, 1}) end, "sum: dimension 1 is given twice")
  check.error(function() return x:mean(1, {keepdims = true}) end,
              "mean: unknown option \"keepdims\", did you mean \"keepdim\"?")
  check.error(function() return x:long():mean() end, "mean: x is int64, expected float32 (use x:float())")
  check.error(function() return x:norm(-1) end, "norm: p must be positive, got -1")
end)
