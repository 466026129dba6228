--- Runs: from a config (runs/settings.lua) to a trained network in a folder.
local check      = require "resmoon.base.check"
local core       = require "resmoon.core"
local begin      = require "resmoon.runs.begin"
local blueprint  = require "resmoon.runs.blueprint"
local config     = require "resmoon.train.config"
local curves     = require "resmoon.plot.curves"
local defaults   = require "resmoon.train.defaults"
local data       = require "resmoon.data"
local device     = require "resmoon.runs.device"
local given      = require "resmoon.train.config.given"
local folder     = require "resmoon.runs.folder"
local text       = require "resmoon.base.json_text"
local lock       = require "resmoon.runs.lock"
local models     = require "resmoon.models"
local optim      = require "resmoon.optim"
local preflight  = require "resmoon.train.preflight"
local record     = require "resmoon.runs.record"
local rehearsal  = require "resmoon.base.rehearsal"
local saved_by   = require "resmoon.train.saved_by"
local settings   = require "resmoon.runs.settings"
local shell      = require("resmoon.base.text").shell
local source     = require "resmoon.runs.source"
local together   = require "resmoon.train.together"
local Trainer    = require "resmoon.train.trainer"
local shown      = require "resmoon.base.shown"

local sys = core.sys
local world = core.world

local run = {}

local function loss_of(c)
  if c.label_smoothing == 0 then return nil end
  local options = {label_smoothing = c.label_smoothing}
  return function(logits, labels) return logits:cross_entropy(labels, options) end
end

-- The data sets of a config: {train, test, validation}, those given or what it names.
local function open(c, options)
  world.share_norm(not c.local_batch_norm)
  if c.threads then core.set_num_threads(c.threads) end
  return options.sets or {config.open(c, options)}
end

local function record_of(sets, c, like)
  return record.make({train = sets[1], test = sets[2], validation = sets[3]},
                     {source = source.path(c), like = like})
end

-- Raises where a set numbers its classes in another way than the training images.
local function check_classes(train, set, what)
  local differ = set and train.classes and set.classes and record.classes_differ(train.classes, set.classes)
  if not differ then return end
  error(("train: the %s images have other classes than the training images: %s; %s"):format(what,
        table.concat(train.classes, ", "), table.concat(set.classes, ", ")), 0)
end

