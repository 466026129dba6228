--- How flat a landscape is around its center, in numbers.
--
-- Between the points of the grid the loss is taken as bilinear. What is not finite counts as infinitely high.
local maths = require("resmoon.core").math

local flatness = {}

local RAYS, STEPS = 64, 4   -- directions, and steps within a cell

local function finite(v) return v == v and math.abs(v) ~= math.huge end

-- The loss at (x, y) of the plane, or nil outside of the grid.
local function at(xs, ys, rows, x, y)
  local n, m = #xs, #ys
  local px = (x - xs[1]) / (xs[n] - xs[1]) * (n - 1)
  local py = (y - ys[1]) / (ys[m] - ys[1]) * (m - 1)
  if px < -1e-9 or py < -1e-9 or px > n - 1 + 1e-9 or py > m - 1 + 1e-9 then return nil end
  local j = math.max(1, math.min(n - 1, math.floor(px) + 1))
  local i = math.max(1, math.min(m - 1, math.floor(py) + 1))
  local u, v = px - (j - 1), py - (i - 1)
  local sum = 0
  for _, corner in ipairs {{i, j, (1 - u) * (1 - v)}, {i, j + 1, u * (1 - v)}, {i + 1, j, (1 - u) * v},
                           {i + 1, j + 1, u * v}} do
    local value, weight = rows[corner[1]][corner[2]], corner[3]
    if weight > 1e-12 then
      if not finite(value) then return math.huge end
      sum = sum + weight * value
    end
  end
  return sum
end

--- How far from the center the loss first reaches `level`: the mean, the least and the largest distance over 64
-- directions of the plane, and the share of directions in which it does so before the edge (those in which it does not
-- count with the radius of the circle that fits into the grid).
function flatness.radius(xs, ys, rows, level, center)
  local edge = math.min(-xs[1], xs[#xs], -ys[1], ys[#ys])
  local step = math.min((xs[#xs] - xs[1]) / (#xs - 1), (ys[#ys] - ys[1]) / (#ys - 1)) / STEPS
  local sum, least, most, reached = 0, math.huge, 0, 0
  for k = 0, RAYS - 1 do
    local angle = 2 * math.pi * k / RAYS
    local c, s = maths.cos(angle), maths.sin(angle)
    local before, r, radius = center, 0, edge
    if center >= level then radius, reached = 0, reached + 1 end
    while radius == edge and r < edge - 1e-12 and center < level do
      local there = math.min(edge, r + step)
      local value = at(xs, ys, rows, there * c, there * s) or math.huge
      if value >= level then
        local part = value < math.huge and (level - before) / (value - before) or 0
        radius, reached = r + part * (there - r), reached + 1
        break
      end
      before, r = value, there
    end
    sum, least, most = sum + radius, math.min(least, radius), math.max(most, radius)
  end
  return {mean = sum / RAYS, least = least, most = most, reached = reached / RAYS}
end

--- The share of the grid's points with a loss below `level`.
function flatness.below(rows, level)
  local count, all = 0, 0
  for _, row in ipairs(rows) do
    for _, value in ipairs(row) do
      all = all + 1
      if value < level then count = count + 1 end
    end
  end
  return count / all
end

--- The second derivative at the center along each axis, by central differences of the grid's step: their mean. nil
-- where the center is no point inside of the grid.
function flatness.curvature(xs, ys, rows)
  local function middle(list)
    for i = 2, #list - 1 do
      if math.abs(list[i]) < 1e-9 * (list[#list] - list[1]) then return i end
    end
  end
  local j, i = middle(xs), middle(ys)
  if not i or not j then return nil end
  local hx, hy, center = xs[j + 1] - xs[j], ys[i + 1] - ys[i], rows[i][j]
  return ((rows[i][j - 1] + rows[i][j + 1] - 2 * center) / (hx * hx)
          + (rows[i - 1][j] + rows[i + 1][j] - 2 * center) / (hy * hy)) / 2
end

--- All of it: doubled and guessing (radii, where the loss has doubled, and where it is ln K, that of guessing), below
-- (share of the grid below ln K), curvature. classes: K, or nil where there are none.
function flatness.of(xs, ys, rows, center, classes)
  local result = {doubled = flatness.radius(xs, ys, rows, 2 * center, center),
                  curvature = flatness.curvature(xs, ys, rows)}
  if classes then
    result.guess = maths.log(classes)
    result.guessing = flatness.radius(xs, ys, rows, result.guess, center)
    result.below = flatness.below(rows, result.guess)
  end
  return result
end

return flatness
