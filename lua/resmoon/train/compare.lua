--- Comparing runs: a table of their errors, and their curves in one figure.
--
-- Call: train.compare
-- Errors: raised where a folder holds no run.
-- Example:
--   > train.compare.duration(3725)
--   1:02:05
local folder = require "resmoon.runs.folder"
local named  = require "resmoon.runs.named"
local text   = require "resmoon.base.text"

local compare = {duration = require("resmoon.train.progress").duration}

--- Lines of the table. runs: as folder.read gives them.
-- Runs of one name are told apart by their folders, and where they were trained on different data sets a column names
-- those.
-- Call: train.compare.table(runs) -> list of strings
-- Call: train.compare.duration(seconds) -> string
-- Units: errors in per cent, times as minutes:seconds.
-- Errors: raises for a run without a config.
-- Example:
--   > #train.compare.table {}
--   2
--   > train.compare.duration(75)
--   1:15
function compare.table(runs)
  local head = {"model", "parameters", "epochs", "train loss", "train error", "test error", "best (epoch)", "time",
                "img/s"}
  local names, sets, several = named.names(runs), named.data(runs), false
  for _, set in ipairs(sets) do several = several or set ~= sets[1] end
  if several then table.insert(head, 2, "data") end
  local lines = {head}
  for i, run in ipairs(runs) do
    local s = folder.summary(run)
    local found = s.epochs > 0 and s.best < math.huge
    local cells = {
      names[i], run.config.parameters and text.grouped(run.config.parameters) or "", tostring(s.epochs),
      text.value("%.4f", s.final_loss, "-"), text.value("%.2f%%", s.final_train, "-"),
      text.value("%.2f%%", s.final, "-"), found and ("%.2f%% (%d)"):format(s.best, s.best_epoch) or "-",
      compare.duration(s.seconds), text.value("%.0f", s.img_per_s, "-"),
    }
    if several then table.insert(cells, 2, sets[i]) end
    lines[i + 1] = cells
  end
  return text.columns(lines)
end

--- Lines of a table of loss and top-1, top-3 and top-5 accuracy after the last epoch, on the test images (without
-- them: the validation images), and of the best top-1 of all epochs.
-- Call: train.compare.topk(runs) -> list of strings, rows of cells
-- Units: accuracies in per cent.
-- Errors: raises for what train.folder.read did not give.
-- Example:
--   > row = {epoch = 1, test_loss = 1.2, test_error = 40}
--   > row.test_top3, row.test_top5 = 85, 95
--   > lines = train.compare.topk {{name = "mine", rows = {row}}}
--   > lines[3]
--   mine  60.00%  85.00%  95.00%  1.2000          60.00% (1)
function compare.topk(runs)
  local lines = {{"run", "top-1", "top-3", "top-5", "loss", "best top-1 (epoch)"}}
  local names = named.names(runs)
  local function percent(x) return text.value("%.2f%%", x, "-") end
  for i, run in ipairs(runs) do
    local last, best, at = run.rows[#run.rows] or {}, nil, nil
    local prefix = last.test_error and "test_" or "val_"
    local function top1(row) return row[prefix .. "error"] and 100 - row[prefix .. "error"] end
    for _, row in ipairs(run.rows) do
      if top1(row) and (not best or top1(row) > best) then best, at = top1(row), row.epoch end
    end
    local loss = last[prefix .. "loss"]
    lines[i + 1] = {names[i], percent(top1(last)), percent(last[prefix .. "top3"]), percent(last[prefix .. "top5"]),
                    text.value("%.4f", loss, "-"), best and ("%s (%d)"):format(percent(best), at) or "-"}
  end
  return text.columns(lines), lines
end

--- Prints the table and draws the figure: as PNG and SVG into `path` (a folder; nil: no files), and
-- on the screen. runs: folders, or what folder.read gives. options: title, files (names).
-- Call: train.compare.show(runs, path = nil, {title = nil}) -> nothing
-- Errors: raises where a folder holds no run.
-- Example:
--   > train.folder.create("runs/e", {model = "mlp"})
--   > rm.write_atomic("runs/e/log.csv", "epoch,lr\n")
--   > #train.compare.table {train.folder.read "runs/e"}
--   3
function compare.show(runs, path, options)
  options = options or {}
  local plot = require "resmoon.plot"
  local read = {}
  for i, run in ipairs(runs) do read[i] = type(run) == "string" and folder.read(run) or run end
  io.stdout:write("\n", table.concat(compare.table(read), "\n"), "\n\n")
  io.stdout:flush()
  plot.curves(read, {title = options.title})
  if path then
    local files = {path .. "/compare.png", path .. "/compare.svg"}
    if plot.curves(read, {title = options.title, file = files}) then
      io.stdout:write("figure: ", table.concat(files, ", "), "\n")
    end
  end
end

return compare
