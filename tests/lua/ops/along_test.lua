--- cumsum, logsumexp, median, argsort: references, gradients, other types, corners.
local check = require "support.check"
local rm    = require "resmoon"

for name, count in pairs {cumsum = 3, logsumexp = 3, median = 4, argsort = 2} do
  for i = 1, count do check.reference(("ops/%s_%02d"):format(name, i)) end
end

local inf, nan = math.huge, 0 / 0

check.case("cumsum agrees with loops, for every type and layout", function()
  local x = rm.randn(3, 4, 5)
  for d = 1, 3 do
    local y, sum = x:cumsum(d), 0
    for j = 1, x:size(d) do
      sum = sum + x:select(d, j)
      check.close(y:select(d, j), sum)
    end
  end
  check.equal(x:transpose(1, 3):cumsum(1), x:cumsum(3):transpose(1, 3))
  local big = 2 ^ 53 | 0
  check.equal(rm.tensor({big, 1, -2}, "int64"):cumsum(1):totable(), {big, big + 1, big - 1})
  check.equal(rm.tensor({1, 200, 100}, "uint8"):cumsum(-1), rm.tensor({1, 201, 301}, "int64"))
  check.equal(rm.tensor(3):cumsum(1), rm.tensor(3))
  check.shape(rm.zeros(0, 3):cumsum(1), {0, 3})
  check.shape(rm.zeros(3, 0):cumsum(1), {3, 0})
  check.equal(rm.tensor {1, nan, 2}:cumsum(1), rm.tensor {1, nan, nan})
  -- 0.1 added up in float32 would be off from the fourth digit on.
  check.close(rm.full({1000000}, 0.1):cumsum(1)[-1], 1e5, {rtol = 1e-7})
end)

check.case("cumsum: gradients", function()
  for d = 1, 3 do check.gradients(function(x) return x:cumsum(d) end, rm.randn(3, 2, 4), {step = 0.1}) end
  check.gradients(function(x) return x:t():cumsum(1) end, rm.randn(3, 2), {step = 0.1})
  check.gradients(function(x) return x:cumsum(1) end, rm.tensor(2), {step = 0.1})
end)

check.case("logsumexp", function()
  local x = rm.randn(3, 4)
  check.close(x:logsumexp(2), x:exp():sum(2):log())
  check.close(x:logsumexp(), x:exp():sum():log())
  check.close(x - x:logsumexp(2, {keepdim = true}), x:log_softmax(2))
  check.shape(x:logsumexp({1, 2}, {keepdim = true}), {1, 1})
  check.equal(rm.tensor {1000, -1000}:logsumexp():item(), 1000.0)
  check.equal(rm.tensor {-inf, -inf}:logsumexp(), rm.tensor(-inf))
  check.equal(rm.tensor {inf, 1}:logsumexp(1), rm.tensor(inf))
  check.equal(rm.tensor {nan, 1}:logsumexp(1), rm.tensor(nan))
  check.equal(rm.zeros(0, 3):logsumexp(1):totable(), {-inf, -inf, -inf})
  check.equal(rm.zeros(0):logsumexp(), rm.tensor(-inf))
  check.shape(rm.zeros(0, 3):logsumexp(2), {0})
  check.equal(rm.tensor(2):logsumexp(1), rm.tensor(2))
  check.gradients(function(t) return t:logsumexp(1) end, rm.randn(3, 4), {step = 0.02})
  check.gradients(function(t) return t:t():logsumexp({1, 2}, {keepdim = true}) end, rm.randn(3, 4), {step = 0.02})
end)

check.case("the gradient of logsumexp where it is infinite is that of PyTorch 1.13", function()
  local x = rm.tensor({{-inf, -inf}, {inf, 1}}):requires_grad_(true)
  x:logsumexp(2):sum():backward()
  check.equal(x.grad, rm.tensor {{nan, nan}, {nan, 0}})
end)

