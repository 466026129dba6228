--- The points of a curve that grows: of a long one neighboring points are averaged, so that memory and drawing
-- stay small.
local Trace = {}
Trace.__index = Trace

local MOST = 600  -- points kept

-- points[i] = {x of the first, mean y, number of values}; the last one may have less values than `each`.
function Trace.new() return setmetatable({points = {}, each = 1}, Trace) end

function Trace:add(x, y)
  local last = self.points[#self.points]
  if last and last[3] < self.each then
    last[2], last[3] = (last[2] * last[3] + y) / (last[3] + 1), last[3] + 1
  else
    self.points[#self.points + 1] = {x, y, 1}
  end
  if #self.points <= MOST then return end
  local halved = {}
  for i = 1, #self.points, 2 do
    local a, b = self.points[i], self.points[i + 1]
    halved[#halved + 1] = b and {a[1], (a[2] * a[3] + b[2] * b[3]) / (a[3] + b[3]), a[3] + b[3]} or a
  end
  self.points, self.each = halved, 2 * self.each
end

--- Lists of the x and the y.
function Trace:columns()
  local x, y = {}, {}
  for i, p in ipairs(self.points) do x[i], y[i] = p[1], p[2] end
  return x, y
end

return Trace
