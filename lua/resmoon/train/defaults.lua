--- Defaults that depend on something: on the network, the optimizer, the schedule, and on the images.
--
-- What was chosen stands in the config's `chosen` ({lr = 0.01, ...}) and so in config.json; a setting that was given,
-- or that was changed since, is left alone.
-- Sources: He et al. 2016, arXiv:1512.03385, section 4.2 (rate 0.1; 0.01 at first for 110 layers); Goyal et al. 2017,
-- arXiv:1706.02677, section 2.1 (the rate grows with the batch); Glorot and Bengio 2010 (sigmoid).
local kind = require "resmoon.nn.kind"

local defaults = {}

-- SGD's rates of networks without batch norm. Those with it take the paper's 0.1, at batches of 128.
local rates = {mlp = 0.01, lenet5 = 0.01, alexnet = 0.01, vgg16 = 0.01, vgg19 = 0.01}
-- The shallow of them bear more at large batches: LeNet-5 on 10,000 digits errs by 11 % instead of 47 % after 3 epochs.
local full_rates = {mlp = 0.03, lenet5 = 0.03}

local WITH_NORM, WITH_SIGMOID, ADAPTIVE = 0.1, 0.05, 0.001
local FULL_BATCH, LEAST_BATCH, STEPS = 128, 8, 16

-- Whether a network has layers that normalize.
local function has_norm(net)
  for _, module in net:named_modules() do
    if kind.type_of(module):find "Norm" then return true end
  end
  return false
end

-- Layers with weights, by which the paper counts.
local function depth_of(net)
  local depth = 0
  for _, module in net:named_modules() do
    local type = kind.type_of(module)
    depth = depth + ((type == "Conv2d" or type == "Linear") and 1 or 0)
  end
  return depth
end

-- The rate of a complete config. net: a network of one's own, once it has been built.
local function rate(c, net)
  if c.optimizer ~= "sgd" then return ADAPTIVE end
  local fixed = not c.own and rates[c.model] or net and not has_norm(net) and rates.alexnet
  if fixed and c.activation == "sigmoid" then return WITH_SIGMOID end
  if fixed then return math.max(fixed, (full_rates[c.model] or 0) * math.min(1, c.batch_size / FULL_BATCH)) end
  return WITH_NORM * math.min(1, c.batch_size / FULL_BATCH)
end

-- Images in a batch: at least 16 steps to an epoch, but no batches of less than 8.
local function batch_size(images)
  local size = FULL_BATCH
  while size > LEAST_BATCH and size * STEPS > images do size = size // 2 end
  return size
end

-- Very deep networks do not begin to learn at 0.1: one epoch at a tenth of it, as the paper's 400 steps at 0.01.
-- Shorter trainings, and one-cycle, which begins low by itself, have none.
local function warmup(c, net)
  local depth = not c.own and tonumber(c.model:match "^resnet(%d+)$" or c.model:match "^plain(%d+)$")
  local deep = depth == 110 or depth == 1202 or net and depth_of(net) >= 110
  return deep and c.optimizer == "sgd" and c.schedule ~= "onecycle" and c.epochs >= 10 and 1 or 0
end

-- Whether all classes are numbers or letters, of which a mirrored one is another one, or none.
local function are_characters(classes)
  for _, name in ipairs(classes) do
    if not name:find "^%a$" and not name:find "^%d+$" then return false end
  end
  return #classes > 0
end

-- Whether the classes differ in what mirroring changes: left and right are both among them ("turn_left", "turn_right").
local function have_sides(classes)
  local sides = {left = false, right = false}
  for _, name in ipairs(classes) do
    for word in name:lower():gmatch "%a+" do
      if sides[word] ~= nil then sides[word] = true end
    end
  end
  return sides.left and sides.right
end

-- What a schedule needs besides the rate.
local function fill_schedule(c)
  if c.schedule == "multistep" and not c.milestones then
    c.milestones = {}
    for _, epoch in ipairs {81, 122} do
      local at = math.floor(c.epochs * epoch / 164 + 0.5)
      if at > (c.milestones[#c.milestones] or 0) and at < c.epochs then c.milestones[#c.milestones + 1] = at end
    end
  elseif c.schedule == "step" then
    c.step_size = c.step_size or math.max(1, c.epochs // 3)
  elseif c.schedule == "onecycle" then
    c.max_lr = c.max_lr or c.lr
    if c.cycle_momentum then c.max_momentum = c.max_momentum or 0.95 end
  elseif c.schedule == "cyclic" then
    c.max_lr = c.max_lr or c.lr
    c.cycle_mode = c.cycle_mode or "triangular"
    c.base_lr = c.base_lr or c.max_lr / 4   -- Smith 2017, section 3.3: a third or a quarter
    c.step_size = c.step_size or math.max(1, math.floor(c.epochs / 8 + 0.5))
    if c.cycle_momentum then c.max_momentum = c.max_momentum or 0.95 end
  end
end

--- Fills in what a config (with the fixed defaults in it) leaves open. Names what it chose in c.chosen.
function defaults.fill(c)
  local chosen = {}
  local function choose(name, value)
    if c[name] == nil then c[name], chosen[name] = value, value end
  end
  -- The drawings have no end to come to: some minutes, not the paper's hours.
  choose("epochs", c.data == "shapes10" and 10 or 164)
  choose("batch_size", batch_size(c.train_size or math.huge))
  choose("lr", rate(c))
  choose("warmup", warmup(c))
  choose("augment", true)
  if c.activation == "sigmoid" and (c.model == "mlp" or c.model == "lenet5") then choose("init", "xavier_sigmoid") end
  if not c.chosen and next(chosen) then c.chosen = chosen end
  fill_schedule(c)
  c.name = c.name or c.model
end

--- Makes the choices of rate and warm-up again for a network of one's own, which nobody knew before it was built.
function defaults.fit_network(c, net)
  if not c.own then return end
  local chosen, before = c.chosen or {}, c.lr
  for name, choice in pairs {lr = rate, warmup = warmup} do
    if chosen[name] ~= nil and chosen[name] == c[name] then
      c[name] = choice(c, net)
      chosen[name] = c[name]
    end
  end
  if c.max_lr == before then c.max_lr = c.lr end
end

--- Makes the choices again for the images of a training, before a run begins.
function defaults.fit(c, dataset)
  local chosen = c.chosen or {}
  local function choose(name, value)
    if chosen[name] ~= nil and chosen[name] == c[name] then c[name], chosen[name] = value, value end
  end
  local rate_before = c.lr
  choose("batch_size", batch_size(dataset:size()))
  choose("lr", rate(c))
  if c.max_lr == rate_before and chosen.lr == c.lr then
    if c.base_lr == c.max_lr / 4 then c.base_lr = c.lr / 4 end
    c.max_lr = c.lr
  end
  -- What the images are standardized with is no choice, but belongs to a run's record.
  if c.standardize and not dataset.inputs then
    c.mean = c.mean or dataset.mean and {table.unpack(dataset.mean)}
    c.std = c.std or dataset.std and {table.unpack(dataset.std)}
  end
  local classes = dataset.classes or {}
  if dataset.inputs then choose("augment", false)   -- numbers, not images
  elseif dataset.mirror == false or are_characters(classes) or have_sides(classes) then choose("augment", "shift") end
  -- Four pixels of 32 are the paper's; of a smaller image they would be most of it.
  if (c.augment == true or c.augment == "shift") and c.shift == nil and dataset.shape and not dataset.inputs then
    c.shift = math.max(1, math.min(4, math.min(dataset.shape[2], dataset.shape[3]) // 7))
  end
end

return defaults
