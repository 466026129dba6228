-- Tensors: a shape over shared memory.
--
-- Run it: resmoon examples/more/tensors.lua. It prints:
--   float32 (2, 3)
--   row 2, column 3:   6
--   column sums:       5 7 9
--   each minus mean:   -2.5 -1.5 -0.5 0.5 1.5 2.5
--   a view writes through: 100
--   where the largest is: row 2
--   (4, 3, 8, 8) -> (4, 3, 4, 4)
local rm = require "resmoon"

local x = rm.tensor {{1, 2, 3}, {4, 5, 6}}
print(x.dtype .. " (" .. table.concat(x.shape, ", ") .. ")")

-- Everything counts from 1: elements, dimensions, class labels.
print("row 2, column 3:", ("%g"):format(x[2][3]:item()))
print("column sums:", table.concat(x:sum(1):long():totable(), " "))

-- A scalar, a row or a column stretches over the rest.
print("each minus mean:", table.concat((x - x:mean()):flatten():totable(), " "))

-- x[...] is a view: it shares memory with x.
local corner = x[{1, {1, 2}}]
corner[1] = 100
print("a view writes through:", ("%g"):format(x[1][1]:item()))
x[1][1] = 1

local _, where = x:max(1)
print("where the largest is:", "row " .. where[3]:item())

-- Images are (N, C, H, W): number, channels, height, width.
local images = rm.randn(4, 3, 8, 8)
local small = images:avg_pool2d(2)
print("(" .. table.concat(images.shape, ", ") .. ") -> (" .. table.concat(small.shape, ", ") .. ")")
