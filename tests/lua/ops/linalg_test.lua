--- matmul and linear: PyTorch's results, vectors and broadcasting, gradients, errors.
local check = require "support.check"
local rm    = require "resmoon"

for _, name in ipairs {"linear_01", "linear_02", "linear_04", "linear_06",
                       "matmul_01", "matmul_03", "matmul_04", "matmul_05", "matmul_06"} do
  check.reference("ops/" .. name)
end

check.case("vectors are a row on the left and a column on the right", function()
  local m, v = rm.tensor({{1, 2, 3}, {4, 5, 6}}), rm.tensor({1, 0, -1})
  check.equal(m:matmul(v):totable(), {-2, -2})
  check.equal(rm.tensor({1, -1}):matmul(m):totable(), {-3, -3, -3})
  check.equal(v:matmul(v):item(), 2)
  check.shape(rm.ones(4, 2, 3):matmul(v), {4, 2})
  check.shape(v:matmul(rm.ones(4, 3, 2)), {4, 2})
end)

check.case("transposed and strided operands need no copy to be right", function()
  local a, b = rm.randn(7, 5), rm.randn(9, 14)
  check.close(a:transpose(1, 2):matmul(a), a:transpose(1, 2):contiguous():matmul(a))
  local part = b:narrow(2, 3, 7)
  check.close(part:matmul(a), part:contiguous():matmul(a))
  local every_other = b:reshape(9, 7, 2):select(3, 1)
  check.close(every_other:matmul(a), every_other:contiguous():matmul(a))
end)

check.case("gradients match central differences, broadcast batches included", function()
  local shapes = {
    {{3, 4}, {4, 2}}, {{4}, {4, 2}}, {{3, 4}, {4}}, {{5}, {5}}, {{2, 3, 4}, {4, 2}}, {{2, 1, 3, 4}, {5, 4, 2}},
    {{4}, {2, 4, 3}},
  }
  for _, pair in ipairs(shapes) do
    check.gradients(rm.matmul, {rm.randn(pair[1]), rm.randn(pair[2])}, {step = 0.1, rtol = 1e-3})
  end
  check.gradients(rm.linear, {rm.randn(2, 3, 4), rm.randn(5, 4), rm.randn(5)}, {step = 0.1, rtol = 1e-3})
end)

check.case("no columns to add give zeros", function()
  check.equal(rm.ones(2, 0):matmul(rm.ones(0, 3)):totable(), {{0, 0, 0}, {0, 0, 0}})
end)

check.case("errors name both shapes", function()
  check.error(function() rm.ones(2, 3):matmul(rm.ones(2, 3)) end,
    "matmul: shapes (2, 3) and (2, 3) do not fit: 3 columns against 2 rows")
  check.error(function() rm.ones(2, 4, 3):matmul(rm.ones(3, 3, 2)) end, "matmul")
  check.error(function() rm.ones(2, 3):linear(rm.ones(4, 5)) end, "linear: x has 3 features, weight expects 5")
  check.error(function() rm.ones(2, 3):linear(rm.ones(4, 3), rm.ones(3)) end,
    "linear: bias has shape (3), expected (4)")
  check.error(function() rm.ones(2, 3):long():matmul(rm.ones(3, 3)) end, "matmul: a is int64, expected float32")
end)
