--- What is trained, on what, and how: one plain table, kept as config.json.
--
-- config.complete fills in the defaults, which are those of He et al. 2016 for CIFAR-10 (section 4.2,
-- arXiv:1512.03385): SGD with momentum 0.9 and weight decay 1e-4, batches of 128, a rate of 0.1
-- divided by 10 after epochs 81 and 122 of 164, Kaiming-normal weights, shift and flip.
--
-- Call: train.config
-- Call: train.config.defaults
-- Errors: name the setting, its value and what was expected.
-- Example:
--   > train.config.defaults.lr, train.config.defaults.epochs
--   0.1  164
local config = {}

config.schedules = {"multistep", "onecycle", "cosine", "step", "constant"}

--- Defaults. Absent ones: see `about`.
config.defaults = {
  model = "resnet20", data = "shapes10", epochs = 164, batch_size = 128, optimizer = "sgd", lr = 0.1,
  momentum = 0.9, weight_decay = 1e-4, nesterov = false, schedule = "multistep", gamma = 0.1,
  cycle_momentum = false, warmup = 0, label_smoothing = 0.0, augment = true, standardize = true, val_split = 0,
  early_stop = 0, clip = 0, max_norm = 0, accumulate = 1, seed = 1,
}

-- augment is true (shifts by up to 4 pixels and mirroring), false, or "imagenet": training images are random parts
-- scaled to size (224) and mirrored or not, test images the centre (data.transforms.imagenet_train, imagenet_test).
-- Fields without a default: milestones (multistep: 81/164 and 122/164 of the epochs), step_size
-- (step: a third of the epochs), max_lr (onecycle: lr), max_momentum (with cycle_momentum:
-- 0.95), threads (all processors), train_size and
-- test_size (all images), size (height and width the images are scaled or cut to: their own), mean and std (of each
-- channel: those of the training images; standardize = false puts 0 and 1 in their place), width, shortcut, block,
-- activation (of mlp and lenet5: relu), init ("xavier" or "he": nn.init.initialise_; the network's own), name (the
-- model's), drop_last, device (what the run was begun on: written, not read).
local optional = {
  milestones = "table", step_size = "number", max_lr = "number", max_momentum = "number", threads = "number",
  train_size = "number", test_size = "number", size = "number", mean = "table", std = "table", width = "number",
  shortcut = "string", block = "string", activation = "string", init = "string", name = "string",
  drop_last = "boolean", device = "string",
  classes = "table", input = "table", parameters = "number", data_name = "string", data_seed = "number",
  drawing = "table", data_path = "string",
}

config.inits = {"xavier", "he"}

-- Settings that may also be a word.
local words = {augment = "imagenet"}

local function bad(name, value, expected)
  error(("train: %s is %s, expected %s"):format(name, tostring(value), expected), 0)
end

-- name -> {lowest, whole number?}
local limits = {
  epochs = {1, true}, batch_size = {1, true}, lr = {0}, max_lr = {0}, momentum = {0}, max_momentum = {0},
  weight_decay = {0}, gamma = {0}, warmup = {0},
  label_smoothing = {0}, val_split = {0}, early_stop = {0, true}, clip = {0},
  max_norm = {0}, accumulate = {1, true},
  seed = {math.mininteger, true}, step_size = {1, true}, threads = {1, true}, train_size = {1, true},
  test_size = {1, true}, size = {1, true}, width = {1, true},
}

local function check(c)
  for name, value in pairs(c) do
    local default = config.defaults[name]
    local expected = default ~= nil and type(default) or optional[name]
    if not expected then error(("train: unknown setting '%s'"):format(tostring(name)), 0) end
    if type(value) ~= expected and not (words[name] and words[name] == value) then
      bad(name, value, "a " .. expected .. (words[name] and (" or '%s'"):format(words[name]) or ""))
    end
    local limit = limits[name]
    if limit then
      if limit[2] and math.type(value) ~= "integer" then bad(name, value, "a whole number") end
      if not (value >= limit[1] and value < math.huge) then bad(name, value, "at least " .. limit[1]) end
    end
  end
  local function one_of(name, list)
    for _, known in ipairs(list) do
      if c[name] == known then return end
    end
    bad(name, c[name], "one of " .. table.concat(list, ", "))
  end
  one_of("schedule", config.schedules)
  if c.init then one_of("init", config.inits) end
  if c.activation then require("resmoon.models.activation").get("train", c.activation) end
  if c.label_smoothing >= 1 then bad("label_smoothing", c.label_smoothing, "below 1") end
  if c.optimizer ~= "sgd" and c.optimizer ~= "adam" and c.optimizer ~= "adamw" and c.optimizer ~= "rmsprop" then
    bad("optimizer", c.optimizer, "one of sgd, adam, adamw, rmsprop")
  end
  for i, m in ipairs(c.milestones or {}) do
    if math.type(m) ~= "integer" or m < 1 then bad("milestone " .. i, m, "the number of an epoch") end
  end
end

--- The settings that say which images a run sees.
config.data_settings = {"data", "data_seed", "train_size", "test_size", "size", "val_split", "seed", "augment"}

--- A copy of settings, with those of `changes` in their place.
-- Call: train.config.with(settings, changes) -> table
-- Errors: none.
-- Example:
--   > train.config.with({epochs = 5, lr = 0.1}, {lr = 0.2}).lr
--   0.2
function config.with(settings, changes)
  local c = {}
  for name, value in pairs(settings) do c[name] = value end
  for name, value in pairs(changes or {}) do c[name] = value end
  return c
end

--- A full config from a partial one (which is not changed).
-- Errors: raises, naming the setting, its value and what was expected.
-- Call: train.config.complete {settings} -> table
-- Example:
--   > c = train.config.complete {epochs = 10}
--   > c.milestones, c.momentum
--   {5, 7}  0.9
function config.complete(partial)
  local c = config.with(config.defaults, partial)
  check(c)
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
  end
  c.name = c.name or c.model
  return c
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
function config.schedule(c, optimizer, steps_per_epoch)
  local schedule = require "resmoon.optim.schedule"
  local made, unit
  if c.schedule == "onecycle" then
    local high = c.max_momentum or 0.95
    made, unit = schedule.OneCycle(optimizer, {
      max_lr = c.max_lr, total_steps = c.epochs * steps_per_epoch, pct_start = 0.25, cycle_momentum = c.cycle_momentum,
      max_momentum = high, base_momentum = math.max(0, high - 0.1)}), "step"
  elseif c.schedule == "cosine" then
    made, unit = schedule.Cosine(optimizer, {T_max = c.epochs * steps_per_epoch}), "step"
  elseif c.schedule == "step" then
    made, unit = schedule.Step(optimizer, {step_size = c.step_size, gamma = c.gamma}), "epoch"
  elseif c.schedule == "multistep" then
    made, unit = schedule.MultiStep(optimizer, {milestones = c.milestones, gamma = c.gamma}), "epoch"
  elseif c.warmup > 0 then
    made, unit = schedule.MultiStep(optimizer, {milestones = {}}), "epoch"
  end
  if made and c.warmup > 0 then
    local steps = c.warmup * (unit == "step" and steps_per_epoch or 1)
    made = schedule.Warmup(made, {warmup_steps = steps})
  end
  return made, unit
end

--- Learning rate and momentum (of Adam beta1) during each step of a training, without training: what plot.schedule
-- draws. A momentum that never moves is left out.
-- Call: train.config.course(config, steps_per_epoch) -> {rate = numbers, momentum = numbers or nil}
-- Errors: as those of schedule and optimiser.
-- Example:
--   > settings = {schedule = "onecycle", lr = 0.4, epochs = 4}
--   > settings.cycle_momentum = true
--   > course = train.config.course(train.config.complete(settings), 25)
--   > #course.rate, math.max(table.unpack(course.rate))
--   100  0.4
--   > course.momentum[1], course.momentum[25]
--   0.95  0.85
function config.course(c, steps_per_epoch)
  local rm, momentum_of = require "resmoon.core", require "resmoon.optim.momentum"
  c = config.complete(c)
  local optimizer = config.optimizer(c, {rm.zeros(1, {requires_grad = true})})
  local schedule, unit = config.schedule(c, optimizer, steps_per_epoch)
  local course, moves = {rate = {}, momentum = {}}, false
  for step = 1, c.epochs * steps_per_epoch do
    course.rate[step], course.momentum[step] = optimizer.lr, momentum_of(optimizer)
    moves = moves or course.momentum[step] ~= course.momentum[1]
    if schedule and (unit == "step" or step % steps_per_epoch == 0) then schedule:step() end
  end
  if not moves then course.momentum = nil end
  return course
end

--- The optimiser of a config.
-- Call: train.config.optimizer(config, parameters) -> optimizer
-- Errors: as the optimiser's.
-- Example:
--   > c = train.config.complete {optimizer = "adam", lr = 0.001}
--   > train.config.optimizer(c, models.mlp():parameters()).lr
--   0.001
function config.optimizer(c, parameters)
  local optim = require "resmoon.optim"
  if c.optimizer == "sgd" then
    return optim.SGD(parameters, {lr = c.lr, momentum = c.momentum, weight_decay = c.weight_decay,
                                  nesterov = c.nesterov})
  end
  local make = {adam = optim.Adam, adamw = optim.AdamW, rmsprop = optim.RMSprop}
  return make[c.optimizer](parameters, {lr = c.lr, weight_decay = c.weight_decay})
end

--- The network of a config, for a data set (or for what config says of it: input and classes).
-- Call: train.config.model(config) -> module
-- Errors: raises for an unknown network.
-- Example:
--   > train.config.model(train.config.complete {model = "lenet5"}).name
--   lenet5
function config.model(c)
  local models = require "resmoon.models"
  local options = {num_classes = c.classes and #c.classes or 10, input = c.input, width = c.width,
                   shortcut = c.shortcut, block = c.block, activation = c.activation}
  local net = models.get(c.model)(options)
  if not c.init then return net end
  return require("resmoon.nn.initialize").initialise_(net, c.init, {activation = c.activation})
end

-- What the sets of a config become for training and for testing, each image cut into so many crops.
local function transformed(c, train, test, validation, crops)
  local transforms = require "resmoon.data.transforms"
  if c.augment == "imagenet" then
    local size = c.size or train.images and train.shape[2] or 224
    local fixed = transforms.imagenet_test(size)
    return train:transformed(transforms.imagenet_train(size)),
           test and test:transformed(transforms.imagenet_test(size, {crops = crops})),
           validation and validation:transformed(fixed)
  end
  if crops == 10 then
    local cut = transforms.ten_crop {test.shape[2], test.shape[3]}
    test = test:transformed(transforms.compose {transforms.pad(4), cut})
  end
  return train, test, validation
end

--- The transform by which single images are made fit for a run's network, as its test images are.
-- Call: train.config.test_transform(config) -> transform
-- Errors: raises for a config that does not say its input.
-- Example:
--   > c = train.config.complete {input = {3, 32, 32}, augment = "imagenet"}
--   > train.config.test_transform(c)
--   transform: shorter, centre_crop
function config.test_transform(c)
  local transforms = require "resmoon.data.transforms"
  if not c.input then error("train: the config does not say what its images are (input)", 0) end
  if c.augment == "imagenet" then return transforms.imagenet_test(c.input[2]) end
  return transforms.cover {c.input[2], c.input[3]}
end

--- How many test images of a shape go through a network at a time: 250 of 64 x 64, fewer of larger ones.
-- Call: train.config.test_batch(shape) -> number
-- Shapes: shape is {C, H, W}.
-- Errors: none.
-- Example:
--   > train.config.test_batch {3, 32, 32}, train.config.test_batch {3, 224, 224}
--   250  20
function config.test_batch(shape)
  return math.min(250, math.max(1, 250 * 64 * 64 // (shape[2] * shape[3])))
end

--- Training and test set of a config, and the validation set or nil. With crops = 10 each test image comes as ten
-- parts: with augment = "imagenet" the ten crops instead of the centre; else the image with 4 black pixels around, as
-- training shifts it, cut to its own size.
-- Call: train.config.open(config, {crops = 1}) -> train, test, validation
-- Shapes: as of the data sets.
-- Errors: raises for a set that is not there, or more images than it has.
-- Example:
--   > settings = {train_size = 100, test_size = 20, val_split = 0.1}
--   > a, b, c = train.config.open(train.config.complete(settings))
--   > a:size(), b:size(), c:size()
--   90  20  10
function config.open(c, options)
  local data = require "resmoon.data"
  local train, test
  local whole = c.augment == "imagenet"   -- images come as they are, and are cut later
  if c.data == "shapes10" then
    train = data.shapes10 {train = true, size = c.train_size, seed = c.data_seed}
    test = data.shapes10 {train = false, size = c.test_size, seed = c.data_seed}
    if c.size and not whole then train, test = train:shrunk(c.size), test:shrunk(c.size) end
  else
    train, test = data.open(require("resmoon.runs.source").of(c), whole and {cache = false} or {image_size = c.size})
    local function first(set, n, what)
      if not n then return set end
      if n > set:size() then bad(what, n, ("at most %d, the images of %s"):format(set:size(), c.data)) end
      return set:subset(data.Dataset.spread(set:size(), n))
    end
    train, test = first(train, c.train_size, "train_size"), first(test, c.test_size, "test_size")
  end
  local validation
  if c.val_split > 0 then train, validation = data.split(train, c.val_split, c.seed) end
  return transformed(c, train, test, validation, options and options.crops or 1)
end

--- What the images of a run are normalised with: mean and standard deviation of each channel, those of the config
-- or else of the training set; 0 and 1 (pixels from 0 to 1) where the config does not standardise.
-- Call: train.config.normalisation(config, dataset) -> mean, std
-- Shapes: lists of C numbers.
-- Units: of [0, 1].
-- Errors: none.
-- Example:
--   > c = train.config.complete {standardize = false}
--   > train.config.normalisation(c, data.shapes10 {size = 10})
--   {0, 0, 0}  {1, 1, 1}
function config.normalisation(c, dataset)
  if c.standardize then return c.mean or dataset.mean, c.std or dataset.std end
  local mean, std = {}, {}
  for i = 1, dataset.shape[1] do mean[i], std[i] = 0, 1 end
  return mean, std
end

return config
