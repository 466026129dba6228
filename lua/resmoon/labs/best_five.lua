--- Lab D, the five fittest trials of a search: figures by epoch, and the table of their genes.
local plot  = require "resmoon.plot"
local text  = require "resmoon.base.text"

local best_five = {}

local SHOWN = 5

-- Figures 19 to 23 of the sheet: name of the file, what it shows, column of the log.
best_five.figures = {
  {"best5_accuracy", "figure 19 of the sheet: top-1 accuracy", "val_accuracy"},
  {"best5_top3", "figure 20 of the sheet: top-3 accuracy", "val_top3"},
  {"best5_top5", "figure 21 of the sheet: top-5 accuracy", "val_top5"},
  {"best5_training_loss", "figure 22 of the sheet: training loss", "train_loss"},
  {"best5_validation_loss", "figure 23 of the sheet: validation loss", "val_loss"},
}

local function legend(values)
  local parts = {("lr %.2g"):format(values.lr), ("wd %.3f"):format(values.weight_decay)}
  if values.momentum then parts[3] = ("mom %.3f"):format(values.momentum) end
  return table.concat(parts, ", ")
end

-- A trial as a run with a log.
local function run_of(individual)
  local trial, log = individual.trial, {epoch = {}, val_error = {}}
  for epoch, accuracy in ipairs(trial.accuracy) do
    log.epoch[epoch], log.val_error[epoch] = epoch, 100 - accuracy
  end
  log.train_loss, log.val_loss, log.val_top3, log.val_top5 = trial.loss, trial.val_loss, trial.top3, trial.top5
  return {name = legend(individual.genes), log = log}
end

--- Draws one of the figures: of result.ranked of a search, the fittest.
function best_five.draw(result, column, files)
  local runs = {}
  for i = 1, math.min(SHOWN, #result.ranked) do runs[i] = run_of(result.ranked[i]) end
  return plot.column(runs, {column = column, file = files, size = {1150, 500}})
end

--- Figure 24 of the sheet: rows of a table of the fittest, the first one its head.
function best_five.rows(result)
  local rows = {{"trial", "generation", "top-1 (%)", "top-3 (%)", "top-5 (%)", "training loss", "validation loss", "lr",
                 "wd", "mom"}}
  for i = 1, math.min(SHOWN, #result.ranked) do
    local each = result.ranked[i]
    local trial, last = each.trial, #each.trial.accuracy
    local function cell(form, list) return text.value(form, list and list[last], "-") end
    rows[i + 1] = {tostring(each.number), tostring(each.generation), ("%.2f"):format(each.fitness),
                   cell("%.2f", trial.top3), cell("%.2f", trial.top5), cell("%.4f", trial.loss),
                   cell("%.4f", trial.val_loss), ("%.2e"):format(each.genes.lr),
                   ("%.4f"):format(each.genes.weight_decay),
                   each.genes.momentum and ("%.4f"):format(each.genes.momentum) or "-"}
  end
  return rows
end

--- What became of trials with a momentum of 1 or more, which is no average any longer; nil where there are none.
function best_five.about_momentum(result)
  local count, ended, best = 0, {}, nil
  for _, each in ipairs(result.all) do
    if (each.genes.momentum or 0) >= 1 then
      count = count + 1
      if #each.trial.accuracy > 0 then best = math.max(best or 0, each.fitness) end
      ended[each.trial.stopped] = (ended[each.trial.stopped] or 0) + 1
    end
  end
  if count == 0 then return nil end
  local parts, names = {}, {}
  for name in pairs(ended) do names[#names + 1] = name end
  table.sort(names)
  for i, name in ipairs(names) do parts[i] = ("%d %s"):format(ended[name], name) end
  return ("The sheet's range of momentum goes to 1.5. With 1 or more, old steps count ever more instead of less: SGD "
          .. "diverges, and Adam, whose beta1 has to be below 1, refuses. Of the %d trials, %d had such a momentum "
          .. "(%s)%s."):format(#result.all, count, table.concat(parts, ", "),
          best and ("; the fittest of them reached %.2f%%"):format(best) or ", and no epoch")
end

return best_five
