local check = require "support.check"
local rm    = require "resmoon"

check.case("tables and numbers out of tensors, any strides", function()
  local x = rm.tensor {{1, 2}, {3, 4}, {5, 6}}
  check.equal(x:t():totable(), {{1, 3, 5}, {2, 4, 6}})
  check.equal(x[{2, 1}]:totable(), 3)
  check.equal(x[{{2, 1}}]:totable(), {})
  check.equal(x[{{2, 2}, {1, 1}}]:item(), 3)
  check.equal(math.type(rm.tensor({3}, "int64"):item()), "integer")
  check.equal(math.type(rm.tensor({3}, "uint8"):item()), "integer")
  check.equal(math.type(rm.tensor({3}):item()), "float")
  check.error(function() x:item() end, "item: the tensor (3, 2) has 6 elements, expected 1")
end)

check.case("types: truncated toward zero, saturated, NaN as 0", function()
  local x = rm.tensor {-1.9, 2.9, 300, 0 / 0, 1 / 0}
  check.equal(x:byte():totable(), {0, 2, 255, 0, 255})
  check.equal(x:long():totable(), {-1, 2, 300, 0, math.maxinteger})
  check.equal(x:to("uint8").dtype, "uint8")
  check.that(x:float() == x and x:to("float32") == x)
  check.equal(rm.tensor({7, 255}, "uint8"):float():totable(), {7, 255})
  check.error(function() x:to("float16") end, "float16")
end)

check.case("conversion keeps the layout and ends the gradient", function()
  local x = rm.randn(2, 3, {requires_grad = true})
  check.equal(x:t():long():stride(), {1, 3})
  check.that(not x:long().requires_grad)
end)
