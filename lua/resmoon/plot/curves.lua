--- Training curves of several runs in one figure: left the training loss, right the error.
--
--     plot.curves({"runs/resnet20", "runs/plain20"}, {file = {"curves.png", "curves.svg"}})
--
-- A run is a folder that training left, or {name =, log =} with log as train.log.read gives it:
-- lists by column name (epoch, train_loss, train_error, test_error; errors in percent).
-- Right, the test error is solid and the training error of the same run faint and dashed, so that
-- a net that cannot fit the training images (degradation) is told from one that overfits.
-- options: file, title, size, title of the error ("test" or "validation") in options.error.
--
-- Call: plot.curves(runs, {error = "test", file = nil, title = nil, size = nil}) -> true
-- Shapes: the lists of a log are of equal length, one entry for each epoch.
-- Units: losses as trained with, errors in per cent.
-- Errors: raises for what is neither a run's folder nor a log. Without gnuplot, or without a finished epoch, it gives
--  nil and the reason.
-- Example:
--   > log = {epoch = {1, 2}, train_loss = {2, 1}}
--   > log.train_error, log.test_error = {80, 40}, {82, 45}
--   > plot.curves({{name = "mine", log = log}}, {file = "curves.svg"});
--   > rm.sys.exists "curves.svg"
--   true
local figure = require "resmoon.plot.figure"

-- The points where both lists have a finite number.
local function points(x, y)
  local xs, ys = {}, {}
  for i = 1, x and y and math.max(#x, #y) or 0 do
    local v = y[i]
    if x[i] and v and v == v and math.abs(v) ~= math.huge then xs[#xs + 1], ys[#ys + 1] = x[i], v end
  end
  return xs, ys
end

local function check_run(run, i)
  if type(run) == "string" then return require("resmoon.train.folder").read(run) end
  if type(run) ~= "table" or type(run.log) ~= "table" then
    error(("plot.curves: run %d is no folder and has no log"):format(i), 3)
  end
  return run
end

local function curves(runs, options)
  options = options or {}
  if type(runs) == "string" or (type(runs) == "table" and runs.log) then runs = {runs} end
  if #runs == 0 then error("plot.curves: no runs to draw", 2) end
  local f = figure.new({title = options.title, size = options.size or {1150, 480}})
  local loss = f:panel({title = "training loss", text_title = "training loss", xlabel = "epoch",
                        ylabel = "cross-entropy", yrange = {0}})
  local what = options.error or "test"
  local err = f:panel({title = what .. " error (solid), training error (dashed)", text_title = what .. " error (%)",
                       xlabel = "epoch", ylabel = "error (%)", yrange = {0}})
  local longest = 0
  for i, run in ipairs(runs) do
    run = check_run(run, i)
    local log, name = run.log, run.name or ("run " .. i)
    local x, y = points(log.epoch, log.train_loss)
    longest = math.max(longest, x[#x] or 0)
    local points_too = #x < 3 and "linespoints" or "lines"  -- one epoch would be no line
    if #x > 0 then loss:add({columns = {x, y}, style = points_too, title = name, colour = i}) end
    x, y = points(log.epoch, log.train_error)
    if #x > 0 then err:add({columns = {x, y}, style = points_too, colour = i, dashed = true, faint = true}) end
    x, y = points(log.epoch, log.test_error)
    if #x > 0 then err:add({columns = {x, y}, style = points_too, title = name, colour = i}) end
  end
  -- Whole epochs on the axis; the legend below, where no curve can be.
  for _, panel in ipairs {loss, err} do
    panel.xstep, panel.key = math.ceil(longest / 10), "bmargin center horizontal"
  end
  if #loss.layers == 0 and #err.layers == 0 then
    io.stderr:write("plot: the runs have no finished epoch to draw\n")
    return nil, "no finished epoch"
  end
  return f:draw(options)
end

return curves
