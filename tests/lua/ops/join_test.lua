-- cat, stack and pad.
local check = require "support.check"
local rm    = require "resmoon"

for _, name in ipairs {"cat_01", "cat_02", "pad_01", "pad_02", "pad_03"} do check.reference("ops/" .. name) end

check.case("cat joins along an existing dimension", function()
  local a, b = rm.tensor {{1, 2}, {3, 4}}, rm.tensor {{5, 6}}
  check.equal(rm.cat({a, b}):totable(), {{1, 2}, {3, 4}, {5, 6}})
  check.equal(rm.cat({a, a}, 2):totable(), {{1, 2, 1, 2}, {3, 4, 3, 4}})
  check.equal(rm.cat({a, a}, -1):totable(), {{1, 2, 1, 2}, {3, 4, 3, 4}})
  check.equal(rm.cat({rm.tensor({1}, "int64"), rm.tensor({2}, "int64")}).dtype, "int64")
end)

check.case("channels-last images stay so", function()
  local x = rm.randn(2, 3, 4, 4):conv2d(rm.randn(5, 3, 1, 1))
  local y = rm.cat({x, x}, 2)
  check.equal(y:stride(), {160, 1, 40, 10})
  check.equal(y[{{}, {6, 10}}]:contiguous(), x:contiguous())
end)

check.case("stack makes a dimension", function()
  local a, b = rm.tensor {1, 2}, rm.tensor {3, 4}
  check.equal(rm.stack({a, b}):totable(), {{1, 2}, {3, 4}})
  check.equal(rm.stack({a, b}, 2):totable(), {{1, 3}, {2, 4}})
  check.shape(rm.stack({rm.zeros(2, 3), rm.zeros(2, 3)}, -1), {2, 3, 2})
end)

check.case("pad takes pairs from the last dimension backwards", function()
  local x = rm.tensor {{1, 2}, {3, 4}}
  check.equal(x:pad({1, 0}):totable(), {{0, 1, 2}, {0, 3, 4}})
  check.equal(x:pad({0, 0, 1, 0}, 9):totable(), {{9, 9}, {1, 2}, {3, 4}})
end)

check.case("gradients", function()
  local a, b = rm.randn(2, 3, 2), rm.randn(2, 1, 2)
  check.gradients(function(x, y) return rm.cat({x, y, x}, 2) end, {a, b}, {step = 0.5})
  check.gradients(function(x, y) return rm.stack({x, y}, 2) end, {a, a:clone()}, {step = 0.5})
  check.gradients(function(x) return x:pad({1, 2, 0, 1}) end, a, {step = 0.5})
end)

check.case("errors name the tensors", function()
  check.error(function() rm.cat({}) end, "cat: expected at least one tensor")
  check.error(function() rm.cat({rm.zeros(2, 3), rm.zeros(2, 4)}) end, "cat: tensor 2 is (2, 4), tensor 1 is (2, 3)")
  check.error(function() rm.cat({rm.zeros(2), rm.zeros({2}, "uint8")}) end, "tensor 2 is uint8, tensor 1 is float32")
  check.error(function() rm.cat({rm.zeros(2)}, 0) end, "dimensions count from 1")
  check.error(function() rm.cat({rm.zeros(2), 3}) end, "item 2 of the list is a number")
  check.error(function() rm.stack({rm.zeros(2), rm.zeros(3)}) end, "shapes must be equal")
  check.error(function() rm.zeros(2):pad({1}) end, "pad: expected pairs")
  check.error(function() rm.zeros(2):pad({1, -1}) end, "amount 2 must be a whole number")
end)
