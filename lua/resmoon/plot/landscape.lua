--- Loss landscapes: surfaces and contours, several beside one another to one scale.
local colors  = require "resmoon.plot.colors"
local fail    = require "resmoon.base.fail"
local figure  = require "resmoon.plot.figure"
local gnuplot = require "resmoon.plot.gnuplot"
local is      = require "resmoon.base.is"
local picture = require "resmoon.plot.text"
local text    = require "resmoon.base.text"

local MOST = 10   -- the loss above which all is one, as in the paper's figures

-- Lists and rows of what is to be drawn of one landscape.
local function read(given, i)
  local function numbers(name)
    local value = type(given) == "table" and given[name]
    if is.tensor(value) then value = value:totable() end
    if type(value) ~= "table" then
      fail("plot.landscape: landscape %d has no '%s': expected what landscape() gives", i, name)
    end
    return value
  end
  local one = {x = numbers "x", y = numbers "y", rows = numbers "losses", name = given.name or ("network " .. i),
               path = given.path, classes = given.classes}
  if #one.rows ~= #one.y or #one.x < 2 or #one.y < 2 then
    fail("plot.landscape: landscape %d has %d rows of losses for %d values of y", i, #one.rows, #one.y)
  end
  for k, row in ipairs(one.rows) do
    if type(row) ~= "table" or #row ~= #one.x then
      fail("plot.landscape: row %d of landscape %d has not %d losses", k, i, #one.x)
    end
  end
  return one
end

-- The least and the largest finite loss of all.
local function extent(list)
  local low, high = math.huge, -math.huge
  for _, one in ipairs(list) do
    for _, row in ipairs(one.rows) do
      for _, v in ipairs(row) do
        if v == v and math.abs(v) ~= math.huge then low, high = math.min(low, v), math.max(high, v) end
      end
    end
  end
  if low > high then fail "plot.landscape: there is no loss to draw" end
  return low, high
end

-- Losses that a contour is drawn at: round ones, eight or so.
local function levels(low, high)
  local step = 10 ^ math.floor(math.log((high - low) / 8, 10))
  for _, factor in ipairs {1, 2, 5, 10} do
    if (high - low) / (factor * step) <= 10 then
      step = factor * step
      break
    end
  end
  local list = {}
  for k = math.ceil(low / step), math.floor(high / step) do
    if k * step > low and k * step < high then list[#list + 1] = ("%.9g"):format(k * step) end
  end
  return table.concat(list, ",")
end

local function columns(one, top)
  local x, y, z = {}, {}, {}
  for i, row in ipairs(one.rows) do
    for j, v in ipairs(row) do
      x[#x + 1], y[#y + 1], z[#z + 1] = one.x[j], one.y[i], v == v and math.min(v, top) or v
    end
  end
  return {x, y, z}
end

local function settings(low, top)
  return colors.palette() .. ("set cbrange [%.9g:%.9g]\nset zrange [%.9g:%.9g]\n"):format(low, top, low, top)
end

local function surface(f, one, low, top, words)
  local p = f:panel {key = false, title = one.name, xlabel = words.x, ylabel = words.y, splot = true}
  p.settings = settings(low, top) .. ([[
unset grid
set size noratio
set border 31
set view 52,32
set xyplane at %.9g
set xlabel rotate parallel
set ylabel rotate parallel
set zlabel 'loss' rotate parallel
set ztics
unset colorbox
set pm3d depthorder border lc rgb '#a0000000' lw 0.2
]]):format(low)
  p:add {columns = columns(one, top), using = "1:2:3", style = "pm3d", plain = true, block = #one.x}
end

local function contours(f, one, low, top, words)
  -- Each point is a cell around it. (An SVG shows those of the edge as a whole, whatever the range.)
  local function range(list)
    local half = (list[#list] - list[1]) / (#list - 1) / 2
    return {list[1] - half, list[#list] + half}
  end
  local p = f:panel {key = false, title = one.name, xlabel = words.x, ylabel = words.y, xrange = range(one.x),
                     yrange = range(one.y)}
  p.settings = function(prefix)
    return settings(low, top) .. ([[
unset grid
set border 15
set xlabel norotate
set ylabel rotate by 90
set size ratio %g
set colorbox
set cblabel %s
unset xtics
set xtics
set pm3d border
set contour base
set cntrparam linear
set cntrparam levels discrete %s
unset surface
set table $%scontour
splot $%s1 using 1:2:3 with lines notitle
unset table
set surface
unset contour
set style textbox opaque noborder margins 0.4,0.4
]]):format(words.ratio, gnuplot.quote(words.loss), words.levels, prefix, prefix)
  end
  p:add {columns = columns(one, top), using = "1:2:3", style = "image", plain = true, block = #one.x}
  p:add {columns = {{}, {}}, source = "contour", style = "lines lw 1.1 lc rgb '#ffffff'", plain = true}
  p:add {columns = {{}, {}}, source = "contour", using = "1:2:3 every 20::8", plain = true,
         style = "labels font small textcolor rgb '#000000' boxed"}
  if one.path then
    local n = math.min(words.steps or #one.path.x, #one.path.x)
    local x, y = table.move(one.path.x, 1, n, 1, {}), table.move(one.path.y, 1, n, 1, {})
    for _, style in ipairs {"lw 4.5 lc rgb '#000000' pt 7 ps 1*dot", "lw 2 lc rgb '#ffffff' pt 7 ps 0.6*dot"} do
      p:add {columns = {x, y}, style = "linespoints " .. style, plain = true}
    end
    local epochs = one.path.epochs or {}
    p:add {columns = {{x[1], x[n]}, {y[1], y[n]},
                      {epochs[1] or 1, epochs[n] or n}},
           using = "1:2:3", style = "labels offset 1.2,0.6 textcolor rgb '#ffffff'", plain = true}
  else
    p:add {columns = {{0}, {0}}, style = "points pt 1 ps 1.6*dot lw 2.5 lc rgb '#ffffff'", plain = true}
  end
end

-- Shades, and on them the path (a, b, ...) or the center (o).
local function lines_of(one, low, top, room, steps)
  local rows = {}
  for i = #one.rows, 1, -1 do   -- y grows upwards
    local row = {}
    for j, v in ipairs(one.rows[i]) do row[j] = v == v and math.min(v, top) or v end
    rows[#rows + 1] = row
  end
  local lines = picture.heatmap(rows, low, top, room)
  local wide = (#lines[1]) // #one.x
  if #lines - 1 ~= #rows or wide < 1 then return lines end   -- blocks were averaged
  local function put(x, y, letter)
    local j = math.floor((x - one.x[1]) / (one.x[#one.x] - one.x[1]) * (#one.x - 1) + 0.5)
    local i = #rows - math.floor((y - one.y[1]) / (one.y[#one.y] - one.y[1]) * (#one.y - 1) + 0.5)
    if j < 0 or j >= #one.x or i < 1 or i > #rows then return end
    lines[i] = lines[i]:sub(1, j * wide) .. letter .. lines[i]:sub(j * wide + 2)
  end
  if not one.path then put(0, 0, "o") end
  for k, x in ipairs(one.path and one.path.x or {}) do
    if k <= (steps or k) then put(x, one.path.y[k], string.char(97 + (k - 1) % 26)) end
  end
  return lines
end

local function draw_text(list, low, top, title, steps)
  local width, height = gnuplot.text_size()
  if title then io.stdout:write(text.cut(text.visible(title), width), "\n") end
  for _, one in ipairs(list) do
    io.stdout:write(text.cut(text.visible(one.name), width), "\n",
      table.concat(lines_of(one, low, top, {width = width, height = math.max(height - 2, #one.y)}, steps), "\n"), "\n")
    if one.path then
      local n = math.min(steps or #one.path.x, #one.path.x)
      io.stdout:write(("a to %s: the path of %d checkpoints\n"):format(string.char(97 + (n - 1) % 26), n))
    else io.stdout:write "o: the network\n" end
  end
end

--- Loss landscapes as surfaces and, below them or beside, as contours: several to one scale.
--
-- Losses above `top` are drawn as high as that. A cross is the network, a line the path of a run with the epochs of its
-- ends.
-- Call: plot.landscape(landscape, {options}) -> true
-- Call: plot.landscape({landscapes}, {options}) -> true
-- Shapes: as landscape() gives them: losses (grid, grid), x and y (grid); tables of numbers will do.
-- Options: top    the highest loss that is told apart (10, or the highest of all where that is less)
--  steps  so many checkpoints of a path, instead of all
--  kind   "both", "surface" or "contours" (both)
--  file, title, size  as of plot.lines
-- Errors: raises for what is no landscape, and where there is no loss to draw. Without gnuplot it gives nil and the
--  reason; in the terminal it needs none.
-- Source: Li et al. 2018, arXiv:1712.09913, figures 1 and 5.
-- Example:
--   > net, ds = models.mlp({hidden = {8}}), data.shapes10 {size = 40}
--   > here = landscape(net, ds, {grid = 5})
--   > plot.landscape(here, {file = "landscape.svg"});
--   > rm.sys.exists "landscape.svg"
--   true
local function landscape(given, options)
  options = figure.options("plot.landscape", options, "top kind steps")
  local kind = options.kind or "both"
  if kind ~= "both" and kind ~= "surface" and kind ~= "contours" then
    fail("plot.landscape: kind is %s, expected both, surface or contours", kind)
  end
  if options.steps ~= nil and not is.whole(options.steps, 1) then
    fail("plot.landscape: steps is %s, expected a whole number from 1", options.steps)
  end
  if options.top ~= nil and type(options.top) ~= "number" then
    fail("plot.landscape: top is %k, expected a number", options.top)
  end
  if type(given) == "table" and given.losses then given = {given} end
  if type(given) ~= "table" or #given == 0 then fail "plot.landscape: there is no landscape to draw" end
  local list = {}
  for i, each in ipairs(given) do list[i] = read(each, i) end
  local low, high = extent(list)
  local top = options.top or math.min(MOST, high)
  if top <= low or top ~= top then top = math.max(high, low + 1e-6 * math.max(1, math.abs(low))) end
  local k, both = #list, kind == "both"
  local across = k == 1 and both and 2 or k
  local f = figure.new {title = options.title, columns = across,
                        size = options.size or {math.max(560, 500 * across), both and k > 1 and 900 or 470}}
  f.as_text = function() draw_text(list, low, top, options.title, options.steps) end
  local words = {levels = levels(low, top), steps = options.steps,
                 loss = high > top and ("loss, cut at %.4g"):format(top) or "loss"}
  for _, which in ipairs {surface, contours} do
    for _, one in ipairs((which == surface) and kind ~= "contours" and list or which == contours and kind ~= "surface"
                         and list or {}) do
      words.x = one.path and "component 1" or "direction 1"
      words.y = one.path and "component 2" or "direction 2"
      words.ratio = one.path and -1 or 1
      which(f, one, low, top, words)
    end
  end
  for _, p in ipairs(f.panels) do p.text_title = p.title end
  return f:draw(options)
end

return landscape