-- The trainer of a complete config on these data sets.
local function build(c, sets, path, options)
  core.manual_seed(c.seed)
  local train, test, validation = sets[1], sets[2], sets[3]
  check_classes(train, test, "test")
  check_classes(train, validation, "validation")
  if options.progress ~= false and not options.label then print(data.summary(train, test, validation)) end
  local mean, std = config.normalization(c, train)
  local fresh = not c.classes   -- a run that is taken up has been fitted
  if fresh then config.fit(c, train) end
  c.classes, c.input, c.data_name, c.outputs = train.classes, train.shape, train.name, train.outputs
  local net = config.model(c, path or options.home)
  if c.own then preflight.network(net, c) end
  if fresh then defaults.fit_network(c, net) end
  c.device = c.device or device()  -- a run that is taken up keeps that of its first epoch
  c.parameters = 0
  for _, p in ipairs(net:parameters()) do c.parameters = c.parameters + p:numel() end
  local loader = config.loader(c, train, {mean = mean, std = std})
  preflight.batches(net, loader, c.accumulate)
  local notes = preflight.settings(c, #loader, train:size())
  local optimizer = config.optimizer(c, net:parameters())
  local schedule, unit = config.schedule(c, optimizer, #loader, options.schedule)
  local function fixed(set)
    return set and data.Loader(set, {batch_size = math.max(c.batch_size, config.test_batch(set.shape)),
                                    mean = mean, std = std})
  end
  local trainer = Trainer {
    net = net, optimizer = optimizer, schedule = schedule, schedule_unit = unit, train = loader, test = fixed(test),
    validation = fixed(validation), epochs = c.epochs, loss = loss_of(c), folder = path, hooks = options.hooks,
    early_stop = c.early_stop, clip = c.clip, max_norm = c.max_norm, accumulate = c.accumulate,
    keep_every = c.keep_every, watch_layers = c.watch_layers,
    progress = options.progress, name = options.label,
    ema = c.ema > 0 and optim.EMA(net, {decay = c.ema, warmup = true}) or nil,
    about = {config = c, mean = mean, std = std},
  }
  trainer.notes = notes
  return trainer
end

-- The run's curves, as PNG and SVG in its folder. The run is kept whatever becomes of them: what goes wrong is said,
-- and returned.
local function draw(path, c)
  if c.drawing and #c.drawing == 0 then return end
  local files = {}
  for i, suffix in ipairs(c.drawing or {"png", "svg"}) do files[i] = path .. "/curves." .. suffix end
  local ok, reason = pcall(function()
    local title = ("%s on %s"):format(c.name, c.data_name or c.data)
    curves({path}, {file = files, title = title})
  end)
  if ok then return nil end
  reason = tostring(reason):gsub("^plot: ", "")
  io.stderr:write("plot: ", reason, "\n")
  return reason
end

--- Trainer:fit()'s result, with folder, net and config; the curves are drawn into the folder.
function run.finish(trainer, c)
  if c then together.check(trainer, c) end
  local outcome, path = trainer:fit(), trainer.folder
  outcome.folder, outcome.net, outcome.config, outcome.ema = path, trainer.net, c, trainer.ema
  if path and c and outcome.epochs > 0 and together.is_first() then outcome.undrawn = draw(path, c) end
  if c then shown.fields(c) end
  return shown.fields(outcome)
end

--- The trainer of a config (runs/settings.lua lists the settings; absent ones have their defaults), and the config in
-- full. options: folder (of the run; nil: nothing is written), progress (false: silent), label (shown before
-- each line), hooks, sets ({train, test, validation}: instead of opening config.data).
-- Errors: raises where the folder holds a run already, and for what cannot train. The trainer holds the folder's lock
-- until its fit returns.
function run.trainer(partial, options)
  partial, options = given.take(partial, options)
  options = together.options(options)
  local c = config.complete(partial)
  local path = options.folder
  if not c.own then models.get(c.model) end                       -- raises, before any work
  if path and together.is_first() then begin.check_free(path) end
  if not options.sets or options.record then c.data_path = source.path(c) end
  local sets = open(c, options)
  local trainer = build(c, sets, path, options)
  trainer.record = (path or world.size() > 1) and (options.record or record_of(sets, c)) or nil
  if path and together.is_first() then trainer.lock = begin.run(path, c, trainer.record) end
  if path then blueprint.remember(path, c.own) end
  return trainer, c
end

--- Trains what a config says: opens the data, builds the network, trains, and keeps the run in a folder.
-- The settings are those of train.config, and help lists them; absent ones have their defaults, those of He et al. 2016
-- for CIFAR-10 where they fit the network and the images. A line says what begins.
-- Call: train.run({settings}, {folder = nil, progress = true, label = nil, hooks = nil, sets = nil}) -> result
-- Shapes: images as the data set has them; the network is made to fit.
-- Options: folder    of the run; nil: nothing is written
--  progress  false: silent
--  label     shown before each line
--  resume    true: takes the run in the folder up, where there is one, instead of refusing
--  hooks     as of train.Trainer
--  sets      {train, test, validation}: instead of opening settings.data
-- Returns: what trainer:fit() does, with folder, net and config; ema: the average of the weights, where one is kept;
--  undrawn: why the curves could not be written.
-- Errors: raises for an unknown setting, or where the folder holds a run already.
-- Example:
--   > settings = {model = "mlp", epochs = 1, train_size = 200, test_size = 50}
--   > result = train.run(settings, {progress = false})
--   > result.stopped, result.epochs
--   finished  1
function run.run(partial, options)
  check("train.run(options: table?)", options)
  if rehearsal.on() then
    blueprint.written(partial)
    return rehearsal.stand_in
  end
  if options and options.resume and options.folder and folder.is_run(options.folder) then
    return run.resume(options.folder, partial, options)
  end
  local trainer, c = run.trainer(partial, options)
  if trainer.screen then trainer.screen:say(config.describe(c, trainer.train.dataset)) end
  return run.finish(trainer, c)
end

-- Settings given anew for a run whose network is one's own: what is to build it is noted, and is no setting any more.
local function with_network(path, saved, changes)
  if not (changes.model ~= nil and blueprint.is_own(changes.model) or changes.own) then return changes end
  local written = blueprint.written(changes)
  if not saved.own then
    error(("%s was begun with model = %s: it cannot go on with %s; --run DIR puts a new run elsewhere"):format(path,
          tostring(saved.model), written.model), 0)
  end
  if saved.own.sha256 and written.own.sha256 and saved.own.sha256 ~= written.own.sha256 then
    io.stderr:write(("note: %s has changed since %s was begun; the network that is given now goes on\n"):format(
                    written.own.file, path))
  end
  blueprint.give(saved, blueprint.builder(written))
  local others = {}
  for name, value in pairs(written) do others[name] = value end
  others.model, others.own = nil, nil
  if changes.name == nil then others.name = nil end
  return others
end

--- The config of the run in a folder, with settings given anew. Of these only those may differ whose row says that they
-- may change (runs/settings.lua).
-- Errors: raises where there is no run, and where another setting differs.
function run.changed(path, changes)
  local saved = folder.config(path)
  if saved.hand_made then
    error(("%s was trained by a script of your own with train.Trainer, which has its optimizer, schedule and loss: run "
           .. "the script again, with resume = true among the options of train.Trainer"):format(path), 0)
  end
  local ok, wrong = pcall(settings.check_values, saved)
  if not ok then error(("%s/config.json: %s"):format(path, (wrong:gsub("^train: ", ""))), 0) end
  changes = with_network(path, saved, changes or {})
  for name, value in pairs(changes) do
    local may_change = settings.may_change(name)
    if not may_change and text(saved[name]) ~= text(value) then
      error(("%s was begun with %s = %s: it cannot go on with %s; --run DIR puts a new run elsewhere"):format(path,
            name, text(saved[name]), text(value)), 0)
    end
    if may_change then
      local fixed_end = saved.schedule == "onecycle" or saved.schedule == "cosine"
        or saved.schedule == "cyclic" and saved.cycle_mode == "exp_range"
      if name == "epochs" and value ~= saved.epochs and fixed_end then
        error(("%s: its %s schedule ends at epoch %d, so that is where the run ends"):format(path, saved.schedule,
              saved.epochs), 0)
      end
      if name == "data" and value ~= saved.data then saved.data_path = source.absolute(value) end
      saved[name] = value
    end
  end
  return config.complete(saved)
end

-- The checkpoint with which the run in a folder goes on; nil where it was stopped before its first one.
-- Errors: raises where it is gone, though there was one.
local function last_checkpoint(path)
  local file = path .. "/last.safetensors"
  if sys.exists(file) then return file end
  local best, log = sys.exists(path .. "/best.safetensors"), sys.exists(path .. "/log.csv")
  if not (best or log) then return nil end
  error(("%s: last.safetensors is missing, and without it the run cannot go on (%s): put it back, or begin a new run "
         .. "elsewhere with --run DIR%s"):format(path, log and "log.csv shows that epochs were finished"
         or "best.safetensors shows that an epoch was finished",
        best and ("; the network of the best epoch is there (resmoon evaluate %s)"):format(shell(path)) or ""), 0)
end

-- Compares the data with what the run was trained on. Returns the record of the data now.
local function check_data(path, sets, c, made)
  local before, classes = record.read(path), folder.config(path).classes
  -- Where one of the two knows sizes alone, the other is made so, too.
  local now = made and (not before or made.covers == before.covers) and made or record_of(sets, c, before)
  local list
  if before then list = record.differences(before, now)
  else list = {classes and now.classes and record.classes_differ(classes, now.classes)} end
  if #list > 0 then
    error(("%s was trained on other data than %s holds now:\n  %s\nPut the data back as they were (--data DIR if they "
           .. "are elsewhere), or begin a new run with --run DIR. Nothing was changed."):format(path,
          now.source or now.name or c.data, table.concat(list, "\n  ")), 0)
  end
  return now, before == nil
end
run.check_data, run.record_of = check_data, record_of

--- Raises where the run in a folder could not be taken up: its checkpoint is gone, damaged or of another training.
function run.check_checkpoint(path, c)
  local last = last_checkpoint(path)
  return last and saved_by(path, last, c)
end

-- The trainer's own checks of how far the run has come.
local function check_end(path, trainer, c)
  local done = trainer.sums and trainer.epoch or trainer.epoch - 1
  if done > c.epochs then
    error(("%s has %s epoch %d: it cannot end with epoch %d; --epochs takes %d or more"):format(path,
          trainer.sums and "begun" or "made", done, c.epochs, done), 0)
  end
end

--- The trainer of the run in a folder as it stopped, and its config: fit goes on bit for bit.
-- changes: settings given anew, as run.changed takes them. Nothing on disk changes until everything was looked at.
-- Errors: raises where the folder is not a run or in use; where its checkpoint is missing, damaged or of another
-- training; where the data are not those it was begun with.
function run.reopen(path, changes, options)
  changes, options = given.take(changes, options)
  options = together.options(options)
  local c = run.changed(path, changes)
  local held = together.is_first() and lock.take(path) or nil
  local _ <close> = lock.on_error(held)
  local saved = run.check_checkpoint(path, c)
  local sets = open(c, options)
  local made, missing = check_data(path, sets, c, options.record)
  if not options.sets or options.record then c.data_path = source.path(c) end
  local trainer = build(c, sets, path, options)
  if saved then trainer:resume(path .. "/last.safetensors", saved) end
  check_end(path, trainer, c)
  local function note(...) table.insert(trainer.notes, 1, string.format(...)) end
  if missing then
    note("%s had no record of the data it was begun with (data.json): those of now are taken for them and recorded",
         path)
  end
  if not saved then note("%s was stopped before its first checkpoint: it begins with epoch 1", path) end
  if together.is_first() then
    if missing or made.source ~= record.read(path).source then record.write(path, made) end
    begin.write_config(path, c)
  end
  trainer.record = made
  trainer.lock = held
  return trainer, c
end

--- Goes on with the run in a folder, bit for bit as if it had never stopped.
-- Call: train.resume(folder, {changes}, {progress = true, label = nil, hooks = nil, sets = nil}) -> result
-- Shapes: images as the data set has them.
-- Errors: raises where there is no run, and where a setting differs that may not change (help "train.config").
-- Example:
--   > settings = {model = "mlp", epochs = 1, train_size = 200, test_size = 50}
--   > settings.schedule = "constant"
--   > train.run(settings, {folder = "runs/mlp", progress = false});
--   > train.resume("runs/mlp", {epochs = 2}, {progress = false}).epochs
--   2
function run.resume(path, changes, options)
  check("train.resume(folder: string)", path)
  if rehearsal.on() then return rehearsal.stand_in end
  local trainer, c = run.reopen(path, changes, options)
  return run.finish(trainer, c)
end

return run
