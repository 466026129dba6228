--- One column of the logs over the epochs, in panels beside one another with the same axes.
--
--     plot.column({{title = "ResNet", runs = {"runs/resnet20", "runs/resnet56"}},
--                  {title = "plain", runs = {"runs/plain20", "runs/plain56"}}}, {column = "test_error"})
--
-- A run is a folder that training left, or {name =, log =} as for plot.curves. The columns are those of log.csv. Where
-- the schedule of a run lowers the rate in steps, dashed gray lines mark the epochs after which it does.
--
-- Call: plot.column(runs, {column = "train_loss", label = nil, file = nil, title = nil, size = nil}) -> true
-- Call: plot.column(panels, {options}) -> true
-- Shapes: a panel is {title = text, runs = list, labels = list of their names}.
-- Units: as in the log: losses as trained with, errors and accuracies in per cent.
-- Options: column  of the log: "train_loss", "test_error", "val_top3", ...; "val_accuracy" and "test_accuracy" are
--                  100 minus the error
--  label    of the y axis; the column's name without underscores
--  file     name ending in .png, .svg or .pdf, or a list of them; else the figure is shown
--  title    above it
--  size     {width, height} in pixels
-- Errors: raises without a column, and for what is neither a run's folder nor a log. Without gnuplot, or where no run
--  has a number in that column, it gives nil and the reason.
-- Example:
--   > log = {epoch = {1, 2}, train_loss = {2, 1}}
--   > runs = {{name = "mine", log = log}}
--   > plot.column(runs, {column = "train_loss", file = "loss.svg"});
--   > rm.sys.exists "loss.svg"
--   true
local fail   = require "resmoon.base.fail"
local lists  = require "resmoon.base.list"
local figure = require "resmoon.plot.figure"
local named  = require "resmoon.runs.named"
local run_of = require "resmoon.plot.run"

local units = {error = "%", accuracy = "%", top3 = "%", top5 = "%", loss = "cross-entropy"}

-- What the axis is called: "test error (%)".
local function label_of(column)
  local unit = units[column:match "[^_]*$"]
  local words = column:gsub("_", " "):gsub("^val ", "validation "):gsub("^train ", "training ")
  return (words:gsub("top(%d)$", "top-%1 accuracy"))
    .. (unit and (" (%s)"):format(unit) or "")
end

-- Epochs and values of a run where both are finite.
local function points(log, column)
  local from, accuracy = column:gsub("_accuracy$", "_error")
  local x, y = {}, {}
  for i, value in ipairs(log[from] or {}) do
    if log.epoch[i] and value == value and math.abs(value) ~= math.huge then
      x[#x + 1], y[#y + 1] = log.epoch[i], accuracy > 0 and 100 - value or value
    end
  end
  return x, y
end

-- Epochs before the last one after which a multistep schedule lowers the rate, of all runs, each once.
local function drops(runs, last)
  local list, seen = {}, {}
  for _, run in ipairs(runs) do
    local c = run.config or {}
    for _, epoch in ipairs(c.schedule == "multistep" and c.milestones or {}) do
      if epoch < last and not seen[epoch] then list[#list + 1], seen[epoch] = epoch, true end
    end
  end
  return list
end

-- Names of the runs of a panel, told apart.
local function read(panel)
  local runs = {}
  for i, run in ipairs(panel.runs) do runs[i] = run_of("plot.column", run, i) end
  return runs, panel.labels or named.names(runs)
end

local function column(panels, options)
  options = figure.options("plot.column", options, "column label")
  if type(options.column) ~= "string" then
    fail("plot.column: column is %s, expected the name of one as in log.csv", options.column)
  end
  if type(panels) ~= "table" or #panels == 0 then fail("plot.column: no runs to draw") end
  lists.check("plot.column", panels, "runs")
  if not (type(panels[1]) == "table" and panels[1].runs) then panels = {{runs = panels}} end
  local all, last, low, high = {}, 0, math.huge, -math.huge
  for i, panel in ipairs(panels) do
    local runs, names = read(panel)
    all[i] = {title = panel.title, runs = runs, lines = {}}
    for k, run in ipairs(runs) do
      local x, y = points(run.log, options.column)
      for j, value in ipairs(y) do
        last, low, high = math.max(last, x[j]), math.min(low, value), math.max(high, value)
      end
      all[i].lines[k] = {x = x, y = y, name = names[k] or ("run " .. k)}
    end
  end
  if last == 0 then
    io.stderr:write(("plot: no run has a number in the column %s\n"):format(options.column))
    return nil, "nothing to draw"
  end
  local room = math.max(high - low, 1e-3 * math.abs(high), 1e-6) * 0.05
  local label = options.label or label_of(options.column)
  local bottom = low > 0.5 * high and low - room or math.min(0, low)
  local f = figure.new({title = options.title,
                        size = options.size or {#all == 1 and 800 or 1000, 430}})
  for _, each in ipairs(all) do
    local p = f:panel({title = each.title, text_title = each.title and each.title .. ": " .. label or label,
                       xlabel = "epoch", ylabel = label, yrange = {bottom, high + room},
                       xrange = {last > 1 and 1 or 0, last}, xstep = figure.round_step(last / 10), key = "below",
                       marks = drops(each.runs, last), mark_title = "rate drops"})
    for k, line in ipairs(each.lines) do
      if #line.x > 0 then
        -- Dashes of their own: where lines lie upon one another, the lower one shows between those of the upper one.
        p:add({columns = {line.x, line.y}, style = #line.x < 3 and "linespoints" or "lines", color = k, dashed = k,
               title = line.name})
      end
    end
  end
  return f:draw(options)
end

return column
