--- Lines, points, bars and histograms.
--
-- All take options in a last table: file (a name ending in .png, .svg or .pdf, or a list of them;
-- without it the figure is shown), title, xlabel, ylabel, size {width, height} in pixels, xrange
-- and yrange {low, high} (either may be absent), logy, key ("top left", ... or false).
local figure = require "resmoon.plot.figure"

local charts = {}

local numbers = figure.numbers

local function panel_options(options)
  return {xlabel = options.xlabel, ylabel = options.ylabel, xrange = options.xrange, yrange = options.yrange,
          logy = options.logy, key = options.key}
end

local function counting(n)
  local list = {}
  for i = 1, n do list[i] = i end
  return list
end

-- One series: a list or tensor of y; or {x =, y =, title =, dashed =, panel =}.
local function check_series(op, series)
  local named = type(series) == "table" and series.y ~= nil
  local y = numbers(op, named and series.y or series)
  local x = named and series.x and numbers(op, series.x) or counting(#y)
  if #x ~= #y then error(("%s: %d values of x for %d of y"):format(op, #x, #y), 3) end
  return x, y, named and series or {}
end

local function draw_series(op, list, options, style)
  options = options or {}
  if type(list) == "userdata" or (type(list) == "table" and (type(list[1]) == "number" or list.y)) then
    list = {list}
  end
  if type(list) ~= "table" or #list == 0 then error(op .. ": nothing to draw", 3) end
  local f = figure.new({title = options.title, size = options.size or (options.panels and {1150, 470})})
  local panels = {}
  for i, each in ipairs(options.panels or {options}) do
    panels[i] = f:panel(panel_options(each))
    if options.panels then panels[i].title = each.title end
  end
  for i, series in ipairs(list) do
    local x, y, named = check_series(op, series)
    local panel = panels[named.panel or 1]
    if not panel then error(("%s: panel %s, but there are %d"):format(op, named.panel, #panels), 3) end
    local colour = named.colour or named.color or #panel.layers + 1
    panel:add({columns = {x, y}, style = named.points and "linespoints" or style, title = named.title or
               (#list > 1 and "series " .. i or nil), dashed = named.dashed, faint = named.faint, colour = colour})
  end
  return f:draw(options)
end

--- Curves. series: a list of them, each a list or tensor of y, or {x =, y =, title =, dashed =,
-- colour =, panel =}. With options.panels = {{title=, ylabel=, ...}, ...} there are as many panels
-- side by side, and a series names its own.
function charts.lines(series, options) return draw_series("plot.lines", series, options, "lines") end

--- Points. series as for lines; or two lists, x and y.
function charts.scatter(series, y, options)
  if type(y) == "userdata" or (type(y) == "table" and y[1] ~= nil) then series = {{x = series, y = y}}
  else options = y end
  return draw_series("plot.scatter", series, options, "points")
end

--- Bars. labels: a list of texts, or nil; values: a list or tensor.
function charts.bars(labels, values, options)
  options = options or {}
  values = numbers("plot.bars", values)
  local ticks = labels and {}
  for i = 1, labels and #values or 0 do ticks[i] = {i, labels[i] or ""} end
  local f = figure.new({title = options.title, size = options.size})
  local p = f:panel(panel_options(options))
  p.xticks, p.xrange, p.yrange = ticks, {0.3, #values + 0.7}, options.yrange or {0}
  for i = 1, #values do if values[i] < 0 then p.yrange = options.yrange end end
  p.key = options.key or false
  p.settings = "set boxwidth 0.7\nset style fill solid 0.85 noborder\n"
  p:add({columns = {counting(#values), values}, style = "boxes"})
  return f:draw(options)
end

--- How often values fall into equal intervals. options.bins: their number (default 30).
-- Values that are no finite numbers are left out.
function charts.histogram(values, options)
  options = options or {}
  values = numbers("plot.histogram", values)
  local low, high = math.huge, -math.huge
  for _, v in ipairs(values) do
    if v == v and math.abs(v) ~= math.huge then low, high = math.min(low, v), math.max(high, v) end
  end
  if low > high then error("plot.histogram: no finite value to draw", 2) end
  local bins = options.bins or 30
  if math.type(bins) ~= "integer" or bins < 1 then error("plot.histogram: bins must be at least 1", 2) end
  local width = high > low and (high - low) / bins or 1
  local counts, centres = {}, {}
  for b = 1, bins do counts[b], centres[b] = 0, low + (b - 0.5) * width end
  for _, v in ipairs(values) do
    if v >= low and v <= high then
      local b = math.min(bins, math.floor((v - low) / width) + 1)
      counts[b] = counts[b] + 1
    end
  end
  local f = figure.new({title = options.title, size = options.size})
  local p = f:panel(panel_options(options))
  p.ylabel, p.key, p.yrange = options.ylabel or "count", options.key or false, options.yrange or {0}
  p.xrange = options.xrange or {low, low + bins * width}
  p.settings = ("set boxwidth %.9g\nset style fill solid 0.85 noborder\n"):format(0.92 * width)
  p:add({columns = {centres, counts}, style = "boxes"})
  return f:draw(options)
end

return charts
