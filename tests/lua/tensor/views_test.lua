local check = require "support.check"
local rm    = require "resmoon"

local function counted(...)
  local n = 1
  for _, extent in ipairs {...} do n = n * extent end
  return rm.arange(n):reshape(...)
end

-- Row-major contents of x, whatever its strides.
local function numbers(x) return x:reshape(-1):totable() end

for _, name in ipairs {"reshape_01", "reshape_02", "transpose_01", "transpose_02", "permute_01", "permute_02",
                       "narrow_01", "narrow_02"} do
  check.reference("ops/" .. name)
end

check.case("reshape keeps the order of elements; one size may be inferred", function()
  local x = counted(2, 3, 4)
  check.shape(x:reshape(6, -1), {6, 4})
  check.shape(x:reshape {-1}, {24})
  check.equal(x:permute(3, 1, 2):reshape(4, 6)[1]:totable(), {1, 5, 9, 13, 17, 21})
  check.shape(rm.tensor(3):reshape(1, 1), {1, 1})
  check.shape(rm.tensor({3}):reshape(), {})
  check.shape(rm.zeros(0, 4):reshape(2, 0), {2, 0})
  check.error(function() x:reshape(5, -1) end, "reshape: x (2, 3, 4) has 24 elements, no multiple of 5")
  check.error(function() x:reshape(5, 5) end, "reshape: x (2, 3, 4) has 24 elements, (5, 5) needs 25")
  check.error(function() x:reshape(-1, -1) end, "only one size may be -1")
  check.error(function() x:reshape(-2) end, "got -2")
  check.error(function() x:reshape(1.5) end, "got 1.5")
  check.error(function() rm.zeros(0):reshape(0, -1) end, "no multiple of 0")
  check.error(function() x:reshape(1, 1, 1, 1, 1, 1, 1, 1, 24) end, "at most 8")
end)

check.case("view shares memory or fails", function()
  local x = counted(3, 4)
  x:view(12)[1] = 100
  check.equal(x[{1, 1}]:item(), 100)
  check.shape(x[{{}, {1, 2}}]:view(3, 2, 1), {3, 2, 1})
  check.shape(x:t():view(2, 2, 3), {2, 2, 3})  -- one dimension cut in two
  check.error(function() x:t():view(12) end, "view: x (4, 3) lies in memory in another order, so (12) needs a copy")
  check.error(function() x[{{}, {1, 2}}]:view(6) end, "needs a copy")
end)

check.case("every reshape equals the reshape of a row-major copy", function()
  local shapes = {{24}, {4, 6}, {2, 3, 4}, {3, 1, 8}, {2, 2, 2, 3}, {1, 24, 1}, {6, 2, 2}}
  local sources = {
    counted(2, 3, 4), counted(4, 3, 2):permute(3, 2, 1), counted(2, 4, 3):transpose(2, 3),
    counted(4, 4, 4)[{{1, 2}, {2, 4}}], counted(2, 3, 8)[{{}, {}, {1, 8, 2}}],
    counted(3, 4):unsqueeze(1):expand(2, 3, 4), counted(2, 1, 12):squeeze(),
  }
  for _, x in ipairs(sources) do
    local rows = rm.tensor(x:totable())
    for _, shape in ipairs(shapes) do check.equal(x:reshape(shape), rows:reshape(shape)) end
  end
end)

check.case("flatten", function()
  local x = counted(2, 3, 4)
  check.shape(x:flatten(), {24})
  check.shape(x:flatten(2), {2, 12})
  check.shape(x:flatten(1, 2), {6, 4})
  check.shape(x:flatten(-1), {2, 3, 4})
  check.shape(rm.tensor(1):flatten(), {1})
  check.error(function() x:flatten(3, 1) end, "flatten: no range of dimensions from 3 to 1")
  check.error(function() x:flatten(4) end, "dimension 4 is out of range")
end)

check.case("transpose, t and permute", function()
  local x = counted(2, 3, 4)
  check.equal(x:transpose(1, -1)[{4, 2, 1}]:item(), x[{1, 2, 4}]:item())
  check.equal(x:permute(2, 3, 1):stride(), {4, 1, 12})
  check.equal(x:permute {-1, 1, 2}:size(), {4, 2, 3})
  check.equal(x[1]:t():totable()[1], {1, 5, 9})
  check.error(function() x:t() end, "t: x is (2, 3, 4), expected a matrix")
  check.error(function() x:permute(1, 2) end, "x has 3 dimensions, the order names 2")
  check.error(function() x:permute(1, 2, 2) end, "every dimension must occur once, 2 does not")
  check.error(function() x:transpose(1, 0) end, "dimensions count from 1")
end)

check.case("squeeze and unsqueeze", function()
  local x = rm.zeros(1, 3, 1, 2)
  check.shape(x:squeeze(), {3, 2})
  check.shape(x:squeeze(1), {3, 1, 2})
  check.shape(x:squeeze(2), {1, 3, 1, 2})
  check.shape(x:squeeze {1, 3}, {3, 2})
  check.shape(rm.zeros(2):unsqueeze(1), {1, 2})
  check.shape(rm.zeros(2):unsqueeze(-1), {2, 1})
  check.shape(rm.tensor(1):unsqueeze(1), {1})
  check.error(function() x:unsqueeze(6) end, "dimension 6 is out of range")
end)

