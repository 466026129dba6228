--- Lines, points, bars and histograms.
--
-- All take options in a last table: file (a name ending in .png, .svg or .pdf, or a list of them;
-- without it the figure is shown), title, xlabel, ylabel, size {width, height} in pixels, xrange
-- and yrange {low, high} (either may be absent), logy, key ("top left", "below", ... or false; without it the emptiest
-- corner).
local check  = require "resmoon.base.check"
local fail   = require "resmoon.base.fail"
local is     = require "resmoon.base.is"
local lists  = require "resmoon.base.list"
local figure = require "resmoon.plot.figure"
local options_of = require "resmoon.base.options"
local text   = require "resmoon.base.text"

local MOST_BINS = 100000

local charts = {}

local numbers = figure.numbers

local function panel_options(options)
  return {xlabel = options.xlabel, ylabel = options.ylabel, xrange = options.xrange, yrange = options.yrange,
          logy = options.logy, key = options.key}
end

local known = "xlabel ylabel xrange yrange logy key"
local of_panel = {"title", "xlabel", "ylabel", "xrange", "yrange", "logy", "key"}
local of_series = {"x", "y", "title", "dashed", "color", "panel", "points", "faint"}

local function counting(n)
  local list = {}
  for i = 1, n do list[i] = i end
  return list
end

