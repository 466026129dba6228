--- one_hot, bincount, nonzero, unique, and numbers of a kind: isnan, isfinite, allclose.
local check = require "support.check"
local rm    = require "resmoon"

local inf, nan = math.huge, 0 / 0
local function index(t) return rm.tensor(t, "int64") end

-- The values are PyTorch 1.13's, with labels and positions from 1 in place of 0.
check.case("one_hot", function()
  check.equal(index {1, 3}:one_hot(), index {{1, 0, 0}, {0, 0, 1}})
  check.equal(index {1, 3}:one_hot(4), index {{1, 0, 0, 0}, {0, 0, 1, 0}})
  check.equal(index {{1}, {2}}:one_hot():totable(), {{{1, 0}}, {{0, 1}}})
  check.equal(rm.tensor(2):long():one_hot(3):totable(), {0, 1, 0})
  check.shape(rm.zeros({0, 2}, "int64"):one_hot(3), {0, 2, 3})
  local x, labels = rm.randn(4, 3), index {3, 1, 2, 3}
  check.close(x:cross_entropy(labels:one_hot():float()), x:cross_entropy(labels))
  check.error(function() index {1, 4}:one_hot(3) end, "one_hot: label 4, but there are 3 classes")
  check.error(function() index {1, 0}:one_hot() end, "one_hot: 0 at position 2, expected at least 1 (positions and")
  check.error(function() rm.ones(2):one_hot() end, "one_hot: x is float32, expected int64 (use x:long())")
  check.error(function() rm.zeros({0}, "int64"):one_hot() end, "one_hot: x is empty and does not tell the number")
  check.error(function() index {1}:one_hot(0) end, "one_hot: classes must be at least 1, got 0")
end)

check.case("bincount", function()
  check.equal(index {1, 3, 3}:bincount(), index {1, 0, 2})
  check.equal(index {1, 3, 3}:bincount {minlength = 5}, index {1, 0, 2, 0, 0})
  check.equal(index {1, 3, 3}:bincount {minlength = 2}, index {1, 0, 2})
  check.equal(rm.zeros({0}, "int64"):bincount(), rm.zeros({0}, "int64"))
  check.equal(index {1, 3, 3}:bincount {weights = rm.tensor {0.5, 1, 1}, minlength = 5}, rm.tensor {0.5, 0, 2, 0, 0})
  check.equal(rm.zeros({0}, "int64"):bincount {weights = rm.zeros(0)}, rm.zeros(0))
  check.equal(rm.bincount(index {{2, 1}, {2, 7}}[{{}, 1}]):totable(), {0, 2})
  check.error(function() index {1, -1}:bincount() end, "bincount: -1 at position 2, expected at least 1")
  check.error(function() index {{1}}:bincount() end, "bincount: x is (1, 1), expected one dimension")
  check.error(function() index {1, 2}:bincount {weights = rm.ones(3)} end, "bincount: weights are (3), x is (2)")
  check.error(function() index {math.maxinteger}:bincount() end, "")
end)

check.case("nonzero", function()
  check.equal(rm.tensor {{0, 1.5}, {nan, 0}}:nonzero(), index {{1, 2}, {2, 1}})
  check.equal(rm.tensor({{0, 1}, {1, 0}}, "uint8"):t():nonzero(), index {{1, 2}, {2, 1}})
  check.equal(index {0, 5, 0, 7}:nonzero():totable(), {{2}, {4}})
  check.shape(rm.zeros(3, 2):nonzero(), {0, 2})
  check.shape(rm.tensor(1):nonzero(), {1, 0})
end)

check.case("unique", function()
  local x = rm.tensor {{3, 1, -0.0}, {1, 0, 3}}
  local values, inverse, counts = x:unique {return_inverse = true, return_counts = true}
  check.equal(values:totable(), {0, 1, 3})
  check.equal(inverse:totable(), {{3, 2, 1}, {2, 1, 3}})
  check.equal(counts:totable(), {2, 2, 2})
  check.equal(values:index_select(1, inverse:reshape(-1)):reshape(2, 3):eq(x):all():item(), 1)
  check.equal(select("#", x:unique()), 1)
  check.equal(select(2, x:t():unique {return_inverse = true}):totable(), {{3, 2}, {2, 1}, {1, 3}})
  local big = 2 ^ 53 | 0
  check.equal(index {big + 1, big, big + 1}:unique():totable(), {big, big + 1})
  check.equal(rm.tensor({7, 255, 7}, "uint8"):unique(), rm.tensor({7, 255}, "uint8"))
  check.equal(rm.tensor {nan, 1, nan}:unique(), rm.tensor {1, nan, nan})
  check.shape(rm.zeros(0):unique(), {0})
  check.equal(rm.tensor(5):unique():totable(), {5})
end)

