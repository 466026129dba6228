--- x[mask] and x[positions], read, differentiated and assigned.
local check = require "support.check"
local rm    = require "resmoon"

for i = 1, 3 do check.reference(("ops/index_mask_%02d"):format(i)) end
for i = 1, 9 do check.reference(("ops/index_list_%02d"):format(i)) end

local function matrix() return rm.arange(12):reshape(3, 4) end
local function index(t) return rm.tensor(t, "int64") end
local function mask(t) return rm.tensor(t, "uint8") end

check.case("a list of positions takes them in its order", function()
  local x = matrix()
  check.equal(x[index {3, 1, 3}]:totable(), {{9, 10, 11, 12}, {1, 2, 3, 4}, {9, 10, 11, 12}})
  check.equal(x[index {-1}]:totable(), {{9, 10, 11, 12}})
  check.equal(x[{{}, index {4, 4, 1}}]:totable(), {{4, 4, 1}, {8, 8, 5}, {12, 12, 9}})
  check.equal(x[{{2, 3}, index {1, 2}}]:totable(), {{5, 6}, {9, 10}})
  check.equal(x[{2, index {1, -1}}]:totable(), {5, 8})
  check.equal(x:t()[index {2}]:totable(), {{2, 6, 10}})
  check.equal(x:long()[index {2}].dtype, "int64")
  check.equal(x:byte()[index {2}]:totable(), {{5, 6, 7, 8}})
  check.shape(x[rm.zeros({0}, "int64")], {0, 4})
  check.shape(x[rm.zeros({2, 5}, "int64"):add_(1)], {2, 5, 4})
  check.shape(x[rm.tensor(2):long()], {4})
  check.shape(rm.zeros(0, 4)[{{}, index {2}}], {0, 1})
end)

check.case("several lists are walked side by side", function()
  local x = matrix()
  check.equal(x[{index {1, 3}, index {2, 4}}]:totable(), {2, 12})
  check.equal(x[{index {{1}, {3}}, index {2, 4}}]:totable(), {{2, 4}, {10, 12}})
  check.equal(x[{rm.arange(3):long(), x:argmax(2)}], (x:max(2)))
  local y = rm.randn(3, 4, 5)
  check.shape(y[{index {1, 2}, {}, index {4, 5}}], {2, 4})
  check.shape(y[{{}, index {1, 2}, index {4, 5}}], {3, 2})
end)

-- What y[{...}] is, element by element: key holds numbers, {} and lists of positions of one dimension.
check.case("any mixture agrees with loops", function()
  local x = rm.randn(3, 4, 2, 5)
  local i, j = {3, 1, 1}, {2, 5, 4}
  local y = x[{index(i), {}, 2, index(j)}]
  check.shape(y, {3, 4})
  for k = 1, 3 do
    for b = 1, 4 do check.equal(y[{k, b}]:item(), x[{i[k], b, 2, j[k]}]:item()) end
  end
  y = x[{{1, 3, 2}, index {4, 2, 1}, index {1, 2, 2}, {2, 3}}]
  check.shape(y, {2, 3, 2})
  for a = 1, 2 do
    for k = 1, 3 do
      for c = 1, 2 do
        check.equal(y[{a, k, c}]:item(), x[{2 * a - 1, ({4, 2, 1})[k], ({1, 2, 2})[k], c + 1}]:item())
      end
    end
  end
end)

check.case("a mask over the first dimensions chooses rows", function()
  local x = matrix()
  check.equal(x[mask {1, 0, 1}]:totable(), {{1, 2, 3, 4}, {9, 10, 11, 12}})
  check.equal(x[{{}, mask {0, 1, 1, 0}}]:totable(), {{2, 3}, {6, 7}, {10, 11}})
  check.equal(x[{mask {1, 0, 1}, index {2, 3}}]:totable(), {2, 11})
  check.equal(x:reshape(3, 2, 2)[x:reshape(3, 2, 2):select(3, 1):gt(6)]:totable(), {{7, 8}, {9, 10}, {11, 12}})
  check.equal(x:t()[x:t():gt(10)]:totable(), {11, 12})
  check.shape(x[rm.zeros({3, 4}, "uint8")], {0})
  check.equal(rm.tensor(5)[mask(1)]:totable(), {5})
  check.shape(rm.tensor(5)[mask(0)], {0})
  check.equal(x[mask {7, 0, 0}]:totable(), {{1, 2, 3, 4}})
end)

check.case("gradients", function()
  local x = rm.randn(3, 4, 2)
  check.gradients(function(t) return t[t:detach():gt(0)] end, x, {step = 1e-3, rtol = 1e-2})
  check.gradients(function(t) return t[mask {1, 0, 1}] end, x, {step = 0.1})
  check.gradients(function(t) return t:transpose(1, 2)[{index {4, 1, 4}, {}, index {2, 2, 1}}] end, x, {step = 0.1})
  check.gradients(function(t) return t[{{2, 3}, index {4, 4}, 1}] end, x, {step = 0.1})
  local w = rm.ones(3, 2):requires_grad_(true)
  w[index {2, 2, 2, 1}]:sum():backward()
  check.equal(w.grad:totable(), {{1, 1}, {3, 3}, {0, 0}})
  local v = rm.tensor(2):requires_grad_(true)
  v[mask(1)]:sum():backward()
  check.equal(v.grad:item(), 1.0)
  local none = rm.ones(3):requires_grad_(true)
  none[mask {0, 0, 0}]:sum():backward()
  check.equal(none.grad:totable(), {0, 0, 0})
end)