-- One series: a list or tensor of y; or {x =, y =, title =, dashed =, panel =}.
local function check_series(op, series)
  local named = type(series) == "table" and series.y ~= nil
  if named then options_of(op .. ": a series", series, of_series) end
  local y = numbers(op, named and series.y or series)
  local x = named and series.x and numbers(op, series.x) or counting(#y)
  if #x ~= #y then fail("%s: %d values of x for %d of y", op, #x, #y) end
  return x, y, named and series or {}
end

local function draw_series(op, list, options, style)
  options = figure.options(op, options, known .. " panels")
  if type(list) == "userdata" or (type(list) == "table" and (type(list[1]) == "number" or list.y)) then
    list = {list}
  end
  if type(list) ~= "table" or #list == 0 then fail("%s: nothing to draw", op) end
  lists.check(op, list, "series")
  local f = figure.new({title = options.title, size = options.size or (options.panels and {1000, 430})})
  local panels = {}
  for i, each in ipairs(options.panels or {options}) do
    if options.panels then options_of(("%s: panel %d"):format(op, i), each, of_panel) end
    panels[i] = f:panel(panel_options(each))
    if options.panels then panels[i].title = each.title end
  end
  for i, series in ipairs(list) do
    local x, y, named = check_series(op, series)
    local panel = panels[named.panel or 1]
    if not panel then fail("%s: panel %s, but there are %d", op, named.panel, #panels) end
    local color = named.color or named.color or #panel.layers + 1
    panel.inset = style == "points" and not (options.xrange or options.yrange) or nil  -- none lies on the axes
    panel:add({columns = {x, y}, style = named.points and "linespoints" or style, title = named.title or
               (#list > 1 and "series " .. i or nil), dashed = named.dashed, faint = named.faint, color = color})
  end
  return f:draw(options)
end

--- Draws curves, one for each series. series: a list of them, each a list or tensor of y, or {x =, y =,
-- title =, dashed =,
-- color =, panel =}. With options.panels = {{title=, ylabel=, ...}, ...} there are as many panels
-- side by side, and a series names its own.
-- Call: plot.lines(series, {options}) -> true
-- Shapes: each series has as many x as y; 1, 2, ... if there is no x.
-- Options: file            name ending in .png, .svg or .pdf, or a list of them; else the figure is shown
--  title           above it; xlabel, ylabel: at the axes
--  size            {width, height} in pixels
--  xrange, yrange  {low, high}; either may be absent
--  logy            true: a logarithmic axis
--  key             place of the legend: "top left", "below", ...; without it the emptiest corner; or false
--  panels          {{title =, xlabel =, ylabel =, ...}, ...}: several, side by side
-- Errors: raises for a series without numbers, or with more x than y. Without gnuplot it gives nil and the
-- reason.
-- Example:
--   > straight = {x = {1, 3}, y = {2, 5}, title = "straight"}
--   > plot.lines({{1, 4, 9}, straight}, {file = "a.svg"});
--   > rm.sys.exists "a.svg"
--   true
function charts.lines(series, options) return draw_series("plot.lines", series, options, "lines") end

--- Draws points, a kind for each series. series as for lines; or two lists, x and y.
-- Call: plot.scatter(series, {options}) -> true
-- Call: plot.scatter(x, y, {options}) -> true
-- Shapes: x and y (N), lists or tensors. Options as of plot.lines.
-- Errors: raises for lists of different lengths. Without gnuplot it gives nil and the reason.
-- Example:
--   > plot.scatter({1, 2, 3}, {3, 1, 2}, {file = "points.svg"});
--   > rm.sys.exists "points.svg"
--   true
function charts.scatter(series, y, options)
  if type(y) == "userdata" or (type(y) == "table" and y[1] ~= nil) then series = {{x = series, y = y}}
  else options = y end
  return draw_series("plot.scatter", series, options, "points")
end

--- Draws a bar for each value. labels: a list of texts, or nil; values: a list or tensor.
-- Call: plot.bars(labels, values, {options}) -> true
-- Shapes: values (N), as many labels. Options as of plot.lines.
-- Errors: raises for values that are no numbers. Without gnuplot it gives nil and the reason.
-- Example:
--   > plot.bars({"cat", "dog"}, {93, 88}, {ylabel = "%", file = "bars.svg"});
--   > rm.sys.exists "bars.svg"
--   true
function charts.bars(labels, values, options)
  check("plot.bars(labels: table?)", labels)
  options = figure.options("plot.bars", options, known)
  values = numbers("plot.bars", values)
  if #values == 0 then fail("plot.bars: nothing to draw") end
  if labels then lists.check("plot.bars", labels, "labels") end
  if labels and #labels ~= #values then fail("plot.bars: %d labels for %d values", #labels, #values) end
  local ticks = labels and {}
  for i = 1, labels and #values or 0 do ticks[i] = {i, tostring(labels[i] or "")} end
  local f = figure.new({title = options.title, size = options.size})
  local p = f:panel(panel_options(options))
  p.xticks, p.xrange, p.yrange = ticks, {0.3, #values + 0.7}, options.yrange or {0}
  for i = 1, #values do if values[i] < 0 then p.yrange = options.yrange end end
  p.key = options.key or false
  -- Names that would run into one another are turned.
  local longest = 0
  for _, tick in ipairs(ticks or {}) do longest = math.max(longest, text.width(tick[2])) end
  local turned = (longest + 1) * 7.6 * #values > f.size[1] - 90
  p.turned = turned
  p.settings = "set boxwidth 0.7\nset style fill solid 0.85 noborder\n"
    .. (turned and "set xtics rotate by 40 right\n" or "set xtics norotate\n")
  p:add({columns = {counting(#values), values}, style = "boxes"})
  return f:draw(options)
end

--- How often values fall into equal intervals. options.bins: their number (default 30).
-- Values that are no finite numbers are left out.
-- Call: plot.histogram(values, {bins = 30, ...}) -> true
-- Shapes: values of any shape, a tensor or a list. Other options as of plot.lines.
-- Errors: raises without a finite value, or for bins below 1. Without gnuplot it gives nil and the reason.
-- Example:
--   > plot.histogram(rm.randn(1000), {bins = 20, file = "normal.svg"});
--   > rm.sys.exists "normal.svg"
--   true
function charts.histogram(values, options)
  options = figure.options("plot.histogram", options, known .. " bins")
  values = numbers("plot.histogram", values)
  local low, high = math.huge, -math.huge
  for _, v in ipairs(values) do
    if v == v and math.abs(v) ~= math.huge then low, high = math.min(low, v), math.max(high, v) end
  end
  if low > high then fail("plot.histogram: no finite value to draw") end
  local bins = options.bins or 30
  if not is.whole(bins, 1) or bins > MOST_BINS then
    fail("plot.histogram: bins is %s, expected 1 to %d", bins, MOST_BINS)
  end
  local width = high > low and (high - low) / bins or 1
  local counts, centers = {}, {}
  for b = 1, bins do counts[b], centers[b] = 0, low + (b - 0.5) * width end
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
  p:add({columns = {centers, counts}, style = "boxes"})
  return f:draw(options)
end

return charts
