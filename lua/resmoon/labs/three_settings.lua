--- Lab E, the sheet's evaluation report: settings #1 to #3, one of each network, and a summary.
--
-- Of each network the run is taken that was best on the validation images (without them, on the test images). The table
-- has a column for each setting, and the rows of the sheet.
local evaluation = require "resmoon.report.evaluation"
local folder     = require "resmoon.runs.folder"
local Log        = require "resmoon.runs.log"
local plot       = require "resmoon.plot"
local text       = require "resmoon.base.text"

local three = {}

-- The least error of the images that decide, or nil.
local function least_error(run)
  local least
  for _, row in ipairs(run.rows) do
    local err = Log.deciding(row)
    if err and err == err and (not least or err < least) then least = err end
  end
  return least
end

--- Runs by network in the order of `models`: the best of each.
function three.choose(runs, models)
  local chosen = {}
  for _, model in ipairs(models) do
    local best, least
    for _, run in ipairs(runs) do
      local err = run.config.model == model and least_error(run)
      if err and (not least or err < least) then best, least = run, err end
    end
    if best then chosen[#chosen + 1] = best end
  end
  return chosen
end

--- The table: a row for what the sheet asks of a setting, a column for each setting. The first row is its head.
function three.rows(chosen)
  local head, cells = evaluation.table(chosen)
  local rows = {{"setting"}}
  for i, run in ipairs(chosen) do rows[1][i + 1] = ("#%d (%s)"):format(i, run.name) end
  for k, name in ipairs(head) do
    rows[k + 1] = {name}
    for i = 1, #chosen do rows[k + 1][i + 1] = cells[i][k] end
  end
  return rows
end

--- What the settings come to, and each beside those before it.
function three.summary(chosen)
  local list = {}
  for i, run in ipairs(chosen) do
    local s = folder.summary(run)
    local on = run.rows[1].val_error and "validation" or "test"
    list[i] = ("#%d, %s: %.2f%% of the test images after %s minutes of training; epoch %d of %d was the best on the %s "
               .. "images."):format(i, run.name, 100 - s.kept, evaluation.minutes(s.seconds), s.kept_epoch,
              #run.rows, on)
  end
  for i = 1, #chosen do
    for k = i + 1, #chosen do
      list[#list + 1] = evaluation.variation(("#%d"):format(k), chosen[k], chosen[i], ("#%d"):format(i)) .. "."
    end
  end
  return list
end

--- Adds table, figure and summary to a document. draw: as of evaluation.section.
function three.add(doc, chosen, draw)
  doc:heading(("Settings #1 to #%d"):format(#chosen))
  local rows = three.rows(chosen)
  doc:table(rows[1], table.move(rows, 2, #rows, 1, {}))
  draw("three", "validation accuracy of each of these settings", function(file)
    local panels = {}
    for i, run in ipairs(chosen) do panels[i] = {title = ("#%d: %s"):format(i, run.name), runs = {run}} end
    return plot.accuracy(panels, {file = file})
  end)
  doc:heading("Summary")
  doc:list(three.summary(chosen))
end

--- The same on the screen.
function three.lines(chosen)
  local lines = text.columns(three.rows(chosen))
  for _, sentence in ipairs(three.summary(chosen)) do lines[#lines + 1] = sentence end
  return lines
end

return three
