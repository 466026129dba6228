--- From a complete config to what trains: network, optimizer, schedule, augmentation.
local check      = require "resmoon.base.check"
local core       = require "resmoon.core"
local blueprint  = require "resmoon.runs.blueprint"
local initialize = require "resmoon.nn.initialize"
local models     = require "resmoon.models"
local optim      = require "resmoon.optim"
local schedules  = require "resmoon.optim.schedule"
local shown      = require "resmoon.base.shown"

local build = {}

-- What a network of one's own has to look at where it is given, lest it be lost without a word.
local asked = {"width", "shortcut", "block", "activation", "negative_slope", "blocks", "stem",
               "norm", "stochastic_depth"}

--- The network of a config, for a data set (or for what config says of it: input and classes).
-- A function of your own is given {num_classes =, input =, width =, shortcut =, block =, activation =, ...} and what is
-- in model_options. home: the folder of the run, where it has one.
-- Call: train.config.model(config, home = nil) -> module
-- Errors: raises for an unknown network, and for one of your own that cannot be built again.
-- Example:
--   > train.config.model(train.config.complete {model = "lenet5"}).name
--   lenet5
function build.model(c, home)
  check("train.config.model(config: table)", c)
  check("train.config.model(classes: string[]?, outputs: count?, model_options: table?)", c.classes, c.outputs,
        c.model_options)
  local options = {num_classes = c.outputs or c.classes and #c.classes or 10, input = c.input, width = c.width,
                   shortcut = c.shortcut, block = c.block, activation = c.activation, negative_slope = c.leaky_slope,
                   blocks = c.blocks, stem = c.stem, norm = c.norm, stochastic_depth = c.stochastic_depth}
  local strict = {table.unpack(asked)}
  for name, value in pairs(c.model_options or {}) do options[name], strict[#strict + 1] = value, name end
  local net = c.own and blueprint.build(c, options, home, strict) or models.get(c.model)(options)
  if not c.init then return net end
  return initialize.initialize_(net, c.init, {activation = c.activation, negative_slope = c.leaky_slope})
end

-- The parameters as the optimizer takes them: with no_decay_on_norm_and_bias in two groups. What has one dimension
-- (biases, scales and shifts of norms, slopes) has no decay; the group with it comes last, and so takes in what joins a
-- network later.
local function grouped(c, parameters)
  if not c.no_decay_on_norm_and_bias then return parameters end
  local plain, decayed, groups = {}, {}, {}
  for _, p in ipairs(parameters) do
    local list = #p.shape < 2 and plain or decayed
    list[#list + 1] = p
  end
  if #plain > 0 then groups[1] = {params = plain, weight_decay = 0.0} end
  if #decayed > 0 then groups[#groups + 1] = {params = decayed} end
  return groups
end

--- The optimizer of a config. With no_decay_on_norm_and_bias it has two groups: parameters of one dimension, without
-- weight decay, and all others.
-- Call: train.config.optimizer(config, parameters) -> optimizer
-- Errors: as the optimizer's.
-- Source: no decay on biases and norms: Goyal et al. 2017, arXiv:1706.02677, section 5.1 (batch norm); He et al. 2019,
--  arXiv:1812.01187, section 3.1.
-- Example:
--   > c = train.config.complete {optimizer = "adam", lr = 0.001}
--   > train.config.optimizer(c, models.mlp():parameters()).lr
--   0.001
--   > c = train.config.complete {no_decay_on_norm_and_bias = true}
--   > opt = train.config.optimizer(c, models.mlp():parameters())
--   > opt.groups[1].weight_decay, opt.groups[2].weight_decay
--   0.0  0.0001
function build.optimizer(c, parameters)
  check("train.config.optimizer(config: config, parameters: table)", c, parameters)
  parameters = grouped(c, parameters)
  if c.optimizer == "sgd" then
    return optim.SGD(parameters, {lr = c.lr, momentum = c.momentum, weight_decay = c.weight_decay,
                                  nesterov = c.nesterov})
  end
  if c.optimizer == "lars" then
    return optim.LARS(parameters, {lr = c.lr, momentum = c.momentum, weight_decay = c.weight_decay, trust = c.trust})
  end
  local make = {adam = optim.Adam, adamw = optim.AdamW, rmsprop = optim.RMSprop}
  return make[c.optimizer](parameters, {lr = c.lr, weight_decay = c.weight_decay})
end

--- Between which momenta a cycle moves that of a config: the highest, the lowest.
-- Call: train.config.momenta(config) -> number, number
-- Errors: none.
-- Example:
--   > c = train.config.complete {cycle_momentum = true, base_momentum = 0.8}
--   > train.config.momenta(c)
--   0.95  0.8
function build.momenta(c)
  check("train.config.momenta(config: table)", c)
  local high = c.max_momentum or 0.95
  return high, c.base_momentum or math.max(0, high - 0.1)
end

--- The schedule of a config: the object (nil: constant) and what it counts, "epoch" or "step".
-- With schedule "lambda" the rate is lr times own(t), t = 0 in the first epoch.
-- Call: train.config.schedule(config, optimizer, steps_per_epoch, own = nil) -> schedule or nil, unit
-- Units: "epoch" or "step".
-- Errors: as the schedule's; raises for "lambda" without a function.
-- Example:
--   > c = train.config.complete {schedule = "cosine", epochs = 10}
--   > opt = train.config.optimizer(c, models.mlp():parameters())
--   > schedule, unit = train.config.schedule(c, opt, 100)
--   > schedule.T_max, unit
--   1000  step
function build.schedule(c, optimizer, steps_per_epoch, own)
  check("train.config.schedule(config: config, optimizer: optimizer, steps_per_epoch: number)", c, optimizer,
        steps_per_epoch)
  local made, unit
  local high, low = build.momenta(c)
  if (c.schedule == "onecycle" or c.schedule == "cyclic") and c.cycle_momentum then
    if low > high then
      error(("train: base_momentum is %g, above max_momentum, %g"):format(low, high), 0)
    elseif high >= 1 and c.optimizer ~= "sgd" and c.optimizer ~= "rmsprop" and c.optimizer ~= "lars" then
      error(("train: momentum goes up to %g, but beta1 of %s has to be below 1"):format(high, c.optimizer), 0)
    end
  end
  if c.schedule == "lambda" then
    if not own then
      error("train: this run's schedule is a function, which config.json cannot hold: give it again (schedule = "
            .. "function(epoch) ... end)", 0)
    end
    made, unit = schedules.Lambda(optimizer, {lr_lambda = own}), "epoch"
  elseif c.schedule == "cyclic" then
    local total = c.epochs * steps_per_epoch
    made, unit = schedules.Cyclic(optimizer, {
      base_lr = c.base_lr, max_lr = c.max_lr, step_size_up = c.step_size * steps_per_epoch, mode = c.cycle_mode,
      gamma = core.math.pow(c.gamma, 1 / total), cycle_momentum = c.cycle_momentum, max_momentum = high,
      base_momentum = low}), "step"
  elseif c.schedule == "onecycle" then
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
  check("train.config.augmentation(config: table)", c)
  if c.augment ~= true and c.augment ~= "shift" then return false end
  return shown.mark {pad = c.shift or 4, flip = c.augment == true}
end

return build
