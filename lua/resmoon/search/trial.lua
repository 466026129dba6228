--- One trial of a search: a short training with given hyper-parameters, and its fitness.
--
-- Fitness is the top-1 accuracy (percent) on held-out training images after the last epoch. What cannot train is
-- scored, not crashed: a loss that is no number, or an optimiser that refuses the values, gives the accuracy that
-- was reached before, 0 at first. A trial without hope is ended early: after an epoch in which it is below half of what
-- `bar` asks for that epoch (the median of earlier generations).
local config = require "resmoon.train.config"
local run    = require "resmoon.train.run"

local trial = {}

--- settings: those of training (train/config.lua), with a val_split; the test images are not looked at.
-- options: sets ({train, test, validation}), bar (accuracies by epoch), progress, folder (of a run to keep).
-- Returns {fitness =, accuracy = by epoch, loss = by epoch, epochs =, stopped = "finished", "hopeless",
-- "diverged", "interrupted" or "refused", seconds =, reason = text of what was refused}.
function trial.run(settings, options)
  local sys = require("resmoon.core").sys
  local result, began = {accuracy = {}, loss = {}, fitness = 0}, sys.clock()
  local hopeless = false
  local function on_epoch(_, row)
    local accuracy = 100 - (row.val_error or row.train_error)
    result.accuracy[row.epoch], result.loss[row.epoch], result.fitness = accuracy, row.train_loss, accuracy
    local bar = options.bar and options.bar[row.epoch]
    hopeless = bar ~= nil and accuracy < bar / 2
    return not hopeless
  end
  local ok, outcome = pcall(function()
    local train, _, validation = table.unpack(options.sets or {config.open(config.complete(settings))}, 1, 3)
    return run.run(settings, {sets = {train, nil, validation}, folder = options.folder, label = options.label,
                              progress = options.progress or false, hooks = {on_epoch = on_epoch}})
  end)
  if ok then result.stopped = hopeless and "hopeless" or outcome.stopped
  elseif tostring(outcome):find("interrupted$") then result.stopped = "interrupted"
  else result.stopped, result.reason = "refused", tostring(outcome) end
  result.epochs, result.seconds = #result.accuracy, sys.clock() - began
  return result
end

--- The bar for the next trials: by epoch, the median accuracy of the trials so far that got there.
function trial.bar(results)
  local bar = {}
  for epoch = 1, math.huge do
    local values = {}
    for _, result in ipairs(results) do
      if result.accuracy[epoch] then values[#values + 1] = result.accuracy[epoch] end
    end
    if #values < 3 then return bar end
    table.sort(values)
    bar[epoch] = values[(#values + 1) // 2]
  end
end

return trial
