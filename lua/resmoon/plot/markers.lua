--- Markers on curves, by which those are told apart that lie over one another, and points that no line would show.
local look = require "resmoon.plot.look"

local markers = {}

local EACH = 6  -- markers on a curve

local function finite(v) return v == v and math.abs(v) ~= math.huge end

local function extent(layers, c)
  local low, high = math.huge, -math.huge
  for _, layer in ipairs(layers) do
    for _, v in ipairs(layer.columns[c]) do
      if finite(v) then low, high = math.min(low, v), math.max(high, v) end
    end
  end
  return low, high > low and high - low or 1
end

-- How long the curve is up to each of its points, as it is seen: parts of the width and height that all curves take.
local function lengths(xs, ys, x, y)
  local list, sum, last = {}, 0, nil
  for i = 1, #xs do
    if finite(xs[i]) and finite(ys[i]) then
      if last then
        sum = sum + math.sqrt(((xs[i] - xs[last]) / x) ^ 2 + ((ys[i] - ys[last]) / y) ^ 2)
      end
      list[#list + 1] = {i, sum}
      last = i
    end
  end
  return list, sum
end

-- Points for the markers of curve k of n: evenly along it, and beside those of the other curves.
local function places(layer, k, n, x, y)
  local list, sum = lengths(layer.columns[1], layer.columns[2], x, y)
  local xs, ys, seen, at = {}, {}, {}, 1
  for j = 0, EACH - 1 do
    local wanted = (j + (k - 0.5) / n) / EACH * sum
    while list[at + 1] and math.abs(list[at + 1][2] - wanted) <= math.abs(list[at][2] - wanted) do at = at + 1 end
    local i = list[at] and list[at][1]
    if i and not seen[i] then
      seen[i], xs[#xs + 1], ys[#ys + 1] = true, layer.columns[1][i], layer.columns[2][i]
    end
  end
  return xs, ys
end

-- A layer with a color of its own, of no number, is told apart by that.
local function is_curve(layer)
  return layer.title and layer.style == "lines" and not layer.plain and type(layer.color) ~= "string"
end

--- Layers of points for the curves of a panel that have a title, where there are several and the panel does not say
-- markers = false. Curves with so few points that their markers would meet have them in sizes that let the lower ones
-- show. Marked layers get `marked`, for the legend.
function markers.of(panel, in_text)
  if panel.markers == false then return {} end
  local curves, made = {}, {}
  for i, layer in ipairs(panel.layers) do
    if is_curve(layer) and not (in_text and layer.aside) then curves[#curves + 1] = {layer, i} end
  end
  if #curves < 2 then return {} end
  local all = {}
  for k, each in ipairs(curves) do all[k] = each[1] end
  local _, x = extent(all, 1)
  local _, y = extent(all, 2)
  for k, each in ipairs(curves) do
    local layer, index = each[1], each[2]
    local l = look.of(layer, index)
    local xs, ys = places(layer, k, #curves, x, y)
    layer.marked = true
    if #xs > 0 then
      local few = #layer.columns[1] < 2 * #curves
      made[#made + 1] = {columns = {xs, ys}, style = "points", color = layer.color or index, faint = layer.faint,
                         symbol = l.symbol, point = few and 1.3 - 0.7 * (k - 1) / #curves or 0.8,
                         text_number = layer.text_number}
    end
  end
  return made
end

--- A layer of the points that a line does not show: those with no finite neighbor. nil where there are none.
function markers.alone(layer, index)
  if layer.style ~= "lines" or layer.plain then return nil end
  local xs, ys = layer.columns[1], layer.columns[2]
  local function there(i) return xs[i] and ys[i] and finite(xs[i]) and finite(ys[i]) end
  local x, y = {}, {}
  for i = 1, #xs do
    if there(i) and not there(i - 1) and not there(i + 1) then x[#x + 1], y[#y + 1] = xs[i], ys[i] end
  end
  if #x == 0 then return nil end
  return {columns = {x, y}, style = "points", color = layer.color or index, faint = layer.faint, point = 0.8,
          text_number = layer.text_number}
end

return markers