check.case("gradients of positions that occur again are the same bits with any number of threads", function()
  local threads = rm.num_threads()
  local function run(n)
    rm.set_num_threads(n)
    rm.manual_seed(5)
    local x, at = rm.randn(50, 700):requires_grad_(true), rm.randint(1, 50, {3000})
    x[at]:backward(rm.randn(3000, 700))
    x[{{}, rm.randint(1, 700, {2000})}]:backward(rm.randn(50, 2000))
    return x.grad
  end
  local one, two = run(1), run(2)
  rm.set_num_threads(threads)
  check.equal(one, two)
end)

check.case("numbers and tensors are assigned", function()
  local x = matrix()
  x[index {3, 1}] = 0
  check.equal(x:totable(), {{0, 0, 0, 0}, {5, 6, 7, 8}, {0, 0, 0, 0}})
  x[{{}, index {1, 4}}] = rm.tensor {-1, -4}
  check.equal(x:totable(), {{-1, 0, 0, -4}, {-1, 6, 7, -4}, {-1, 0, 0, -4}})
  x[{index {1, 2}, index {2, 3}}] = index {20, 30}
  check.equal(x:totable(), {{-1, 20, 0, -4}, {-1, 6, 30, -4}, {-1, 0, 0, -4}})
  x[index {1, 1}] = rm.tensor {{1, 1, 1, 1}, {2, 2, 2, 2}}  -- the last one stays
  check.equal(x[1]:totable(), {2, 2, 2, 2})
  x[index {2, 1}] = x[{{1, 2}}]                             -- overlapping
  check.equal(x:totable(), {{-1, 6, 30, -4}, {2, 2, 2, 2}, {-1, 0, 0, -4}})
  x:t()[{index {1}, {2, 3}}] = 9
  check.equal(x:totable(), {{-1, 6, 30, -4}, {9, 2, 2, 2}, {9, 0, 0, -4}})
  x[x:lt(0)] = rm.tensor {7, 8, 5}
  check.equal(x:totable(), {{7, 6, 30, 8}, {9, 2, 2, 2}, {9, 0, 0, 5}})
  x[mask {0, 0, 1}] = 1
  check.equal(x[3]:totable(), {1, 1, 1, 1})
  local y = rm.zeros(4, 3)
  y[{{}, index {3, 1}}] = rm.arange(8):reshape(4, 2)
  check.equal(y:totable(), {{2, 0, 1}, {4, 0, 3}, {6, 0, 5}, {8, 0, 7}})
  local z = rm.tensor(1)
  z[mask(1)] = rm.tensor {4}
  check.equal(z:item(), 4.0)
  local bytes = rm.zeros({2}, "uint8")
  bytes[index {2}] = 255
  check.equal(bytes:totable(), {0, 255})
end)

check.case("what cannot be changes nothing", function()
  local x = matrix()
  check.error(function() return x[index {1, 4}] end,
    "index: dimension 1: position 4 (number 2 of the list) is out of range 1..3 of (3, 4)")
  check.error(function() return x[{{}, index {0}}] end,
    "index: dimension 2: position 0 (number 1 of the list) counts from 1; expected 1..4 of (3, 4)")
  check.error(function() return x[{index {1, 2}, index {1, 2, 3}}] end, "index: shapes (2) and (3) do not broadcast")
  check.error(function() return x[rm.tensor {1, 2}] end, "or positions, int64 (use positions:long())")
  check.error(function() return x[{1, 1, index {1}}] end, "3 positions for a tensor (3, 4) of 2 dimensions")
  check.error(function() return x[{1, mask {1, 0, 1}}] end,
    "the mask is uint8 (3), which is not what a tensor (3, 4) has from dimension 2 on")
  check.error(function() return x[{1, mask {{1, 0}, {1, 0}}}] end, "from dimension 2 on")
  check.error(function() return x[mask(1)] end, "the mask is uint8 (), which is not what a tensor (3, 4) has")
  check.error(function() x[index {1, 4}] = 0 end, "position 4 (number 2 of the list) is out of range")
  check.error(function() x[index {1, 2}] = rm.zeros(3) end, "the value is (3), the place it goes to (2, 4)")
  check.error(function() x[index {1}] = rm.zeros(4):requires_grad_(true) end, "the value carries a gradient")
  check.error(function() x[x:gt(0)] = rm.zeros(3) end, "the value is (3), the place it goes to (12)")
  check.equal(x, matrix())
  check.error(function() return x[io.stdout] end, "tensor")
end)
