--- Validation accuracy over the epochs: of all runs in one panel, or in several beside one another.
--
--     plot.accuracy({"runs/relu", "runs/elu"}, {file = "accuracy.png"})
--     plot.accuracy {{title = "xavier", runs = {a, b}}, {title = "he", runs = {c, d}}}
--
-- A run is a folder that training left, or {name =, log =} as for plot.curves. Where a run had no validation images its
-- accuracy on the test images is drawn, and the axis says so. All panels have the same axes.
--
-- Call: plot.accuracy(runs, {columns = nil, file = nil, title = nil, size = nil}) -> true
-- Call: plot.accuracy(panels, {options}) -> true
-- Shapes: a panel is {title = text, runs = list, labels = list of their names, behind = runs drawn in gray}.
-- Units: accuracy in per cent.
-- Options: columns  panels in a row (up to 3, or 2 with legends)
--  file     name ending in .png, .svg or .pdf, or a list of them; else the figure is shown
--  title    above it
--  size     {width, height} in pixels
-- Errors: raises for what is neither a run's folder nor a log. Without gnuplot, or without a finished epoch, it gives
--  nil and the reason.
-- Example:
--   > log = {epoch = {1, 2}, val_error = {60, 40}}
--   > plot.accuracy({{name = "mine", log = log}}, {file = "accuracy.svg"});
--   > rm.sys.exists "accuracy.svg"
--   true
local fail   = require "resmoon.base.fail"
local lists  = require "resmoon.base.list"
local figure = require "resmoon.plot.figure"
local named  = require "resmoon.runs.named"
local run_of = require "resmoon.plot.run"

local GRAY = "#cccccc"

local function finite(list)
  for _, value in ipairs(list or {}) do
    if value == value and math.abs(value) ~= math.huge then return true end
  end
  return false
end

-- {x =, y =, name =, on = "validation" or "test"}
local function curve(run)
  local on = finite(run.log.val_error) and "validation" or "test"
  local result = {x = {}, y = {}, name = run.name, on = on}
  for i, err in ipairs(run.log[on == "validation" and "val_error" or "test_error"] or {}) do
    if err == err then
      result.x[#result.x + 1], result.y[#result.y + 1] = run.log.epoch[i], 100 - err
    end
  end
  return result
end

local function curves(runs)
  local list = {}
  for i, run in ipairs(runs or {}) do list[i] = run_of("plot.accuracy", run, i) end
  for i, run in ipairs(named.apart(list)) do list[i] = curve(run) end
  return list
end

-- All curves as one, with a gap (no number) behind each.
local function together(list)
  local x, y = {}, {}
  for _, c in ipairs(list) do
    table.move(c.x, 1, #c.x, #x + 1, x)
    table.move(c.y, 1, #c.y, #y + 1, y)
    x[#x + 1], y[#y + 1] = 0, 0 / 0
  end
  return x, y
end

-- Axes that hold all curves: the last epoch, accuracy in steps of ten, and what it was measured on.
local function axes(all)
  local longest, low, high, on = 0, 100, 0, {}
  for _, panel in ipairs(all) do
    for _, each in ipairs(panel.curves) do
      for i, y in ipairs(each.y) do
        longest, low, high = math.max(longest, each.x[i]), math.min(low, y), math.max(high, y)
      end
      if #each.x > 0 then on[each.on] = true end
    end
  end
  local what = on.validation and on.test and "validation, else test" or on.validation and "validation" or "test"
  low, high = 10 * math.floor(low / 10), 10 * math.ceil(high / 10)
  return longest, {low, math.max(high, low + 10)}, what .. " accuracy (%)"
end

local function accuracy(panels, options)
  options = figure.options("plot.accuracy", options, "columns")
  if type(panels) ~= "table" or #panels == 0 then fail("plot.accuracy: no runs to draw") end
  lists.check("plot.accuracy", panels, "runs")
  if not (type(panels[1]) == "table" and panels[1].runs) then panels = {{runs = panels}} end
  local all = {}
  for i, panel in ipairs(panels) do all[i] = {curves = curves(panel.runs), behind = curves(panel.behind)} end
  local longest, range, label = axes(all)
  if longest == 0 then
    io.stderr:write("plot: the runs have no finished epoch to draw\n")
    return nil, "no finished epoch"
  end
  local legend = false
  for _, each in ipairs(all) do legend = legend or #each.curves > 1 end
  -- As wide as a page, so that letters stay readable.
  local columns = options.columns or math.min(#panels, legend and 2 or 3)
  local width, height, rows = legend and 500 or 330, legend and 380 or 310, math.ceil(#panels / columns)
  local f = figure.new({title = options.title, columns = columns,
                        size = options.size or {#panels == 1 and 800 or width * columns, height * rows + 60}})
  for i, panel in ipairs(panels) do
    local each, labels = all[i], panel.labels or {}
    local p = f:panel({title = panel.title, xlabel = "epoch", ylabel = label, yrange = range,
                       xrange = {longest > 1 and 1 or 0, longest}, xstep = figure.round_step(longest / 8),
                       key = legend and "below" or false})
    if #each.behind > 0 then
      p:add({columns = {together(each.behind)}, style = "lines", color = GRAY, width = 1, aside = true})
    end
    for k, c in ipairs(each.curves) do
      if #c.x > 0 then
        p:add({columns = {c.x, c.y}, style = #c.x < 3 and "linespoints" or "lines", color = k,
               title = labels[k] or c.name or ("run " .. k)})
      end
    end
  end
  return f:draw(options)
end

return accuracy
