--- Comparing runs: a table of their errors, and their curves in one figure.
--
-- Call: train.compare
-- Errors: raised where a folder holds no run.
-- Example:
--   > train.compare.duration(3725)
--   1:02:05
local check = require "resmoon.base.check"
local folder = require "resmoon.runs.folder"
local guard  = require "resmoon.base.guard"
local kept   = require "resmoon.train.kept"
local named  = require "resmoon.runs.named"
local plot   = require "resmoon.plot"
local record = require "resmoon.runs.record"
local rehearsal = require "resmoon.base.rehearsal"
local sys    = require("resmoon.core").sys
local text   = require "resmoon.base.text"
local shown  = require "resmoon.base.shown"
local verdict = require "resmoon.train.verdict"

local WIDTH = 100  -- of sentences on the screen, at most

local compare = {duration = require("resmoon.train.progress").duration}

-- A number as text; "-" for none, and for NaN or infinity, which are no value.
local function cell(format, x) return x and math.abs(x) < math.huge and format:format(x) or "-" end

local called = {test = "test error", val = "validation error", train = "training error"}

-- The heading of the errors, by the images they are of; and whether there are several kinds, which cells then name.
local function measured(runs)
  local kinds, first = 0, nil
  local seen = {}
  for _, run in ipairs(runs) do
    local split = folder.summary(run).split
    if split and not seen[split] then seen[split], kinds, first = true, kinds + 1, first or split end
  end
  return kinds > 1 and "error" or called[first or "test"], kinds > 1
end

--- Lines of the table. runs: as folder.read gives them. What has no value, NaN too, is "-". "best" is the error of the
-- network that the run has kept: the validation images chose its epoch, or, without them, the test images.
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
  check("train.compare.table(runs: run[])", runs)
  local error_name, mixed = measured(runs)
  local head = {"model", "parameters", "epochs", "train loss", "train error", error_name, "best (epoch)", "time",
                "img/s"}
  local names, sets, several = named.names(runs), named.data(runs), false
  for _, set in ipairs(sets) do several = several or set ~= sets[1] end
  local averaged = false
  for _, run in ipairs(runs) do averaged = averaged or (run.config.ema or 0) > 0 end
  if averaged then table.insert(head, 7, "averaged (EMA)") end
  if several then table.insert(head, 2, "data") end
  local lines = {head}
  for i, run in ipairs(runs) do
    local s = folder.summary(run)
    local cells = {
      names[i], run.config.parameters and text.grouped(run.config.parameters) or "", tostring(s.epochs),
      cell("%.4f", s.final_loss), cell("%.2f%%", s.final_train),
      cell("%.2f%%", s.final) .. (mixed and s.split and " " .. called[s.split]:match "^%a+" or ""),
      kept(run, s) or "-", compare.duration(s.seconds), cell("%.0f", s.img_per_s),
    }
    if averaged then
      table.insert(cells, 7, cell("%.2f%%", s.final_averaged))
    end
    if several then table.insert(cells, 2, sets[i]) end
    lines[i + 1] = cells
  end
  return text.columns(lines)
end

--- Lines of a table of loss and top-1, top-3 and top-5 accuracy after the last epoch, on the test images (without
-- them: the validation images), and of top-1 in the epoch whose network was kept: the best on the validation images, or
-- without them on the test images.
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
  check("train.compare.topk(runs: run[])", runs)
  local lines = {{"run", "top-1", "top-3", "top-5", "loss", "best top-1 (epoch)"}}
  local names = named.names(runs)
  local function percent(x) return cell("%.2f%%", x) end
  for i, run in ipairs(runs) do
    local last, best = run.rows[#run.rows] or {}, folder.summary(run)
    local prefix = last.test_error and "test_" or "val_"
    local function top1(row) return row[prefix .. "error"] and 100 - row[prefix .. "error"] end
    local loss = last[prefix .. "loss"]
    lines[i + 1] = {names[i], percent(top1(last)), percent(last[prefix .. "top3"]), percent(last[prefix .. "top5"]),
                    cell("%.4f", loss),
                    kept(run, best, true) or "-"}
  end
  return shown.mark(text.columns(lines)), shown.mark(lines)
end

-- A sentence where the runs were not all trained and tested on the same images, as far as they know; or nil.
local function data_note(runs)
  local groups, names = {}, {}
  for _, run in ipairs(runs) do
    local made = run.folder and record.read(run.folder)
    if made then
      local key = table.concat({made.train and made.train.digest or "", made.test and made.test.digest or ""}, " ")
      if not groups[key] then
        groups[key] = ("%s (%s)"):format(run.folder, made.name or "")
        names[#names + 1] = groups[key]
      end
    end
  end
  if #names < 2 then return nil end
  return ("note: not all of these were trained and tested on the same images: %s differ"):format(
    table.concat(names, ", "))
end

--- What may be said of the runs: which images chose "best", which run is ahead, and which differences are within two
-- standard errors of the images they were counted on, and so undecided.
-- Call: train.compare.says(runs) -> list of strings
-- Units: errors in per cent.
-- Errors: none.
-- Example:
--   > function run(name, err)
--   >>   row = {epoch = 1, train_loss = 1, train_error = 9, test_error = err}
--   >>   return {name = name, config = {}, rows = {row}, images = {test = 600}}
--   >> end
--   > says = train.compare.says {run("a", 16.5), run("b", 16.67)}
--   > says[2]:match "b %b()"
--   b (16.67%, +0.17, standard error 2.15)
-- See: metrics.difference
function compare.says(runs)
  check("train.compare.says(runs: run[])", runs)
  local says = verdict.runs(runs)
  says[#says + 1] = verdict.chosen(runs)
  return says
end

--- Prints the table, what may be said of it, and draws the figure: as PNG and SVG into `path` (a folder; nil: no
-- files), and on the screen. runs: folders, or what folder.read gives. options: title, files (names).
-- Call: train.compare.show(runs, path = nil, {title = nil}) -> nothing
-- Errors: raises where a folder holds no run.
-- Example:
--   > train.folder.create("runs/e", {model = "mlp"})
--   > rm.write_atomic("runs/e/log.csv", "epoch,lr\n")
--   > #train.compare.table {train.folder.read "runs/e"}
--   3
function compare.show(runs, path, options)
  check("train.compare.show(runs: table, path: string?, options: table?)", runs, path, options)
  if rehearsal.on() then return end
  options = options or {}
  local read = {}
  for i, run in ipairs(runs) do read[i] = type(run) == "string" and folder.read(run) or run end
  io.stdout:write("\n", table.concat(compare.table(read), "\n"), "\n\n")
  local note = data_note(read)
  if note then io.stdout:write(note, "\n\n") end
  local _, columns = sys.winsize()
  for _, sentence in ipairs(compare.says(read)) do
    io.stdout:write(table.concat(text.wrapped(sentence, math.min(WIDTH, (columns or WIDTH + 1) - 1)), "\n"), "\n")
  end
  io.stdout:write "\n"
  io.stdout:flush()
  plot.curves(read, {title = options.title})
  if path then
    local files = {path .. "/compare.png", path .. "/compare.svg"}
    if plot.curves(read, {title = options.title, file = files}) then
      io.stdout:write("figure: ", table.concat(files, ", "), "\n")
    end
  end
end

return guard.part("train.compare", compare)
