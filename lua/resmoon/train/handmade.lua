--- The run of a train.Trainer that a script makes itself: config.json and data.json, as those of train.run.
--
-- What the settings can say of it they say: optimizer, rates, batches, the images. Optimizer, schedule and loss
-- themselves are the script's, so only the script takes such a run up; the setting `hand_made` marks it.
local begin     = require "resmoon.runs.begin"
local blueprint = require "resmoon.runs.blueprint"
local device    = require "resmoon.runs.device"
local folder    = require "resmoon.runs.folder"
local record    = require "resmoon.runs.record"
local source    = require "resmoon.runs.source"
local sys       = require("resmoon.core").sys
local pcall     = require("resmoon.base.catch").pcall

local handmade = {}

local function class_name(object) return tostring((getmetatable(object) or {}).__name or "own"):lower() end

-- Whether two lists of numbers are the same.
local function same(a, b) return table.concat(a or {}, " ") == table.concat(b or {}, " ") end

-- Where the images lie, for whoever tests the network later: shapes10, a folder, or "given" by the script alone.
local function images_of(c, train, test)
  local plain = rawget(test, "images") and not rawget(test, "indices") and same(test.shape, train.shape)
  if test.name == "shapes10" and plain then
    c.data, c.train_size, c.test_size = "shapes10", train:size(), test:size()
  elseif type(rawget(test, "root")) == "string" and sys.is_dir(test.root) then
    c.data = test.root
    c.data_path = source.absolute(c.data)
  else
    c.data = "given"
  end
end

-- The settings of the schedule, where it is one of those that settings know.
local function schedule_of(c, schedule, unit)
  if not schedule then
    c.schedule = "constant"
    return
  end
  c.schedule = class_name(schedule)
  for _, name in ipairs {"milestones", "gamma", "step_size", "max_lr"} do
    local value = rawget(schedule, name)
    if type(value) == "number" or type(value) == "table" and unit == "epoch" then c[name] = value end
  end
end

--- The settings of a trainer, as far as they can be known.
function handmade.config(trainer)
  local loader, optimizer = trainer.train, trainer.optimizer
  local train = type(loader) == "table" and loader.dataset or nil
  local test = type(trainer.test) == "table" and trainer.test.dataset or train
  local c = {hand_made = true, epochs = trainer.epochs, optimizer = class_name(optimizer),
             accumulate = trainer.accumulate, clip = trainer.clip, max_norm = trainer.max_norm,
             early_stop = trainer.early_stop, parameters = 0,
             device = device(), data = "given", val_split = 0, model = trainer.own_network.model,
             own = trainer.own_network.own,
             name = trainer.own_network.name or trainer.own_network.model, drawing = {}}
  local options = optimizer.groups[1]
  c.lr = optimizer.lr
  for _, name in ipairs {"momentum", "weight_decay", "nesterov"} do c[name] = options[name] end
  schedule_of(c, trainer.schedule, trainer.schedule_unit)
  if c.schedule == "onecycle" and trainer.schedule.cycle_momentum then
    c.cycle_momentum, c.max_momentum = true, trainer.schedule.max_momentum
  end
  for _, p in ipairs(trainer.net:parameters()) do c.parameters = c.parameters + p:numel() end
  if type(loader) == "table" and loader.batch_size then
    c.batch_size, c.drop_last = loader.batch_size, loader.drop_last
    c.augment = loader.pad > 0 and (loader.flip or "shift") or false
    c.shift = loader.pad > 0 and loader.pad or nil
  end
  if train and train.classes then c.classes, c.input, c.data_name = train.classes, train.shape, train.name end
  if train and test and train.name then images_of(c, train, test) end
  return c
end

-- The digests of the images, where they can be had: data sets of one's own need not have any.
local function record_of(trainer, c)
  local function set(loader) return type(loader) == "table" and loader.dataset or nil end
  local ok, made = pcall(record.make, {train = set(trainer.train), test = set(trainer.test),
                                       validation = set(trainer.validation)}, {source = source.path(c)})
  return ok and made or nil
end

-- The mean and standard deviation that a loader normalizes with, from its table of what each byte becomes.
local function normalization(loader)
  local values = type(loader) == "table" and loader.table and loader.table:totable()
  if not values then return nil, nil end
  local mean, std = {}, {}
  for channel, row in ipairs(values) do
    std[channel] = 1 / (row[256] - row[1])
    mean[channel] = -row[1] * std[channel]
  end
  return mean, std
end

--- What is put into the checkpoints of a trainer without a config of its own. The folder's config.json, where it has
-- one, is what counts: a run that is taken up is the same run.
function handmade.about(trainer)
  local about = {}
  for key, value in pairs(trainer.about or {}) do about[key] = value end
  if folder.is_run(trainer.folder) then
    about.config = folder.config(trainer.folder)
    if about.config.epochs ~= trainer.epochs then
      about.config.epochs = trainer.epochs
      begin.write_config(trainer.folder, about.config)
    end
    if about.config.own then blueprint.give(about.config, trainer.net) end
  else
    about.config = handmade.config(trainer)
  end
  if not about.mean then about.mean, about.std = normalization(trainer.train) end
  return about
end

--- Writes what the folder of a trainer lacks before its first step: config.json, data.json and the network's file.
function handmade.begin(trainer)
  local c = trainer.about.config
  if folder.is_run(trainer.folder) then return end
  local made = record_of(trainer, c)
  if made then record.write(trainer.folder, made) end
  if c.own then blueprint.keep(trainer.folder, c.own) end
  begin.write_config(trainer.folder, c)
  blueprint.remember(trainer.folder, c.own)
end

return handmade
