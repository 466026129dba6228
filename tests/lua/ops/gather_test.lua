-- index_select, gather, sort and topk: positions count from 1.
local check = require "support.check"
local rm    = require "resmoon"

for _, name in ipairs {"gather_01", "gather_02",
                       "index_select_01", "index_select_02", "topk_01", "topk_02", "topk_03"} do
  check.reference("ops/" .. name)
end

local function index(t) return rm.tensor(t, "int64") end

check.case("index_select picks slices, as often as asked", function()
  local x = rm.tensor {{1, 2, 3}, {4, 5, 6}}
  check.equal(x:index_select(1, index {2, 1, 2}):totable(), {{4, 5, 6}, {1, 2, 3}, {4, 5, 6}})
  check.equal(x:index_select(2, index {-1, 1}):totable(), {{3, 1}, {6, 4}})
  check.equal(x:byte():index_select(1, index {2}).dtype, "uint8")
  check.shape(x:index_select(1, rm.zeros({0}, "int64")), {0, 3})
end)

check.case("gather picks one by one, also from a larger tensor", function()
  local x = rm.tensor {{1, 2, 3}, {4, 5, 6}}
  check.equal(x:gather(2, index {{3, 1}, {1, 1}}):totable(), {{3, 1}, {4, 4}})
  check.equal(x:gather(1, index {{2, 1}}):totable(), {{4, 2}})
end)

check.case("gather agrees with loops on three dimensions", function()
  local x, at = rm.randn(4, 5, 6), rm.zeros({3, 5, 2}, "int64")
  for i = 1, 3 do for j = 1, 5 do for k = 1, 2 do at[{i, j, k}] = math.random(5) end end end
  local y = x:gather(2, at)
  for i = 1, 3 do for j = 1, 5 do for k = 1, 2 do
    check.equal(y[{i, j, k}]:item(), x[{i, at[{i, j, k}]:item(), k}]:item())
  end end end
end)

check.case("sort is stable and puts NaN last", function()
  local nan = 0 / 0
  local values, where = rm.tensor({2, nan, -1, 2, -math.huge, 0.0, -0.0}):sort()
  check.equal(where:totable(), {5, 3, 6, 7, 1, 4, 2})
  check.equal(values[1]:item(), -math.huge)
  local _, down = rm.tensor({1, 3, 3, 2}):sort(1, true)
  check.equal(down:totable(), {2, 3, 4, 1})
  local big = 2 ^ 53 | 0
  check.equal(rm.tensor({big + 1, big, -big}, "int64"):sort():totable(), {-big, big, big + 1})
end)

check.case("sort along the first dimension agrees with table.sort", function()
  local x = rm.randn(50, 3)
  local y = x:sort(1)
  for c = 1, 3 do
    local column = x[{{}, c}]:totable()
    table.sort(column)
    check.equal(y[{{}, c}]:totable(), column)
  end
end)

check.case("topk", function()
  local x = rm.tensor {{1, 5, 3}, {9, 7, 8}}
  local values, where = x:topk(2)
  check.equal(values:totable(), {{5, 3}, {9, 8}})
  check.equal(where:totable(), {{2, 3}, {1, 3}})
  check.equal(x:topk(1, 1, {largest = false}):totable(), {{1, 5, 3}})
end)

check.case("gradients; those of a repeated index add up", function()
  local x = rm.randn(4, 3)
  check.gradients(function(t) return t:index_select(1, index {2, 2, 4}) end, x, {step = 0.5})
  check.gradients(function(t) return t:gather(1, index {{1, 1, 2}, {1, 3, 2}}) end, x, {step = 0.5})
  check.gradients(function(t) return (t:topk(2, 1)) end, rm.tensor {{1, 5}, {3, 2}, {7, 9}}, {step = 0.1})
  local w = rm.randn(2, 3):requires_grad_(true)
  w:index_select(1, index {1, 1, 1}):sum():backward()
  check.equal(w.grad:totable(), {{3, 3, 3}, {0, 0, 0}})
end)

check.case("errors name the index", function()
  local x = rm.zeros(3, 2)
  check.error(function() x:index_select(1, index {1, 0}) end, "index 0 at position 2 is out of range, expected 1..3")
  check.error(function() x:index_select(1, index {4}) end, "index 4 at position 1 is out of range")
  check.error(function() x:index_select(1, rm.zeros(1)) end, "index is float32, expected int64")
  check.error(function() x:index_select(3, index {1}) end, "dimension 3 is out of range")
  check.error(function() x:gather(1, index {1}) end, "gather: index is (1), x is (3, 2)")
  check.error(function() x:topk(4, 1) end, "k is 4, dimension 1 has 3 elements")
  check.error(function() x:topk(1, {bigest = true}) end, "topk: unknown option")
end)