check.case("expand stretches extents of 1", function()
  local x = rm.tensor {{1}, {2}}
  check.equal(x:expand(-1, 3):totable(), {{1, 1, 1}, {2, 2, 2}})
  check.shape(x:expand(4, 2, 3), {4, 2, 3})
  check.shape(x:expand_as(rm.zeros(2, 5)), {2, 5})
  check.shape(x:expand(2, 0), {2, 0})
  check.equal(x:expand(2, 3):stride(2), 0)
  check.error(function() x:expand(3, 1) end, "size 1 is 3, x (2, 1) has 2 there")
  check.error(function() x:expand(2) end, "needs 2 to 8 sizes, got 1")
  check.error(function() x:expand(-1, 2, 3) end, "expand: size 1 must be a count, got -1")
end)

check.case("narrow, select, split and chunk", function()
  local x = counted(5, 2)
  check.equal(x:narrow(1, 2, 2):totable(), {{3, 4}, {5, 6}})
  check.equal(x:narrow(1, -2, 2):totable(), {{7, 8}, {9, 10}})
  check.shape(x:narrow(1, 6, 0), {0, 2})
  check.equal(x:select(2, -1):totable(), {2, 4, 6, 8, 10})
  check.error(function() x:narrow(1, 4, 3) end, "dimension 1 has extent 5, no 3 positions from 4 on")
  check.error(function() x:narrow(1, 0, 1) end, "indices count from 1")
  check.error(function() x:select(1, 6) end, "index 6 is out of range")
  local function extents(list, d)
    local sizes = {}
    for i, part in ipairs(list) do sizes[i] = part.shape[d] end
    return sizes
  end
  check.equal(extents(x:split(2), 1), {2, 2, 1})
  check.equal(extents(x:split({1, 4}, 1), 1), {1, 4})
  check.equal(extents(x:chunk(2), 1), {3, 2})
  check.equal(extents(x:chunk(5, 2), 2), {1, 1})
  check.equal(numbers(x:chunk(2)[2]), {7, 8, 9, 10})
  check.error(function() x:split({1, 3}) end, "the parts add up to 4, dimension 1 has 5")
  check.error(function() x:split({4, 3}) end, "part 2 takes 3 of the 1 positions left in dimension 1")
  check.error(function() x:split(0) end, "at least 1")
end)

check.case("contiguous, clone and detach", function()
  local x = counted(2, 3)
  check.that(x:contiguous() == x and x:t():contiguous():is_contiguous())
  check.equal(x:t():contiguous():totable(), x:t():totable())
  local c, d = x:clone(), x:detach()
  x[1] = 0
  check.equal(c[1]:totable(), {1, 2, 3})
  check.equal(d[1]:totable(), {0, 0, 0})
  check.equal(x:t():clone():stride(), {1, 3})
end)

check.case("gradients", function()
  local linear = {step = 0.25, rtol = 1e-3}
  for name, f in pairs {
    reshape = function(x) return x:reshape(4, 6) end,
    reshape_copy = function(x) return x:permute(3, 1, 2):reshape(6, 4) end,
    view = function(x) return x:view(6, 4) end,
    flatten = function(x) return x:flatten(2) end,
    transpose = function(x) return x:transpose(1, 3) end,
    permute = function(x) return x:permute(3, 1, 2) end,
    t = function(x) return x[1]:t() end,
    unsqueeze = function(x) return x:unsqueeze(2) end,
    squeeze = function(x) return x[{{2, 2}}]:squeeze() end,
    narrow = function(x) return x:narrow(2, 2, 2) end,
    select = function(x) return x:select(2, 3) end,
    slice = function(x) return x[{-1, {}, {2, 4, 2}}] end,
    empty_slice = function(x) return rm.cat({x[{{2, 1}}], x}, 1) end,
    expand = function(x) return x:unsqueeze(2):expand(2, 5, 3, 4) end,
    expand_front = function(x) return x[{{}, {1, 1}}]:expand(3, 2, 2, 4) end,
    split = function(x)
      local parts = x:split({1, 3}, 3)
      return rm.cat({parts[2], parts[1], parts[2]}, 3)
    end,
    chunk = function(x) return rm.cat({x:chunk(2, 2)[1], x:chunk(2, 2)[2]}, 1):t() end,
    contiguous = function(x) return x:t():contiguous() end,
    clone = function(x) return x:clone() end,
  } do
    if name == "chunk" or name == "contiguous" then
      check.gradients(f, counted(3, 4), linear)
    else
      check.gradients(f, counted(2, 3, 4), linear)
    end
  end
end)

check.case("a channels-last image stays so on the way back through a slice", function()
  local x = rm.randn(2, 3, 4, 4):permute(1, 4, 2, 3):detach():requires_grad_(true)
  check.that(x:is_channels_last())
  local y = x[{{}, {}, {1, -1, 2}, {1, -1, 2}}]  -- the subsampling of a shortcut
  check.shape(y, {2, 4, 2, 2})
  y:backward(rm.ones(y.shape))
  check.that(x.grad:is_channels_last())
  check.equal(x.grad:sum():item(), 32)
end)