check.case("isnan, isinf, isfinite, for every type", function()
  local x = rm.tensor {1, nan, inf, -inf, 0}
  local function mask(t) return rm.tensor(t, "uint8") end
  check.equal(x:isnan(), mask {0, 1, 0, 0, 0})
  check.equal(x:isinf(), mask {0, 0, 1, 1, 0})
  check.equal(x:isfinite(), mask {1, 0, 0, 0, 1})
  for _, dtype in ipairs {"int64", "uint8"} do
    local whole = rm.tensor({1, 0}, dtype)
    check.equal(whole:isnan(), mask {0, 0})
    check.equal(whole:isinf(), mask {0, 0})
    check.equal(whole:isfinite(), mask {1, 1})
  end
  check.shape(rm.isnan(rm.zeros(0, 2)), {0, 2})
  local w = rm.ones(2):requires_grad_(true)
  check.that(not w:isfinite().requires_grad)
end)

check.case("isclose, allclose", function()
  local x = rm.tensor {1, inf, -inf, nan, 0, 1}
  local y = rm.tensor {1.000009, inf, inf, nan, 1e-8, 1.00002}
  check.equal(x:isclose(y):totable(), {1, 1, 0, 0, 1, 0})
  check.equal(x:isclose(y, {equal_nan = true}):totable(), {1, 1, 0, 1, 1, 0})
  check.equal(x:isclose(y, {rtol = 0, atol = 0.1}):totable(), {1, 1, 0, 0, 1, 1})
  check.equal(rm.tensor {1, inf}:isclose(rm.tensor {inf, 1}, {rtol = 1}):totable(), {0, 0})
  check.that(rm.allclose(rm.ones(2, 3), rm.tensor(1)) == true)
  check.that(rm.ones(2):allclose(rm.tensor {1, 1.1}) == false)
  check.that(rm.zeros(0):allclose(rm.zeros(0)))
  local big = 2 ^ 53 | 0
  check.that(not index {big}:allclose(index {big + 1}, {rtol = 0, atol = 0}))
  check.that(index {big}:allclose(index {big + 1}, {rtol = 0, atol = 1}))
  check.error(function() x:allclose(index {1}) end, "allclose: cannot compare float32 with int64")
  check.error(function() x:isclose(index {1}) end, "isclose: cannot compare float32 with int64")
  check.error(function() x:allclose(rm.zeros(2)) end, "allclose: shapes (6) and (2) do not broadcast")
  check.error(function() x:allclose(x, {rtol = -1}) end, "allclose: rtol and atol must not be negative, got -1")
  check.error(function() x:allclose(x, {tol = 1}) end, "allclose: unknown option \"tol\"")
end)

check.case("linspace", function()
  check.equal(rm.linspace(0, 1, 1):totable(), {0})
  check.shape(rm.linspace(0, 1, 0), {0})
  check.equal(rm.linspace(0, 10, 4, "int64"), index {0, 3, 6, 10})
  check.close(rm.linspace(-1, 1, 6), {-1, -0.6, -0.2, 0.2, 0.6, 1})
  check.equal(rm.linspace(5, 1, 3):totable(), {5, 3, 1})
  check.equal(rm.linspace(0, 0.7, 8)[-1]:item(), rm.tensor(0.7):item())
  check.that(rm.linspace(0, 1, 3, {requires_grad = true}).requires_grad)
  check.error(function() rm.linspace(0, 1, -1) end, "linspace: the count must not be negative, got -1")
  check.error(function() rm.linspace(0, inf, 3) end, "linspace: first 0, last inf: both must be finite")
  check.error(function() rm.linspace(0, 1, 3, 4) end, "linspace")
end)
