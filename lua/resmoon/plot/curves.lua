--- Training curves of several runs in one figure: left the training loss, right the error.
--
--     plot.curves({"runs/resnet20", "runs/plain20"}, {file = {"curves.png", "curves.svg"}})
--
-- A run is a folder that training left, or {name =, log =} with log as train.log.read gives it:
-- lists by column name (epoch, train_loss, train_error, test_error; errors in percent).
-- Right, the test error is solid and the training error of the same run faint and dashed, so that
-- a net that cannot fit the training images (degradation) is told from one that overfits.
-- Where the schedule of a run lowers the rate in steps, dashed gray lines mark the epochs after which it does.
--
-- Call: plot.curves(runs, {error = "test", marks = nil, file = nil, title = nil, size = nil}) -> true
-- Shapes: the lists of a log are of equal length, one entry for each epoch.
-- Units: losses as trained with, errors in per cent.
-- Options: error  what the error is called: "test" or "validation"
--  marks  epochs to mark, or false for none; else those after which the rate drops, as the runs' config has them
--         (schedule multistep or step)
-- Errors: raises for what is neither a run's folder nor a log. Without gnuplot, or without a finished epoch, it gives
--  nil and the reason.
-- Example:
--   > log = {epoch = {1, 2}, train_loss = {2, 1}}
--   > log.train_error, log.test_error = {80, 40}, {82, 45}
--   > plot.curves({{name = "mine", log = log}}, {file = "curves.svg"});
--   > rm.sys.exists "curves.svg"
--   true
local fail   = require "resmoon.base.fail"
local lists  = require "resmoon.base.list"
local figure = require "resmoon.plot.figure"
local named  = require "resmoon.runs.named"
local run_of = require "resmoon.plot.run"

-- The points where both lists have a finite number.
local function points(x, y)
  local xs, ys = {}, {}
  for i = 1, x and y and math.max(#x, #y) or 0 do
    local v = y[i]
    if x[i] and v and v == v and math.abs(v) ~= math.huge then xs[#xs + 1], ys[#ys + 1] = x[i], v end
  end
  return xs, ys
end

local MOST_MARKS = 20  -- more could not be told apart

-- Epochs before `last` after which the rate of a run drops, and the factor.
local function drops(config, last)
  local epochs = {}
  if config and config.schedule == "multistep" then
    for _, epoch in ipairs(config.milestones or {}) do
      if epoch < last then epochs[#epochs + 1] = epoch end
    end
  elseif config and config.schedule == "step" and config.step_size then
    for epoch = config.step_size, last - 1, config.step_size do epochs[#epochs + 1] = epoch end
  end
  return epochs, config and config.gamma
end

-- The epochs to mark, each once, and what the legend says of them.
local function marks_of(runs, last, given)
  if given == false then return {} end
  local list, seen, factors = {}, {}, {}
  local function add(epochs)
    for _, epoch in ipairs(epochs) do
      if not seen[epoch] then list[#list + 1], seen[epoch] = epoch, true end
    end
  end
  if given then
    add(given)
    return list, "marks"
  end
  for _, run in ipairs(runs) do
    local epochs, gamma = drops(run.config, last)
    add(epochs)
    if epochs[1] and gamma and not factors[gamma] then factors[#factors + 1], factors[gamma] = gamma, true end
  end
  if #list > MOST_MARKS then return {} end
  local name = "rate drops"
  if #factors == 1 and factors[1] > 0 and factors[1] < 1 then name = ("rate / %.3g"):format(1 / factors[1]) end
  return list, name
end

local function check_marks(marks)
  if marks ~= nil and marks ~= false and type(marks) ~= "table" then
    fail("plot.curves: marks is %s, expected a list of epochs or false", marks)
  end
  for i, epoch in ipairs(marks or {}) do
    if type(epoch) ~= "number" then fail("plot.curves: mark %d is %k, expected an epoch", i, epoch) end
  end
  return marks
end

local function curves(runs, options)
  options = figure.options("plot.curves", options, "error marks")
  if type(runs) == "string" or (type(runs) == "table" and runs.log) then runs = {runs} end
  if type(runs) ~= "table" or #runs == 0 then fail("plot.curves: no runs to draw") end
  lists.check("plot.curves", runs, "runs")
  local given = check_marks(options.marks)
  local read, regression, fits = {}, true, false   -- fits: whether a run has a training error
  for i, run in ipairs(runs) do
    read[i] = run_of("plot.curves", run, i)
    regression = regression and (read[i].config or {}).outputs ~= nil
    fits = fits or #points(read[i].log.epoch, read[i].log.train_error) > 0
  end
  local f = figure.new({title = options.title, size = options.size or {1000, 430}})
  local loss = f:panel({title = "training loss", text_title = "training loss", xlabel = "epoch",
                        ylabel = regression and "loss" or "cross-entropy", yrange = {0}})
  local what = options.error or "test"
  local title = regression and " loss" or fits and " error (solid), training error (dashed)" or " error"
  local err = f:panel({title = what .. title,
                       text_title = what .. (regression and " loss" or " error (%)"),
                       xlabel = "epoch", ylabel = regression and "loss" or "error (%)", yrange = {0}})
  local longest = 0
  local names = named.names(read)
  for i, run in ipairs(read) do
    local log, name = run.log, names[i]
    local x, y = points(log.epoch, log.train_loss)
    longest = math.max(longest, x[#x] or 0)
    local points_too = #x < 3 and "linespoints" or "lines"  -- one epoch would be no line
    if #x > 0 then loss:add({columns = {x, y}, style = points_too, title = name, color = i}) end
    x, y = points(log.epoch, log.train_error)
    if #x > 0 then
      err:add({columns = {x, y}, style = points_too, color = i, dashed = true, faint = true, aside = true})
    end
    x, y = points(log.epoch, regression and log.test_loss or log.test_error)
    if #x > 0 then err:add({columns = {x, y}, style = points_too, title = name, color = i}) end
  end
  if #loss.layers == 0 and #err.layers == 0 then
    io.stderr:write("plot: the runs have no finished epoch to draw\n")
    return nil, "no finished epoch"
  end
  local marks, mark_name = marks_of(read, longest, given)
  -- Whole epochs on the axis; the legend below, where no curve can be.
  for _, panel in ipairs {loss, err} do
    panel.xstep, panel.key, panel.marks, panel.mark_title = figure.round_step(longest / 10), "below", marks, mark_name
  end
  return f:draw(options)
end

return curves
