local check = require "support.check"
local rm    = require "resmoon"

local function matrix() return rm.arange(12):reshape(3, 4) end

check.case("a number selects and drops a dimension; negative ones count from the end", function()
  local x = matrix()
  check.equal(x[1]:totable(), {1, 2, 3, 4})
  check.equal(x[-1]:totable(), {9, 10, 11, 12})
  check.equal(x[2][3]:item(), 7)
  check.equal(x[{2, -1}]:item(), 8)
  check.shape(x[{2, 3}], {})
  check.equal(#x, 3)
end)

check.case("ranges are inclusive, {} is all, a third number is the step", function()
  local x = matrix()
  check.equal(x[{{}, 2}]:totable(), {2, 6, 10})
  check.equal(x[{{2, 3}, {1, 2}}]:totable(), {{5, 6}, {9, 10}})
  check.equal(x[{{-2, -1}}]:totable(), {{5, 6, 7, 8}, {9, 10, 11, 12}})
  check.equal(x[{{}, {1, -1, 2}}]:totable(), {{1, 3}, {5, 7}, {9, 11}})
  check.equal(x[{{1, 3, 2}, {2, 4, 5}}]:totable(), {{2}, {10}})
  check.shape(x[{{2, 1}}], {0, 4})
  check.shape(x[{}], {3, 4})
end)

check.case("what is read is a view", function()
  local x = matrix()
  x[1]:fill_(0)
  x[{{2, 3}, 1}]:fill_(-1)
  check.equal(x:totable(), {{0, 0, 0, 0}, {-1, 6, 7, 8}, {-1, 10, 11, 12}})
end)

check.case("numbers and tensors are assigned, broadcast and converted", function()
  local x = rm.zeros(2, 3)
  x[1] = 5
  x[{2, 2}] = -1
  check.equal(x:totable(), {{5, 5, 5}, {0, -1, 0}})
  x[{{}, {2, 3}}] = rm.tensor {7, 8}
  check.equal(x:totable(), {{5, 7, 8}, {0, 7, 8}})
  x[{}] = rm.tensor({{1}, {2}}, "int64")
  check.equal(x:totable(), {{1, 1, 1}, {2, 2, 2}})
  x[{{}, {1, 2}}] = x[{{}, {2, 3}}]  -- overlapping
  local y = rm.arange(4)
  y[{{2, 4}}] = y[{{1, 3}}]
  check.equal(y:totable(), {1, 1, 2, 3})
  local labels = rm.zeros({2}, "int64")
  labels[2] = 9
  check.equal(labels:totable(), {0, 9})
end)

check.case("positions that are not there", function()
  local x = matrix()
  check.error(function() return x[0] end, "dimension 1: position 0: positions count from 1")
  check.error(function() return x[4] end, "dimension 1: position 4 is out of range 1..3 of a tensor (3, 4)")
  check.error(function() return x[{1, -5}] end, "dimension 2: position -5")
  check.error(function() return x[1.5] end, "whole number, got 1.5")
  check.error(function() return x[{1, 1, 1}] end, "3 positions for a tensor (3, 4) of 2 dimensions")
  check.error(function() return x[{{1}}] end, "a range is {first, last}")
  check.error(function() return x[{{3, 1}}] end, "ends at 1, before its start 3")
  check.error(function() return x[{{1, 3, 0}}] end, "step")
  check.error(function() return x[{"a"}] end, "got a")
  check.error(function() return x[true] end, "got boolean")
  check.error(function() return rm.tensor(1)[1] end, "1 positions for a tensor () of 0 dimensions")
  check.error(function() return #rm.tensor(1) end, "no dimension 1")
  check.error(function() x[1] = rm.zeros(3) end, "the value is (3), the place it goes to (4)")
  check.error(function() x[1] = "5" end, "got string")
  check.error(function() x[1] = nil end, "got nil")
end)

check.case("a mask reads a copy and assigns a number", function()
  local x = matrix()
  local mask = rm.tensor({{0, 1, 0, 1}, {0, 0, 0, 0}, {1, 0, 0, 0}}, "uint8")
  check.equal(x[mask]:totable(), {2, 4, 9})
  check.equal(x:t()[mask:t()]:totable(), {9, 2, 4})
  x[mask] = -1
  check.equal(x:totable(), {{1, -1, 3, -1}, {5, 6, 7, 8}, {-1, 10, 11, 12}})
  check.error(function() return x[rm.zeros(3, 4)] end, "the mask is float32 (3, 4), expected uint8 (3, 4)")
  check.error(function() return x[rm.zeros({2}, "uint8")] end,
    "the mask is uint8 (2), which is not what a tensor (3, 4) has from dimension 1 on")
end)

check.case("fields, and the nearest name for a misspelt one", function()
  local x = rm.zeros({2, 3}, "int64")
  check.equal(x.shape, {2, 3})
  check.equal(x.ndim, 2)
  check.equal(x:dim(), 2)
  check.equal(x.dtype, "int64")
  check.that(x.is_leaf and not x.requires_grad and x.grad == nil and x.op == nil)
  check.equal(x:size(), {2, 3})
  check.equal(x:size(-1), 3)
  check.equal(x:numel(), 6)
  check.equal(x:stride(), {3, 1})
  check.equal(x:stride(2), 1)
  check.error(function() return x.shap end, "did you mean \"shape\"?")
  check.error(function() return x:reshap(3) end, "did you mean \"reshape\"?")
  check.error(function() return x.zzzzzzzz end, "no field or method \"zzzzzzzz\"")
  check.error(function() x.shape = {3} end, "\"shape\" cannot be assigned")
  check.error(function() return x:size(3) end, "size: dimension 3 is out of range")
  check.error(function() return x:size(0) end, "dimensions count from 1")
end)

check.case("== asks whether it is the same tensor", function()
  local x = rm.zeros(2)
  check.that(x == x:contiguous() and x == x:float())
  check.that(x ~= rm.zeros(2) and x ~= x:detach())
  check.that(rm.is_tensor(x) and not rm.is_tensor(1) and not rm.is_tensor(io.stdout))
end)

check.case("ipairs and a count go through dimension 1, and end", function()
  local x = rm.tensor {{1, 2}, {3, 4}, {5, 6}}
  local rows = {}
  for i, row in ipairs(x) do rows[i] = row:totable() end
  check.equal(rows, {{1, 2}, {3, 4}, {5, 6}})
  local sum = 0
  for i = 1, #x do sum = sum + x[i]:sum():item() end
  check.equal(sum, 21)
  for _, element in ipairs(x[1]) do sum = sum + element:item() end
  check.equal(sum, 24)
  for _ in ipairs(rm.zeros(0, 3)) do check.that(false) end
  for _, row in ipairs(x:t()) do check.equal(#row, 3) end
  local inside = {}
  for i, a in ipairs(x) do
    for j, b in ipairs(a) do inside[#inside + 1] = i * 10 + j + b:item() / 10 end
  end
  check.equal(#inside, 6)
end)

check.case("the position behind the last is an error to everybody else", function()
  local x = rm.zeros(2, 3)
  local function fails(f) check.error(f, "position 3 is out of range") end
  fails(function() return x[3] end)
  fails(function() for _ in ipairs {1} do local _ = x[3] end end)
  fails(function() return table.unpack(x, 1, 3) end)
  check.error(function() for _ in ipairs(rm.tensor(1)) do check.that(false) end end, "0 dimensions")
end)
