local check = require "support.check"
local rm    = require "resmoon"

check.case("whole numbers, decimals, scalars and empty tensors", function()
  check.equal(tostring(rm.tensor {{1, 2}, {-3, 40}}), "[[ 1.,  2.],\n [-3., 40.]]\nfloat32 (2, 2)")
  check.equal(tostring(rm.tensor {1.5, -2}), "[ 1.5000, -2.0000]  float32 (2)")
  check.equal(tostring(rm.tensor({1, 200}, "int64")), "[  1, 200]  int64 (2)")
  check.equal(tostring(rm.tensor({1, 200}, "uint8")), "[  1, 200]  uint8 (2)")
  check.equal(tostring(rm.tensor(2.5)), "2.5000  float32 ()")
  check.equal(tostring(rm.zeros(2, 0)), "[]  float32 (2, 0)")
end)

check.case("nan, inf, large and small magnitudes", function()
  check.equal(tostring(rm.tensor {0 / 0, 1 / 0, -1 / 0, 1}), "[ nan,  inf, -inf,   1.]  float32 (4)")
  check.equal(tostring(rm.tensor {123456.5, 1}), "[1.2346e+05, 1.0000e+00]  float32 (2)")
  check.equal(tostring(rm.tensor {0.00012, -0.0005}), "[ 1.2000e-04, -5.0000e-04]  float32 (2)")
  check.equal(tostring(rm.tensor {1e20}), "[1.0000e+20]  float32 (1)")
  check.equal(tostring(rm.tensor {0.001, 2000.5}), "[   0.0010, 2000.5000]  float32 (2)")
  check.equal(tostring(rm.tensor({math.mininteger}, "int64")), "[-9223372036854775808]  int64 (1)")
end)

check.case("matrices of a stack are set apart", function()
  check.equal(tostring(rm.zeros(2, 1, 2)), "[[[0., 0.]],\n\n [[0., 0.]]]\nfloat32 (2, 1, 2)")
end)

check.case("rows wrap at the width", function()
  local text = tostring(rm.arange(30))
  for line in text:gmatch "[^\n]+" do check.that(#line <= 80 and not line:find " $", line) end
  check.that(text:find("15.,\n 16.", 1, true), text)
  check.equal(rm.format(rm.arange(4), {width = 10}), "[1., 2.,\n 3., 4.]\nfloat32 (4)")
end)

check.case("large tensors show their edges only", function()
  check.equal(tostring(rm.arange(2000)), "[   1.,    2.,    3., ..., 1998., 1999., 2000.]  float32 (2000)")
  local text = tostring(rm.zeros(50, 50))
  check.equal(select(2, text:gsub("\n", "")), 7)
  check.that(text:find("[0., 0., 0., ..., 0., 0., 0.],\n ...,\n", 1, true), text)
  check.that(#tostring(rm.zeros(128, 3, 32, 32)) < 3000)
  -- Strides of 0: 8e12 elements, which would take hours to look at.
  local endless = rm.tensor(1):expand(20000, 20000, 20000)
  local start = os.clock()
  check.that(tostring(endless):find("float32 (20000, 20000, 20000)", 1, true))
  check.that(os.clock() - start < 1)
end)

check.case("options of format", function()
  check.equal(rm.format(rm.tensor {1 / 3}, {precision = 2}), "[0.33]  float32 (1)")
  check.equal(rm.format(rm.arange(9), {threshold = 5, edge = 1}), "[1., ..., 9.]  float32 (9)")
  check.error(function() rm.format(rm.zeros(1), {precison = 2}) end, "did you mean \"precision\"?")
  check.error(function() rm.format(rm.zeros(1), {edge = 0}) end, "edge must be at least 1")
end)

check.case("what needs a gradient says so", function()
  local x = rm.zeros(1, {requires_grad = true})
  check.equal(tostring(x), "[0.]  float32 (1), requires_grad")
  check.equal(tostring(x:clone()), "[0.]  float32 (1), op clone")
end)
