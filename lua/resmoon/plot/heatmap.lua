--- Matrices as colors; the confusion matrix among them.
local core    = require "resmoon.core"
local fail    = require "resmoon.base.fail"
local lists   = require "resmoon.base.list"
local check   = require "resmoon.base.check"
local figure  = require "resmoon.plot.figure"
local gnuplot = require "resmoon.plot.gnuplot"
local text    = require "resmoon.plot.text"
local words   = require "resmoon.base.text"

local visible = words.visible

local heatmap = {}

-- From nearly white to dark blue: even steps of lightness for any color vision, and in gray. What there is least of,
-- the zeros of a confusion matrix, is quietest. What is no finite number is gray.
local palette = "set palette defined (0 '#f7fbff', 0.25 '#c6dbef', 0.5 '#6baed6', 0.75 '#2171b5', 1 '#08306b')\n"
local NONE = "#bdbdbd"

local function matrix(value)
  local rows = core.is_tensor(value) and value:totable() or value
  if type(rows) ~= "table" or type(rows[1]) ~= "table" or type(rows[1][1]) ~= "number" then
    fail("plot.heatmap: expected rows of numbers or a tensor of two dimensions")
  end
  lists.check("plot.heatmap", rows, "rows")
  return rows
end

--- A matrix as colors, its first row on top. Up to 20 x 20 the values are written in the cells.
-- options: xticks and yticks (lists of texts), xlabel, ylabel, title, format (of the values, "%g"),
-- file, size.
-- Call: plot.heatmap(value, {options}) -> true
-- Shapes: value (rows, columns), a tensor or rows of numbers.
-- Errors: raises for another shape. Without gnuplot it gives nil and the reason.
-- Source: colors: ColorBrewer's Blues (Harrower and Brewer 2003), light where there is little.
-- Example:
--   > plot.heatmap({{1, 2}, {3, 4}}, {title = "a matrix", file = "heat.svg"});
--   > rm.sys.exists "heat.svg"
--   true
function heatmap.heatmap(value, options)
  options = figure.options("plot.heatmap", options, "xticks yticks xlabel ylabel format as_text from")
  check("plot.heatmap(xticks: table?, yticks: table?)", options.xticks, options.yticks)
  local rows = matrix(value)
  local height, width = #rows, #rows[1]
  local xs, ys, values = {}, {}, {}
  local low, high = math.huge, -math.huge
  for i, row in ipairs(rows) do
    for j = 1, width do
      local v = row[j]
      xs[#xs + 1], ys[#ys + 1], values[#values + 1] = j, i, v
      if v == v and math.abs(v) ~= math.huge then low, high = math.min(low, v), math.max(high, v) end
    end
  end
  if low > high then low, high = 0, 1 end  -- not one number
  low = math.min(low, options.from or low)
  local function ticks(names)
    local list = names and {}
    for i, name in ipairs(names or {}) do list[i] = {i, name} end
    return list
  end
  local f = figure.new({title = options.title, size = options.size or {680, 600}})
  f.as_text = function()
    if options.as_text and options.as_text() then return end
    if options.title then io.stdout:write(words.cut(visible(options.title), (gnuplot.text_size())), "\n") end
    local width_of, height_of = gnuplot.text_size()
    local area = {width = width_of, height = height_of - (options.title and 2 or 1)}
    io.stdout:write(table.concat(text.heatmap(rows, low, high, area), "\n"), "\n")
  end
  local p = f:panel({key = false, xlabel = options.xlabel, ylabel = options.ylabel, xticks = ticks(options.xticks),
                     yticks = ticks(options.yticks), xrange = {0.5, width + 0.5}, yrange = {height + 0.5, 0.5}})
  p.turned = options.xticks ~= nil
  -- Numbers of rows and columns, where they have no names.
  local most_x, most_y = (f.size[1] - 180) / 40, (f.size[2] - 120) / 22
  p.xstep = not options.xticks and figure.round_step(width / most_x) or nil
  p.ystep = not options.yticks and figure.round_step(height / most_y) or nil
  local behind = ("set object 1 rectangle from graph 0,0 to graph 1,1 behind fc rgb '%s' fs solid noborder\n"):format(
    NONE)
  p.settings = palette .. behind .. "unset grid\nset border 0\nset tics scale 0\n"
               .. (options.xticks and "set xtics rotate by 40 right\n" or "")
               .. ("set cbrange [%.9g:%.9g]\n"):format(low, high > low and high or low + 1)
  p:add({columns = {xs, ys, values}, using = "1:2:3", style = "image", plain = true})
  if height <= 20 and width <= 20 then
    local form = (options.format or "%g"):match("^%%[%d.]*[dgef]$") or "%g"
    local formatted = ("(sprintf('%s',$3))"):format(form)
    -- Data blocks have no infinity, so what is no finite number is written as a word of its own.
    local sets = {{"#202020", formatted}, {"#ffffff", formatted}, {"#202020", "('inf')"},
                  {"#202020", "('-inf')"}, {"#202020", "('nan')"}}
    for _, set in ipairs(sets) do set.columns = {{}, {}, {}} end
    for i, v in ipairs(values) do
      local which = v ~= v and 5 or v == math.huge and 3 or v == -math.huge and 4
        or v > low + 0.6 * (high - low) and 2 or 1
      local c = sets[which].columns
      c[1][#c[1] + 1], c[2][#c[2] + 1], c[3][#c[3] + 1] = xs[i], ys[i], v
    end
    for _, set in ipairs(sets) do
      if #set.columns[1] > 0 then
        p:add({columns = set.columns, using = "1:2:" .. set[2], plain = true,
               style = ("labels textcolor rgb '%s' font small"):format(set[1])})
      end
    end
  end
  return f:draw(options)
end

--- A confusion matrix (metrics.confusion), a row for each true class.
-- Call: plot.confusion(matrix, {options}) -> true
-- Shapes: a matrix of metrics.confusion, K classes. Options as of plot.heatmap.
-- Errors: raises for what is no such matrix. Without gnuplot it gives nil and the reason.
-- Example:
--   > matrix = metrics.confusion({"cat", "dog"}):add({1, 2, 2}, {1, 1, 2})
--   > plot.confusion(matrix, {file = "confusion.svg"});
--   > rm.sys.exists "confusion.svg"
--   true
function heatmap.confusion(m, options)
  if type(m) ~= "table" or type(m.counts) ~= "table" or not m.name then
    fail("plot.confusion: argument 1 is %k, expected a matrix of metrics.confusion", m)
  end
  local given = figure.options("plot.confusion", options, "xticks yticks xlabel ylabel format")
  -- As a table, if the screen is wide enough for it.
  local function as_text()
    local table_of, room = tostring(m), gnuplot.text_size()
    for line in table_of:gmatch "[^\n]+" do
      if words.width(line) > room then return false end
    end
    io.stdout:write(table_of, "\n")
    return true
  end
  options = {as_text = as_text, title = "confusion matrix",
             from = 0, xlabel = "predicted class", ylabel = "true class", format = "%d"}
  for key, v in pairs(given) do options[key] = v end
  local names = m:shown_names()
  options.xticks, options.yticks = options.xticks or names, options.yticks or names
  return heatmap.heatmap(m.counts, options)
end

return heatmap
