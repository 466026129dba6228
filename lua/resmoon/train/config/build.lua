--- From a complete config to what trains: network, optimizer, schedule, augmentation.
local initialize = require "resmoon.nn.initialize"
local models     = require "resmoon.models"
local optim      = require "resmoon.optim"
local schedules  = require "resmoon.optim.schedule"

local build = {}

--- The network of a config, for a data set (or for what config says of it: input and classes).
-- Call: train.config.model(config) -> module
-- Errors: raises for an unknown network.
-- Example:
--   > train.config.model(train.config.complete {model = "lenet5"}).name
--   lenet5
function build.model(c)
  local options = {num_classes = c.classes and #c.classes or 10, input = c.input, width = c.width,
                   shortcut = c.shortcut, block = c.block, activation = c.activation, negative_slope = c.leaky_slope,
                   blocks = c.blocks, stem = c.stem}
  local net = models.get(c.model)(options)
  if not c.init then return net end
  return initialize.initialize_(net, c.init, {activation = c.activation, negative_slope = c.leaky_slope})
end

--- The optimizer of a config.
-- Call: train.config.optimizer(config, parameters) -> optimizer
-- Errors: as the optimizer's.
-- Example:
--   > c = train.config.complete {optimizer = "adam", lr = 0.001}
--   > train.config.optimizer(c, models.mlp():parameters()).lr
--   0.001
function build.optimizer(c, parameters)
  if c.optimizer == "sgd" then
    return optim.SGD(parameters, {lr = c.lr, momentum = c.momentum, weight_decay = c.weight_decay,
                                  nesterov = c.nesterov})
  end
  local make = {adam = optim.Adam, adamw = optim.AdamW, rmsprop = optim.RMSprop}
  return make[c.optimizer](parameters, {lr = c.lr, weight_decay = c.weight_decay})
end

--- Between which momenta one-cycle moves that of a config: the highest, the lowest.
function build.momenta(c)
  local high = c.max_momentum or 0.95
  return high, c.base_momentum or math.max(0, high - 0.1)
end

--- The schedule of a config: the object (nil: constant) and what it counts, "epoch" or "step".
-- Call: train.config.schedule(config, optimizer, steps_per_epoch) -> schedule or nil, unit
-- Units: "epoch" or "step".
-- Errors: as the schedule's.
-- Example:
--   > c = train.config.complete {schedule = "cosine", epochs = 10}
--   > opt = train.config.optimizer(c, models.mlp():parameters())
--   > schedule, unit = train.config.schedule(c, opt, 100)
--   > schedule.T_max, unit
--   1000  step
function build.schedule(c, optimizer, steps_per_epoch)
  local made, unit
  if c.schedule == "onecycle" then
    local high, low = build.momenta(c)
    if c.cycle_momentum then
      if low > high then
        error(("train: base_momentum is %g, above max_momentum, %g"):format(low, high), 0)
      elseif high >= 1 and c.optimizer ~= "sgd" and c.optimizer ~= "rmsprop" then
        error(("train: momentum goes up to %g, but beta1 of %s has to be below 1"):format(high, c.optimizer), 0)
      end
    end
    made, unit = schedules.OneCycle(optimizer, {
      max_lr = c.max_lr, total_steps = c.epochs * steps_per_epoch, pct_start = 0.25, cycle_momentum = c.cycle_momentum,
      max_momentum = high, base_momentum = low}), "step"
  elseif c.schedule == "cosine" then
    made, unit = schedules.Cosine(optimizer, {T_max = c.epochs * steps_per_epoch}), "step"
  elseif c.schedule == "step" then
    made, unit = schedules.Step(optimizer, {step_size = c.step_size, gamma = c.gamma}), "epoch"
  elseif c.schedule == "multistep" then
    made, unit = schedules.MultiStep(optimizer, {milestones = c.milestones, gamma = c.gamma}), "epoch"
  elseif c.warmup > 0 then
    made, unit = schedules.MultiStep(optimizer, {milestones = {}}), "epoch"
  end
  if made and c.warmup > 0 then
    local steps = c.warmup * (unit == "step" and steps_per_epoch or 1)
    made = schedules.Warmup(made, {warmup_steps = steps})
  end
  return made, unit
end

--- What a loader does to training images, as its option augment has it.
-- Call: train.config.augmentation(config) -> false or {pad =, flip =}
-- Units: pad in pixels.
-- Errors: none.
-- Example:
--   > train.config.augmentation {augment = "shift", shift = 3}
--   {flip = false, pad = 3}
function build.augmentation(c)
  if c.augment ~= true and c.augment ~= "shift" then return false end
  return {pad = c.shift or 4, flip = c.augment == true}
end

return build
