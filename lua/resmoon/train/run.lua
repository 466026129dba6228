--- Runs: from a config (config.lua) to a trained network in a folder.
local rm         = require "resmoon.core"
local checkpoint = require "resmoon.runs.checkpoint"
local config     = require "resmoon.train.config"
local device     = require "resmoon.runs.device"
local folder     = require "resmoon.runs.folder"
local json       = require "resmoon.base.json"
local Trainer    = require "resmoon.train.trainer"

local run = {}

-- Settings that may differ when a run is resumed: they do not change what is computed, or only
-- where it ends.
local may_change = {epochs = true, data = true, threads = true, early_stop = true, drawing = true}

local function loss_of(c)
  if c.label_smoothing == 0 then return nil end
  local options = {label_smoothing = c.label_smoothing}
  return function(logits, labels) return logits:cross_entropy(labels, options) end
end

-- The trainer of a complete config, with the data sets given or opened.
local function build(c, path, options)
  local data = require "resmoon.data"
  if c.threads then rm.set_num_threads(c.threads) end
  rm.manual_seed(c.seed)
  local sets = options.sets or {config.open(c)}
  local train, test, validation = sets[1], sets[2], sets[3]
  if options.progress ~= false and not options.label then print(data.summary(train, test, validation)) end
  local mean, std = config.normalisation(c, train)
  c.classes, c.input, c.data_name = train.classes, train.shape, train.name
  local net = config.model(c)
  c.device = c.device or device()  -- a run that is taken up keeps that of its first epoch
  c.parameters = 0
  for _, p in ipairs(net:parameters()) do c.parameters = c.parameters + p:numel() end
  local loader = data.Loader(train, {batch_size = c.batch_size, shuffle = true, augment = c.augment == true,
                                     drop_last = c.drop_last, mean = mean, std = std})
  local optimizer = config.optimizer(c, net:parameters())
  local schedule, unit = config.schedule(c, optimizer, #loader)
  local function fixed(set)
    return set and data.Loader(set, {batch_size = math.max(c.batch_size, config.test_batch(set.shape)),
                                    mean = mean, std = std})
  end
  return Trainer {
    net = net, optimizer = optimizer, schedule = schedule, schedule_unit = unit, train = loader, test = fixed(test),
    validation = fixed(validation), epochs = c.epochs, loss = loss_of(c), folder = path, hooks = options.hooks,
    early_stop = c.early_stop, clip = c.clip, max_norm = c.max_norm, accumulate = c.accumulate,
    progress = options.progress, name = options.label,
    about = {config = c, mean = mean, std = std},
  }
end

-- The run's curves, as PNG and SVG in its folder. A figure is an extra: what goes wrong is said.
local function draw(path, c)
  if c.drawing and #c.drawing == 0 then return end
  local files = {}
  for i, suffix in ipairs(c.drawing or {"png", "svg"}) do files[i] = path .. "/curves." .. suffix end
  local ok, reason = pcall(function()
    local title = ("%s on %s"):format(c.name, c.data_name or c.data)
    require("resmoon.plot").curves({path}, {file = files, title = title})
  end)
  if not ok then io.stderr:write("plot: ", tostring(reason), "\n") end
end

--- Trainer:fit()'s result, with folder, net and config; the curves are drawn into the folder.
function run.finish(trainer, c)
  local outcome, path = trainer:fit(), trainer.folder
  outcome.folder, outcome.net, outcome.config = path, trainer.net, c
  if path and c and outcome.epochs > 0 then draw(path, c) end
  return outcome
end

--- The trainer of a config (config.lua lists the settings; absent ones have their defaults), and the config in full.
-- options: folder (of the run; nil: nothing is written), progress (false: silent), label (shown before
-- each line), hooks, sets ({train, test, validation}: instead of opening config.data).
-- Errors: raises where the folder holds a run already.
function run.trainer(partial, options)
  options = options or {}
  local c = config.complete(partial)
  local path = options.folder
  if path and folder.is_run(path) then folder.create(path, c) end  -- raises, before any work
  local trainer = build(c, path, options)
  if path then folder.create(path, c) end
  return trainer, c
end

--- Trains what a config says: opens the data, builds the network, trains, and keeps the run in a folder.
-- help "train.config" has the settings; absent ones have their defaults, those of He et al. 2016 for CIFAR-10.
-- Call: train.run({settings}, {folder = nil, progress = true, label = nil, hooks = nil, sets = nil}) -> result
-- Shapes: images as the data set has them; the network is made to fit.
-- Options: folder    of the run; nil: nothing is written
--  progress  false: silent
--  label     shown before each line
--  hooks     as of train.Trainer
--  sets      {train, test, validation}: instead of opening settings.data
-- Returns: what trainer:fit() does, with folder, net and config.
-- Errors: raises for an unknown setting, or where the folder holds a run already.
-- Example:
--   > settings = {model = "mlp", epochs = 1, train_size = 200, test_size = 50}
--   > result = train.run(settings, {progress = false})
--   > result.stopped, result.epochs
--   finished  1
function run.run(partial, options)
  local trainer, c = run.trainer(partial, options)
  return run.finish(trainer, c)
end

local function text(value) return (json.encode({value}):sub(2, -2)) end

--- The config of the run in a folder, with settings given anew. Of these only epochs, data, threads, early_stop and
-- drawing may differ.
-- Errors: raises where there is no run, and where another setting differs.
function run.changed(path, changes)
  local saved = folder.config(path)
  for name, value in pairs(changes or {}) do
    if not may_change[name] and text(saved[name]) ~= text(value) then
      error(("%s was begun with %s = %s: it cannot go on with %s; --run DIR puts a new run elsewhere"):format(path,
            name, text(saved[name]), text(value)), 0)
    end
    if may_change[name] then
      local fixed_end = saved.schedule == "onecycle" or saved.schedule == "cosine"
      if name == "epochs" and value ~= saved.epochs and fixed_end then
        error(("%s: its %s schedule ends at epoch %d, so that is where the run ends"):format(path, saved.schedule,
              saved.epochs), 0)
      end
      saved[name] = value
    end
  end
  return config.complete(saved)
end

--- The trainer of the run in a folder as it stopped, and its config: fit goes on bit for bit.
-- changes: settings given anew, as run.changed takes them.
function run.reopen(path, changes, options)
  options = options or {}
  local c = run.changed(path, changes)
  local trainer = build(c, path, options)
  local last = path .. "/last.safetensors"
  if rm.sys.exists(last) then trainer:resume(last) end  -- else it was stopped before its first checkpoint
  rm.write_atomic(path .. "/config.json", json.encode(c, {indent = true}) .. "\n")
  return trainer, c
end

--- Goes on with the run in a folder, bit for bit as if it had never stopped.
-- Call: train.resume(folder, {changes}, {progress = true, label = nil, hooks = nil, sets = nil}) -> result
-- Shapes: images as the data set has them.
-- Errors: raises where there is no run, and where a setting other than epochs, data, threads and early_stop differs.
-- Example:
--   > settings = {model = "mlp", epochs = 1, train_size = 200, test_size = 50}
--   > settings.schedule = "constant"
--   > train.run(settings, {folder = "runs/mlp", progress = false});
--   > train.resume("runs/mlp", {epochs = 2}, {progress = false}).epochs
--   2
function run.resume(path, changes, options)
  local trainer, c = run.reopen(path, changes, options)
  return run.finish(trainer, c)
end

--- The network of a run: run.load("runs/resnet20") or run.load("runs/resnet20/last.safetensors").
-- Of a folder the best checkpoint is taken. Returns net (in eval mode), config, and the mean and
-- standard deviation its images are normalised with.
-- Call: train.load(path) -> net, config, mean, std
-- Shapes: mean and std are lists of C numbers, in units of [0, 1].
-- Errors: raises where there is no run, no finished epoch, or a damaged file.
-- Example:
--   > settings = {model = "mlp", epochs = 1, train_size = 200, test_size = 50}
--   > train.run(settings, {folder = "runs/mine", progress = false});
--   > net, config = train.load "runs/mine"
--   > config.model, net.training
--   mlp  false
function run.load(path)
  local file = path
  if rm.sys.is_dir(path) then
    folder.config(path)  -- says if it is no run
    file = path .. "/best.safetensors"
    if not rm.sys.exists(file) then error(path .. " holds no checkpoint yet: no epoch was finished", 0) end
  end
  local saved = checkpoint.load(file)
  local c = saved.state.config
  if not c then error(file .. " does not say which network it is of", 0) end
  local net = config.model(c)
  net:load_state_dict(saved.net)
  net:eval()
  return net, c, saved.state.mean, saved.state.std
end

return run
