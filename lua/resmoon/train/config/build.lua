--- From a complete config to what trains: network, optimizer, schedule, augmentation.
local blueprint  = require "resmoon.runs.blueprint"
local initialize = require "resmoon.nn.initialize"
local models     = require "resmoon.models"
local optim      = require "resmoon.optim"
local schedules  = require "resmoon.optim.schedule"

local build = {}

-- What a network of one's own has to look at where it is given, lest it be lost without a word.
local asked = {"width", "shortcut", "block", "activation"}

--- The network of a config, for a data set (or for what config says of it: input and classes).
-- A function of your own is given {num_classes =, input =, width =, shortcut =, block =, activation =} and what is in
-- model_options. home: the folder of the run, where it has one.
-- Call: train.config.model(config, home = nil) -> module
-- Errors: raises for an unknown network, and for one of your own that cannot be built again.
-- Example:
--   > train.config.model(train.config.complete {model = "lenet5"}).name
--   lenet5
function build.model(c, home)
  local options = {num_classes = c.classes and #c.classes or 10, input = c.input, width = c.width,
                   shortcut = c.shortcut, block = c.block, activation = c.activation}
  local strict = {table.unpack(asked)}
  for name, value in pairs(c.model_options or {}) do options[name], strict[#strict + 1] = value, name end
  local net = c.own and blueprint.build(c, options, home, strict) or models.get(c.model)(options)
  if not c.init then return net end
  return initialize.initialize_(net, c.init, {activation = c.activation})
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
    local high = c.max_momentum or 0.95
    made, unit = schedules.OneCycle(optimizer, {
      max_lr = c.max_lr, total_steps = c.epochs * steps_per_epoch, pct_start = 0.25, cycle_momentum = c.cycle_momentum,
      max_momentum = high, base_momentum = math.max(0, high - 0.1)}), "step"
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
