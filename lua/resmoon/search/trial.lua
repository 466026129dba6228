--- One trial of a search: a short training with given hyper-parameters, and its fitness.
--
-- Fitness is the top-1 accuracy (percent) on held-out training images after the last epoch. What cannot train is
-- scored, not crashed: a loss that is not a number, or values that the optimizer refuses, give 0. A trial without hope
-- is ended early: after an epoch in which it is below half of what `bar` asks for that epoch (the median of
-- earlier generations).
local check  = require "resmoon.base.check"
local core   = require "resmoon.core"
local config = require "resmoon.train.config"
local run    = require "resmoon.train.run"
local pcall = require("resmoon.base.catch").pcall
local shown = require "resmoon.base.shown"

local trial = {}

--- Settings of training with the genes of an individual in them. The genes of one-cycle are the highest rate and, where
-- momentum goes through the cycle too, the lowest momentum; it starts and ends at max_momentum, or where that is lower,
-- stays at the gene.
-- Call: search.apply(settings, genes) -> settings
-- Errors: none.
-- Example:
--   > settings = search.apply({schedule = "onecycle", epochs = 3}, {lr = 0.01})
--   > settings.lr, settings.max_lr, settings.epochs
--   0.01  0.01  3
function trial.apply(settings, genes)
  check("search.apply(settings: table, genes: table)", settings, genes)
  local s = config.with(settings, genes)
  if s.schedule == "onecycle" then
    s.max_lr = genes.lr or s.max_lr
    if s.cycle_momentum and genes.momentum then
      s.base_momentum, s.max_momentum = genes.momentum, math.max(s.max_momentum or 0.95, genes.momentum)
    end
  end
  return shown.mark(s)
end

--- The genes that complete settings amount to: apply gives the same settings again.
function trial.genes(settings, list)
  local genes = {}
  for _, gene in ipairs(list) do genes[gene.name] = settings[gene.name] end
  if settings.schedule == "onecycle" then
    genes.lr = genes.lr and settings.max_lr
    if settings.cycle_momentum and genes.momentum then
      local _, low = config.momenta(settings)
      genes.momentum = low
    end
  end
  return shown.mark(genes)
end

--- Runs a trial. settings: those of training, with a val_split; the test images are not looked at.
-- options: sets ({train, test, validation}), bar (accuracies by epoch), on_step (called after each step), home (the
-- search's folder, which has the file of a network of one's own).
-- Returns {fitness =, accuracy =, top3 =, top5 =, loss =, val_loss = (lists by epoch; loss is that of the training
-- images, the others of those held out), epochs =, stopped = "finished", "hopeless",
-- "diverged", "interrupted" or "refused", seconds =, reason = text of what was refused}.
function trial.run(settings, options)
  local result = {accuracy = {}, top3 = {}, top5 = {}, loss = {}, val_loss = {}, fitness = 0}
  local began = core.sys.clock()
  local hopeless = false
  local function on_epoch(trainer, row)
    local accuracy = 100 - row.val_error
    for _, value in ipairs {accuracy, row.train_loss, row.val_loss} do
      if value ~= value or math.abs(value) == math.huge then
        error("trial: an accuracy or loss is no finite number", 0)
      end
    end
    result.accuracy[row.epoch], result.loss[row.epoch], result.fitness = accuracy, row.train_loss, accuracy
    result.top3[row.epoch], result.top5[row.epoch] = row.val_top3, row.val_top5
    result.val_loss[row.epoch] = row.val_loss
    local bar = options.bar and options.bar[row.epoch]
    hopeless = bar ~= nil and accuracy < bar / 2 and row.epoch < trainer.epochs
    return not hopeless
  end
  local ok, outcome = pcall(function()
    local train, _, validation = table.unpack(options.sets or {config.open(config.complete(settings))}, 1, 3)
    return run.run(settings, {sets = {train, nil, validation}, progress = false, home = options.home,
                              hooks = {on_epoch = on_epoch, on_step = options.on_step}})
  end)
  if ok then result.stopped = hopeless and "hopeless" or outcome.stopped
  elseif tostring(outcome):find("interrupted$") then
    result.stopped = "interrupted"
    core.interrupt.clear()
  else result.stopped, result.reason = "refused", tostring(outcome) end
  if result.stopped == "diverged" or result.stopped == "refused" then result.fitness = 0 end
  result.epochs, result.seconds = #result.accuracy, core.sys.clock() - began
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
