--- What a run's log has for each epoch beside the error: losses, and top-1, top-3 and top-5 accuracy.
local fail   = require "resmoon.base.fail"
local lists  = require "resmoon.base.list"
local figure = require "resmoon.plot.figure"
local named  = require "resmoon.runs.named"
local run_of = require "resmoon.plot.run"

local epochs = {}

-- Epochs and values of a column, without those that are no finite number.
local function points(log, column, change)
  local x, y = {}, {}
  for i, value in ipairs(log[column] or {}) do
    if value == value and math.abs(value) ~= math.huge then
      x[#x + 1], y[#y + 1] = log.epoch[i], change and change(value) or value
    end
  end
  return {x, y}
end

local function accuracy(err) return 100 - err end

-- Columns of the images that were held back: test, or where there were none, validation.
local function measured(log)
  local prefix = #points(log, "test_error")[1] > 0 and "test" or "val"
  return {name = prefix == "val" and "validation" or prefix, loss = points(log, prefix .. "_loss"),
          tops = {{"top-1", points(log, prefix .. "_error", accuracy)}, {"top-3", points(log, prefix .. "_top3")},
                  {"top-5", points(log, prefix .. "_top5")}}}
end

-- Adds a line to a panel, if there is anything to draw.
local function line(panel, columns, options)
  local n = #columns[1]
  if n == 0 then return end
  panel:add({columns = columns, style = n < 3 and "linespoints" or "lines", title = options.title,
             color = options.color, dashed = options.dashed, faint = options.dashed,
             aside = options.dashed and not options.title or nil})
  panel.longest = math.max(panel.longest or 0, columns[1][n])
end

-- Loss left, the three accuracies right.
local function of_one(f, run)
  local log, held = run.log, measured(run.log)
  local loss = f:panel({title = "loss", text_title = "loss", ylabel = "cross-entropy", yrange = {0}})
  line(loss, points(log, "train_loss"), {title = "training", color = 1, dashed = true})
  line(loss, held.loss, {title = held.name, color = 1})
  local right = f:panel({title = held.name .. " accuracy (training: dashed)", text_title = held.name .. " accuracy (%)",
                         ylabel = "accuracy (%)", yrange = {nil, 100}})
  for k, top in ipairs(held.tops) do line(right, top[2], {title = top[1], color = k}) end
  line(right, points(log, "train_error", accuracy), {color = 1, dashed = true})
end

-- A panel for the loss and for each accuracy, with a line for each run.
local function of_several(f, runs)
  local panels = {f:panel({title = "loss (training: dashed)", text_title = "loss", ylabel = "cross-entropy",
                           yrange = {0}})}
  for k, name in ipairs {"top-1", "top-3", "top-5"} do
    panels[k + 1] = f:panel({title = name .. " accuracy", text_title = name .. " accuracy (%)", ylabel = "accuracy (%)",
                             yrange = {nil, 100}})
  end
  for i, run in ipairs(runs) do
    local held = measured(run.log)
    line(panels[1], points(run.log, "train_loss"), {color = i, dashed = true})
    line(panels[1], held.loss, {title = run.name, color = i})
    for k, top in ipairs(held.tops) do line(panels[k + 1], top[2], {title = run.name, color = i}) end
  end
end

-- Draws what has lines: whole epochs on the axis, the legend below, where no curve can be.
local function draw(f, options)
  for i = #f.panels, 1, -1 do
    local panel = f.panels[i]
    panel.xlabel, panel.key, panel.xstep = "epoch", "below", figure.round_step((panel.longest or 0) / 10)
    if #panel.layers == 0 then table.remove(f.panels, i) end
  end
  if #f.panels > 0 then return f:draw(options) end
  io.stderr:write("plot: there is no finished epoch to draw\n")
  return nil, "no finished epoch"
end

--- Loss and top-1, top-3 and top-5 accuracy of each epoch, on the test images (without them: the validation images). Of
-- one run the three accuracies are in one panel; of several each has its own, with the runs over one another.
-- Call: plot.topk(runs, {file = nil, title = nil, size = nil}) -> true
-- Shapes: runs is one, or a list: folders, or {name =, log = lists by column} as train.folder.read gives them.
-- Units: accuracies in per cent, losses as trained with.
-- Errors: raises for what is neither a run's folder nor a log. Without gnuplot, or without a finished epoch, it gives
--  nil and the reason.
-- Example:
--   > log = {epoch = {1, 2}, train_loss = {2, 1}, test_loss = {2, 1.5}}
--   > log.train_error, log.test_error = {80, 40}, {82, 45}
--   > log.test_top3, log.test_top5 = {50, 80}, {70, 93}
--   > plot.topk({name = "mine", log = log}, {file = "topk.svg"});
--   > rm.sys.exists "topk.svg"
--   true
function epochs.topk(runs, options)
  options = figure.options("plot.topk", options)
  if type(runs) == "string" or (type(runs) == "table" and runs.log) then runs = {runs} end
  if type(runs) ~= "table" or #runs == 0 then fail("plot.topk: no runs to draw") end
  lists.check("plot.topk", runs, "runs")
  local list = {}
  for i, run in ipairs(runs) do list[i] = run_of("plot.topk", run, i) end
  list = named.apart(list)
  local f = figure.new({title = options.title, size = options.size or #list == 1 and {1000, 430} or {1000, 780},
                       columns = 2})
  if #list == 1 then of_one(f, list[1]) else of_several(f, list) end
  return draw(f, options)
end

-- Trials of a search over one another: accuracy on held-out images left, training loss right.
-- trials: list of {name =, accuracy = by epoch, loss = by epoch}. options: file, title.
function epochs.trials(trials, options)
  local f = figure.new({title = options.title, size = {1000, 420}})
  local left = f:panel({title = "accuracy on held-out images", text_title = "accuracy on held-out images (%)",
                        ylabel = "top-1 (%)"})
  local right = f:panel({title = "training loss", text_title = "training loss", ylabel = "cross-entropy"})
  for i, each in ipairs(trials) do
    local at = {}
    for epoch = 1, #each.accuracy do at[epoch] = epoch end
    line(left, {at, each.accuracy}, {title = each.name, color = i})
    line(right, {at, each.loss}, {title = each.name, color = i})
  end
  return draw(f, options)
end

return epochs
