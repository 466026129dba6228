--- Curves of characters with their axes: for a frame that is drawn over itself.
local text      = require "resmoon.base.text"
local textcurve = require "resmoon.plot.textcurve"

local MARGIN = 10  -- characters left of the curves: the labels and the axis

-- Lowest and highest of all points, at least a little apart.
local function range(series)
  local low, high = math.huge, -math.huge
  for _, points in ipairs(series) do
    for _, p in ipairs(points) do
      if p[2] == p[2] and math.abs(p[2]) ~= math.huge then low, high = math.min(low, p[2]), math.max(high, p[2]) end
    end
  end
  if low > high then return 0, 1 end
  local least = math.max(1e-3, 0.05 * math.abs(high))
  if high - low < least then high = low + least end
  return low, high
end

--- Lines of text: `height` of curves, one for the axis, one for its labels. series: lists of points {x, y}; width: of
-- the whole; x: {lowest, highest}; labels: {left, right}. options as of textcurve.
local function panel(series, width, height, x, labels, options)
  local inner = width - MARGIN
  local low, high = range(series)
  local lines = {}
  for i, drawn in ipairs(textcurve.lines(series, {width = inner, height = height}, x, {low, high}, options)) do
    local label = i == 1 and high or i == height and low or i == (height + 1) // 2 and (low + high) / 2 or nil
    lines[i] = ("%8s |"):format(label and ("%.3g"):format(label) or "") .. drawn
  end
  lines[#lines + 1] = (" "):rep(MARGIN - 1) .. "+" .. ("-"):rep(inner)
  local left, right = labels[1], labels[2]
  local gap = (" "):rep(math.max(1, inner - text.width(left) - text.width(right)))
  lines[#lines + 1] = (" "):rep(MARGIN) .. left .. gap .. right
  return lines
end

return panel