check.case("median: the lower one of two, NaN first, any type", function()
  local function median(t, dtype) return rm.tensor(t, dtype):median():item() end
  check.equal(median {4, 1, 3, 2}, 2.0)
  check.equal(median({9007199254740993, 9007199254740995, 1}, "int64"), 9007199254740993)
  check.equal(median({200, 100, 7}, "uint8"), 100)
  check.equal(rm.tensor {3, nan, 1}:median(), rm.tensor(nan))
  check.equal(rm.zeros(0):median(), rm.tensor(nan))
  check.equal(rm.tensor(2):median(), rm.tensor(2))
  local values, where = rm.tensor {{3, nan, 1, nan}, {4, 1, 3, 2}}:median(2)
  check.equal(values, rm.tensor {nan, 2})
  check.equal(where:totable(), {2, 4})
  values, where = rm.tensor {3, 1, 3, 3}:median(1, {keepdim = true})
  check.equal(values:totable(), {3})
  check.equal(where:totable(), {1})
  values, where = rm.tensor(5):median(1)
  check.equal({values:item(), where:item()}, {5.0, 1})
  values, where = rm.zeros(3, 0):median(1)
  check.equal({values.shape, where.shape, where.dtype}, {{0}, {0}, "int64"})
end)

check.case("median: gradients to the element named, or shared by equal ones", function()
  local x = rm.randn(5, 4)
  check.gradients(function(t) return (t:median(1)) end, x, {step = 1e-3, rtol = 1e-2})
  check.gradients(function(t) return (t:t():median(1, {keepdim = true})) end, x, {step = 1e-3, rtol = 1e-2})
  check.gradients(function(t) return t:median() end, x, {step = 1e-3, rtol = 1e-2})
  local tied = rm.tensor({3, 1, nan, 3, 5, nan}):requires_grad_(true)
  tied:median():backward()
  check.equal(tied.grad:totable(), {0, 0, 0.5, 0, 0, 0.5})
end)

check.case("argsort gives the positions of sort", function()
  local x = rm.randn(6, 5)
  for d = 1, 2 do check.equal(x:argsort(d, true), select(2, x:sort(d, true))) end
  check.equal(x:argsort(), select(2, x:sort()))
  check.equal(rm.tensor {2, nan, 2, -1}:argsort():totable(), {4, 1, 3, 2})
  check.equal(rm.tensor(1):argsort(), rm.tensor(1):long())
  check.equal(x:gather(1, x:argsort(1)), (x:sort(1)))
end)

check.case("what cannot be", function()
  local x = rm.zeros(2, 3)
  check.error(function() x:cumsum() end, "number expected, got no value")
  check.error(function() x:cumsum(3) end, "cumsum: dimension 3 is out of range, expected 1..2")
  check.error(function() x:cumsum(1, 2) end, "cumsum: argument 3, a number, is one too many")
  check.error(function() x:long():logsumexp(1) end, "logsumexp: x is int64, expected float32 (use x:float())")
  check.error(function() x:logsumexp(1, 1) end, "logsumexp: dimension 1 is given twice")
  check.error(function() rm.zeros(0, 3):median(1) end, "median: x has no elements to choose from, shape (0, 3)")
  check.error(function() rm.zeros({0}, "int64"):median() end, "median: x has no elements to choose from, shape (0)")
  check.error(function() x:median(3) end, "median: dimension 3 is out of range")
  check.error(function() x:median(1, {keepdims = true}) end, "median: unknown option \"keepdims\"")
  check.error(function() x:argsort(0) end, "argsort: dimension 0: dimensions count from 1")
end)

check.case("the bits do not depend on the number of threads", function()
  local threads = rm.num_threads()
  local function run(n)
    rm.set_num_threads(n)
    rm.manual_seed(3)
    local x = rm.randn(70, 40, 30):requires_grad_(true)
    local y = x:cumsum(2):logsumexp({1, 3}) + x:cumsum(1):median(2):sum(1):sum()
    y:sum():backward()
    return {y:detach(), x.grad}
  end
  local one, two = run(1), run(2)
  rm.set_num_threads(threads)
  for i = 1, 2 do check.equal(one[i], two[i]) end
end)
