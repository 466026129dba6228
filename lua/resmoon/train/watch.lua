--- watch and resume: training at the prompt, with the loss as a live curve, stopped by Ctrl-C and taken up again.
local blueprint = require "resmoon.runs.blueprint"
local fail     = require "resmoon.base.fail"
local Live     = require "resmoon.train.live"
local Module   = require "resmoon.nn.module"
local options_of = require "resmoon.base.options"
local Progress = require "resmoon.train.progress"
local rehearsal = require "resmoon.base.rehearsal"
local run      = require "resmoon.train.run"
local Trainer  = require "resmoon.train.trainer"

local Outcome = {__name = "Run"}
Outcome.__index = Outcome

function Outcome:__tostring()
  local trainer, last = self.trainer, self.last
  local parts = {("%s: %d of %d epochs"):format(self.name, self.epochs, trainer.epochs)}
  if last then
    parts[#parts + 1] = ("training loss %.4g"):format(last.train_loss)
    if last.test_error then parts[#parts + 1] = ("test error %.2f%%"):format(last.test_error) end
  end
  parts[#parts + 1] = self.stopped == "interrupted" and "stopped, and resume() goes on" or self.stopped
  return table.concat(parts, ", ")
end

local watched  -- the trainer of the last watch, and its name

local function go_on()
  local trainer = watched.trainer
  -- Where nothing can be drawn (a file, a dumb terminal) there is a plain line for each epoch.
  local live = Live.possible()
  watched.live = live and (watched.live or Live.new(watched.name, trainer.epochs)) or nil
  trainer.screen = watched.live or Progress.new(watched.name, trainer.epochs)
  trainer.screen.epochs = trainer.epochs
  trainer.screen.go_on = "; to go on: resume()"
  local outcome = run.finish(trainer, watched.config)
  outcome.trainer, outcome.name = trainer, watched.name
  return setmetatable(outcome, Outcome)
end

-- Settings name their model and optimizer; a Trainer is given the objects.
local function is_trainer_options(options) return options.net ~= nil or type(options.optimizer) == "table" end

local watch = {}

--- Trains in the foreground and draws the loss as a curve that grows in the terminal.
--
-- Ctrl-C ends it after the step that is under way, and the prompt is back with everything as it is: result.net is
-- the network, which may be looked into, tried and changed. resume() goes on. Where there is no terminal, a plain line
-- for each epoch is written instead.
--
--     result = watch {model = "resnet20", epochs = 5, schedule = "onecycle"}
--     result = watch {net = net, optimizer = opt, train = loader, epochs = 5}
--     result = watch("runs/resnet20")
--
-- Call: watch(what) -> result
-- Options: what  a table of settings as train.run takes them (folder among them: else nothing is
--                written), a table of options as train.Trainer takes them, a Trainer, or the folder of a run,
--                which is taken up where it stopped
-- Returns: {stopped = "finished", "interrupted", "early", "hook" or "diverged", epochs =, best =, last = row,
--  log =, net =, trainer =, config =}.
-- Errors: raises as train.run and train.Trainer do.
-- See: resume
function watch.watch(what)
  if rehearsal.on() then
    if type(what) == "table" and not Trainer.is(what) then blueprint.written {model = what.net or what.model} end
    return rehearsal.stand_in
  end
  local trainer, config
  if Trainer.is(what) then
    trainer = what
  elseif type(what) == "string" then
    trainer, config = run.reopen(what)
  elseif type(what) == "table" and is_trainer_options(what) then
    local options = {}
    for key, value in pairs(what) do options[key] = value end
    options.progress = false
    trainer = Trainer(options)
  elseif type(what) == "table" then
    local settings = {}
    for key, value in pairs(what) do settings[key] = value end
    settings.folder = nil
    trainer, config = run.trainer(settings, {folder = what.folder, progress = false})
  else
    fail("watch: argument 1 is %k, expected settings, options of a Trainer, a Trainer or the folder of a run",
      what)
  end
  local name = trainer.name or config and config.name or Module.label(trainer.net)
  watched = {trainer = trainer, config = config, name = name}
  return go_on()
end

--- Goes on with the run that was watched last, bit for bit as if it had never stopped.
--
-- The generators, the order of the images and what was summed of the epoch are those of the moment when it was stopped,
-- whatever was done at the prompt in between. What was changed of the network stays changed, and the optimizer
-- follows (opt:follow).
--
-- Call: resume({epochs = nil}) -> result
-- Options: epochs  train to this epoch instead of the one that was asked for
-- Errors: raises where nothing was watched, and where the run is at its end.
-- See: watch
function watch.resume(options)
  options = options_of("resume", options, {"epochs"})
  if options.epochs ~= nil and (math.type(options.epochs) ~= "integer" or options.epochs < 1) then
    fail("resume: epochs is %s, expected a whole number from 1", options.epochs)
  end
  if not watched then fail("resume: there is no run to go on with; watch{...} starts one") end
  local trainer = watched.trainer
  trainer.epochs = options.epochs or trainer.epochs
  if trainer.epoch > trainer.epochs then
    fail("resume: %s has made its %d epochs; resume{epochs = %d} goes on", watched.name, trainer.epochs,
      2 * trainer.epochs)
  end
  return go_on()
end

-- Lets go of the run that resume would go on with.
function watch.forget() watched = nil end

return watch
