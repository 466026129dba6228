--- What a network of two inputs makes of the plane: the boundary between its two classes.
local colors  = require "resmoon.plot.colors"
local core    = require "resmoon.core"
local fail    = require "resmoon.base.fail"
local lists   = require "resmoon.base.list"
local figure  = require "resmoon.plot.figure"
local gnuplot = require "resmoon.plot.gnuplot"
local is      = require "resmoon.base.is"
local Module  = require "resmoon.nn.module"
local text    = require "resmoon.base.text"

local GRID = 61   -- points on each side

-- The probability of class 2 on a grid: rows upwards.
local function probabilities(net, range)
  local points = {}
  for i = 0, GRID - 1 do
    for j = 0, GRID - 1 do
      points[#points + 1] = {range[1] + (range[2] - range[1]) * j / (GRID - 1),
                             range[3] + (range[4] - range[3]) * i / (GRID - 1)}
    end
  end
  local training, scores = net.training, nil
  net:eval()
  local ok, message = pcall(core.no_grad, function() scores = net(core.tensor(points)) + 0 end)
  net:train(training)
  if not ok then error(message, 0) end
  if scores:dim() ~= 2 or scores.shape[2] ~= 2 then
    fail("plot.boundary: the network gives (%s), expected the scores of 2 classes", table.concat(scores.shape, ", "))
  end
  return scores:softmax(2):select(2, 2):reshape(GRID, GRID):totable()
end

local function points_of(x, y)
  if x == nil then return {}, {} end
  if is.tensor(x) then x = x:totable() end
  if is.tensor(y) then y = y:totable() end
  if type(x) ~= "table" or type(y) ~= "table" or #x ~= #y then
    fail "plot.boundary: expected points (N, 2) and as many labels, 1 or 2"
  end
  lists.check("plot.boundary", x, "points")
  lists.check("plot.boundary", y, "labels")
  return x, y
end

local function range_of(given, x)
  if given then
    for i = 1, 4 do
      if type(given[i]) ~= "number" then fail "plot.boundary: range is {x from, x to, y from, y to}" end
    end
    return given
  end
  local r = {0, 1, 0, 1}
  for k, p in ipairs(x) do
    for d = 1, 2 do
      r[2 * d - 1] = k == 1 and p[d] or math.min(r[2 * d - 1], p[d])
      r[2 * d] = k == 1 and p[d] or math.max(r[2 * d], p[d])
    end
  end
  for d = 1, 2 do
    local room = 0.3 * math.max(r[2 * d] - r[2 * d - 1], 1e-6)
    r[2 * d - 1], r[2 * d] = r[2 * d - 1] - room, r[2 * d] + room
  end
  return r
end

-- Shades, and on them the points by their class.
local function draw_text(rows, range, x, y, title)
  local width, height = gnuplot.text_size()
  local high, lines = math.min(height - 2, 25), {}
  local wide = math.min(width, 2 * high)
  for i = 1, high do
    local cells = {}
    for j = 1, wide do
      local r = math.floor((high - i) / (high - 1) * (GRID - 1) + 0.5) + 1
      local p = rows[r][math.floor((j - 1) / (wide - 1) * (GRID - 1) + 0.5) + 1]
      cells[j] = p ~= p and "?" or p > 0.5 and (p > 0.9 and "#" or "+") or (p < 0.1 and " " or ".")
    end
    lines[i] = cells
  end
  for k, p in ipairs(x) do
    local j = math.floor((p[1] - range[1]) / (range[2] - range[1]) * (wide - 1) + 0.5) + 1
    local i = high - math.floor((p[2] - range[3]) / (range[4] - range[3]) * (high - 1) + 0.5)
    if lines[i] and lines[i][j] then lines[i][j] = tostring(y[k]) end
  end
  if title then io.stdout:write(text.cut(text.visible(title), width), "\n") end
  for i = 1, high do io.stdout:write(table.concat(lines[i]), "\n") end
  io.stdout:write "' ' class 1, # class 2 (. and +: below 90 %)\n"
end

--- The probability that a network of two inputs gives to the second of two classes, over the plane, with the line
-- where both are as likely. Blue is class 1, orange class 2; of the points discs are class 1, triangles class 2.
-- Call: plot.boundary(net, x, y, {range = nil, file = nil, title = nil, size = nil}) -> true
-- Shapes: net takes (N, 2) and gives scores (N, 2); x (N, 2) and y (N) of 1 and 2 are points to show, or nil.
-- Options: range  {x from, x to, y from, y to}; what the points take, and a margin
-- Errors: raises for a network of other shapes. Without gnuplot it gives nil and the reason; in the terminal it needs
--  none.
-- Example:
--   > net = nn.Linear(2, 2)
--   > plot.boundary(net, {{0, 0}, {1, 1}}, {1, 2}, {file = "boundary.svg"});
--   > rm.sys.exists "boundary.svg"
--   true
return function(net, x, y, options)
  options = figure.options("plot.boundary", options, "range")
  if not Module.is_module(net) then fail("plot.boundary: argument 1 is %k, expected a network", net) end
  x, y = points_of(x, y)
  local range = range_of(options.range, x)
  local rows = probabilities(net, range)
  local f = figure.new {title = options.title, size = options.size or {620, 520}}
  f.as_text = function() draw_text(rows, range, x, y, options.title) end
  local half = {(range[2] - range[1]) / (GRID - 1) / 2, (range[4] - range[3]) / (GRID - 1) / 2}
  local p = f:panel {key = false, xlabel = "x1", ylabel = "x2", xrange = {range[1] - half[1], range[2] + half[1]},
                     yrange = {range[3] - half[2], range[4] + half[2]}}
  local columns = {{}, {}, {}}
  for i = 1, GRID do
    for j = 1, GRID do
      local c = (i - 1) * GRID + j
      columns[1][c] = range[1] + (range[2] - range[1]) * (j - 1) / (GRID - 1)
      columns[2][c], columns[3][c] = range[3] + (range[4] - range[3]) * (i - 1) / (GRID - 1), rows[i][j]
    end
  end
  p.settings = function(prefix)
    return colors.palette "diverging" .. ([[
unset grid
set border 15
set cbrange [0:1]
set cblabel 'probability of class 2'
set contour base
set cntrparam levels discrete 0.5
unset surface
set table $%scontour
splot $%s1 using 1:2:3 with lines notitle
unset table
set surface
unset contour
]]):format(prefix, prefix)
  end
  p:add {columns = columns, using = "1:2:3", style = "image", plain = true, block = GRID}
  local low, high = math.huge, -math.huge
  for _, v in ipairs(columns[3]) do low, high = math.min(low, v), math.max(high, v) end
  if low < 0.5 and high > 0.5 then   -- gnuplot complains of a table without a line
    p:add {columns = {{}, {}}, source = "contour", style = "lines lw 2 lc rgb '#000000'", plain = true}
  end
  for class, symbol in ipairs {7, 9} do
    local at = {{}, {}}
    for k, point in ipairs(x) do
      if y[k] == class then at[1][#at[1] + 1], at[2][#at[2] + 1] = point[1], point[2] end
    end
    if #at[1] > 0 then
      p:add {columns = at, style = ("points pt %d ps 2.2*dot lc rgb '#ffffff'"):format(symbol), plain = true}
      p:add {columns = at, style = ("points pt %d ps 1.6*dot lc rgb '#000000'"):format(symbol), plain = true}
    end
  end
  return f:draw(options)
end
