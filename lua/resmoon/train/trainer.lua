--- The training loop: epochs of steps, evaluation, log, checkpoints, early stopping.
--
--     local trainer = train.Trainer {
--       net = net, optimizer = opt, schedule = schedule, schedule_unit = "step",
--       train = data.Loader(train_set, {shuffle = true, augment = true}),
--       test = data.Loader(test_set), epochs = 30, folder = "runs/mine",
--     }
--     local result = trainer:fit()
--
-- A step is all or nothing: Ctrl-C is noted, the step is finished, everything is saved, and
-- resume() later goes on with the next batch, bit for bit as if nothing had happened. What makes
-- that so: the checkpoint holds weights, buffers, optimizer, schedule, the generators' states, the
-- loader's seeds and place, and the sums of the epoch that had begun.
local core       = require "resmoon.core"
local blueprint  = require "resmoon.runs.blueprint"
local class      = require "resmoon.base.class"
local checkpoint = require "resmoon.runs.checkpoint"
local ending     = require "resmoon.train.ending"
local epoch      = require "resmoon.train.epoch"
local fail       = require "resmoon.base.fail"
local handmade   = require "resmoon.train.handmade"
local held       = require "resmoon.base.held"
local LayerWatch = require "resmoon.train.layer_watch"
local lock       = require "resmoon.runs.lock"
local Log        = require "resmoon.runs.log"
local options_of = require "resmoon.base.options"
local preflight  = require "resmoon.train.preflight"
local Progress   = require "resmoon.train.progress"
local rehearsal  = require "resmoon.base.rehearsal"
local restore    = require "resmoon.train.restore"
local together   = require "resmoon.train.together"
local xpcall     = require("resmoon.base.catch").xpcall
local shown      = require "resmoon.base.shown"
local sys        = core.sys
local world      = core.world

local Trainer = class("Trainer")

local known = {
  "net", "optimizer", "schedule", "schedule_unit", "train", "test", "validation", "epochs", "loss", "folder", "name",
  "progress", "hooks", "early_stop", "clip", "max_norm", "accumulate", "keep_every", "about", "ema", "resume",
  "watch_layers",
}

-- Of classes the cross-entropy, of numbers to predict the mean squared error.
local function default_loss(outputs, targets)
  if targets.dtype == "float32" then return outputs:mse_loss(targets) end
  return outputs:cross_entropy(targets)
end

-- What the optimizer was given: parameters of net that it is to leave alone, and those it has beside net's.
local function given(net, optimizer)
  local in_net, in_optimizer, leave, keep = {}, {}, {}, {}
  for _, p in net:named_parameters() do in_net[core.tensor_key(p)] = true end
  for _, group in ipairs(optimizer.groups) do
    for _, p in ipairs(group.params) do
      in_optimizer[core.tensor_key(p)] = true
      if not in_net[core.tensor_key(p)] then keep[#keep + 1] = p end
    end
  end
  for _, p in net:named_parameters() do
    -- What is frozen was left out for that: once it is trained, the optimizer has it.
    if not in_optimizer[core.tensor_key(p)] and p.requires_grad then leave[#leave + 1] = p end
  end
  return {leave = leave, keep = keep}
end

--- Makes a trainer. options:
--   net, optimizer, train (a data.Loader), epochs: needed
--   schedule, schedule_unit ("epoch" or "step": how often it moves on)
--   test, validation    loaders that are evaluated after each epoch
--   loss                function(outputs, targets) -> scalar tensor; cross-entropy, or the mean squared error where
--                       targets are float32 (a regression, which has no errors: its losses decide)
--   folder              of the run; without it nothing is written. It gets config.json, data.json, log.csv,
--                       best.safetensors, last.safetensors and a copy of the file that builds the network, as that of
--                       train.run does, so that compare, evaluate, predict and report take it. While fit is at work it
--                       holds the folder's lock
--   resume              true: takes up the run in the folder, if there is one: the same script goes on after Ctrl-C
--   early_stop          epochs without a better error before it stops; 0: never. The error is that
--                       of the validation images, else the test images, else the training images
--   accumulate          parts into which each batch is cut; their gradients add up to the batch's: 1
--   clip                largest norm of all gradients together; 0: as they are
--   max_norm            weight restriction: after each step no row of a weight of two or more dimensions (all that
--                       leads to one output) is longer than this (optim.max_norm); 0: no limit
--   ema                 an optim.EMA of net: it is updated after each step, evaluated after each epoch beside the
--                       network, and decides; best.safetensors then holds the averaged weights
--   keep_every          0; else of every so many epochs the network is kept as epoch_NNN.safetensors
--   watch_layers        true: what arrives at each layer and the norm of its gradient, once an epoch: trainer.layers,
--                       and layers.csv in the folder (plot.signals draws it)
--   hooks               {on_step = f(trainer, loss), on_epoch = f(trainer, row)}; false from on_epoch ends it
--   progress            false: silent
--   name                shown before each line;  about: a table that goes into the checkpoints
-- Call: train.Trainer {options} -> trainer
-- Shapes: the loader's batches fit the network.
-- Errors: raises for an unknown option, or one that is missing.
-- Example:
--   > net = models.mlp()
--   > opt = optim.SGD(net:parameters(), {lr = 0.01})
--   > loader = data.Loader(data.shapes10 {size = 100}, {shuffle = true})
--   > options = {net = net, optimizer = opt, train = loader, epochs = 2}
--   > options.progress = false
--   > trainer = train.Trainer(options)
--   > trainer:fit().stopped
--   finished
function Trainer:init(options)
  options = options_of("Trainer", options, known)
  for _, key in ipairs {"net", "optimizer", "train", "epochs"} do
    if options[key] == nil then fail("Trainer: option '%s' is missing", key) end
  end
  for key, value in pairs(options) do self[key] = value end
  self.resume = nil   -- the method; what was asked for is done below
  self.loss = options.loss or default_loss
  self.hooks, self.early_stop, self.clip = options.hooks or {}, options.early_stop or 0, options.clip or 0
  self.max_norm, self.keep_every = options.max_norm or 0, options.keep_every or 0
  self.schedule_unit, self.accumulate = options.schedule_unit or "epoch", options.accumulate or 1
  if self.ema and self.ema.net ~= self.net then fail("Trainer: ema is the average of another network") end
  self.given = given(self.net, self.optimizer)
  self.log = Log()
  self.epoch = 1             -- the one under way, or the next
  self.steps = 0             -- since the start of the run
  self.sums = nil            -- of the epoch under way
  self.best = nil            -- {error =, epoch =}; without errors {loss =, epoch =}
  self.lr = nil              -- of the last step, with self.momentum
  self.stopped = nil         -- by Ctrl-C: states of loader and generators
  self.screen = options.progress ~= false and world.rank() == 0 and Progress.new(options.name, options.epochs) or nil
  if not self.folder or self.about and self.about.config then return end
  self.hand_made = true
  self.own_network = blueprint.written {model = self.net, name = options.name}
  if options.resume and not rehearsal.on() and sys.exists(self:path("last.safetensors")) then self:resume() end
end

-- --- state --------------------------------------------------------------------------

function Trainer:path(name) return self.folder and self.folder .. "/" .. name end

--- What a checkpoint holds beside net and optimizer: a plain table.
-- Call: trainer:state() -> table
-- Errors: none.
-- Example:
--   > net = models.mlp()
--   > loader = data.Loader(data.shapes10 {size = 10})
--   > opt = optim.SGD(net:parameters())
--   > options = {net = net, optimizer = opt, train = loader, epochs = 1}
--   > trainer = train.Trainer(options)
--   > trainer:state().epoch
--   1
function Trainer:state()
  local state = {
    epoch = self.epoch, steps = self.steps, sums = self.sums, best = self.best, lr = self.lr,
    momentum = self.momentum,
    schedule = self.schedule and self.schedule:state_dict(), loader = self.train:state_dict(),
    generators = checkpoint.generators(), frozen = self.net:frozen() or {parameters = {}, held = {}},
  }
  for key, value in pairs(self.about or {}) do state[key] = value end
  return shown.mark(state)
end

--- Saves everything to last.safetensors of the run's folder, or to `path`.
-- Call: trainer:save(path = FOLDER/last.safetensors) -> nothing
-- Call: trainer:path(name) -> string or nil
-- Shapes: those of the network's and the optimizer's tensors.
-- Errors: raises for a file that cannot be written. path gives the name of a file in the run's folder.
-- Example:
--   > net = models.mlp()
--   > loader = data.Loader(data.shapes10 {size = 10})
--   > opt = optim.SGD(net:parameters())
--   > options = {net = net, optimizer = opt, train = loader, epochs = 1}
--   > trainer = train.Trainer(options)
--   > trainer:save "mlp.safetensors"
--   > rm.sys.exists "mlp.safetensors"
--   true
function Trainer:save(path)
  local own = self:path("last.safetensors")
  path = path or own
  if not path or path == own and world.rank() > 0 then return end
  checkpoint.save(path, self.net, self.optimizer, self:state(), self.ema)
  if path == own then self.left = sys.stat(path) end
end

--- Takes up a run where save left it; fit goes on from there.
-- Errors: raises, before anything changes, where the file is no checkpoint of such a trainer, lacks something, or has
-- made epochs that the log of the run's folder does not have.
-- Call: trainer:resume(path = FOLDER/last.safetensors) -> nothing
-- Shapes: the checkpoint's tensors fit the network.
-- Example:
--   > net, loader = models.mlp(), data.Loader(data.shapes10 {size = 10})
--   > opt = optim.SGD(net:parameters())
--   > options = {net = net, optimizer = opt, train = loader, epochs = 1}
--   > trainer = train.Trainer(options)
--   > trainer:save "mlp.safetensors"
--   > trainer:resume "mlp.safetensors"
function Trainer:resume(path, saved)   -- saved: what is in the file, where the caller has read it
  path = path or self:path("last.safetensors")
  local own = path == self:path("last.safetensors")
  restore(self, saved or checkpoint.load(path), path, own and self:path("log.csv"))
  if own and self.hand_made then self.about = handmade.about(self) end
  self.stopped, self.taken_up = nil, own
  if own then self.left = sys.stat(path) end
end

-- --- all of it ----------------------------------------------------------------------

local function run(self)
  for _, note in ipairs(self.notes or {}) do ending.say(self, "%s", note) end
  self.notes = nil
  local already = ending.over(self)
  if already then return ending.result(self, already) end
  if self.folder and not self.left then self:save() end   -- whatever ends the first epoch, resume has where to begin
  while self.epoch <= self.epochs do
    local reason = epoch.train(self)
    if reason == "diverged" then return ending.diverged(self, ("the loss became %s"):format(self.bad_loss)) end
    local bad = not reason and epoch.broken(self.net)
    if bad then return ending.diverged(self, bad .. " has become NaN or infinite") end
    local row = not reason and epoch.finish(self)
    if not row then
      self:save()
      held.clear()
      -- What fit needs to go on as if nothing had happened in between, in this process.
      self.stopped = {loader = self.train:state_dict(), generators = checkpoint.generators()}
      return ending.interrupted(self)
    end
    epoch.close(self, row)
    if self.screen then self.screen:epoch(row) end
    if self.hooks.on_epoch and self.hooks.on_epoch(self, row) == false then return ending.result(self, "hook") end
    if ending.is_early(self) then return ending.early(self) end
  end
  return ending.result(self, "finished")
end

-- The lock of the folder, held until it is closed. What another process has done there meanwhile is not written over.
local function locked(self)
  if not self.folder or world.rank() > 0 then return nil end
  if self.hand_made then sys.mkdir_p(self.folder) end
  local taken = self.lock or lock.take(self.folder)
  self.lock = nil
  local _ <close> = lock.on_error(taken)
  local last, log = self:path("last.safetensors"), self:path("log.csv")
  local now = sys.stat(last)
  if self.left then
    if not now or now.mtime ~= self.left.mtime or now.size ~= self.left.size then
      error(("train: %s is not as this training left it: another has gone on in that folder; resume takes up what is "
             .. "there"):format(last), 0)
    end
  elseif not self.taken_up and (now or sys.exists(log)) then
    error(("train: %s holds a training already (%s): resume takes it up, and another folder takes a new one"):format(
          self.folder, now and "last.safetensors" or "log.csv"), 0)
  end
  if self.hand_made then
    self.about = handmade.about(self)
    handmade.begin(self)
  end
  return taken
end

--- Trains until the last epoch; after Ctrl-C, called again, goes on bit for bit as if it had not been stopped. Where
-- net has been changed since (by net:replace, for example), the optimizer follows it first.
-- Returns {stopped = "finished", "early", "hook", "interrupted" or "diverged", epochs =, best = {error =,
-- epoch =}, last = row, log =}.
-- Call: trainer:fit() -> result
-- Units: errors in per cent.
-- Errors: whatever network, loss or data raise; what was trained so far is kept. Before the first step: where an
-- epoch has no batch, or one of a single image that a batch norm of the network refuses; where another process writes
-- the folder, or has done so since.
-- Example:
--   > net = models.mlp()
--   > loader = data.Loader(data.shapes10 {size = 100})
--   > opt = optim.SGD(net:parameters(), {lr = 0.01})
--   > options = {net = net, optimizer = opt, train = loader, epochs = 1}
--   > options.progress = false
--   > trainer = train.Trainer(options)
--   > trainer:fit().last.epoch
--   1
function Trainer:fit()
  if rehearsal.on() then return rehearsal.stand_in end
  local _ <close> = held()
  local _ <close> = locked(self)
  self.optimizer:follow(self.net, self.given)
  self.layer_watch = self.watch_layers and LayerWatch(self) or nil
  self.layers = self.layer_watch and self.layer_watch.layers
  preflight.batches(self.net, self.train, self.accumulate)
  if self.stopped then
    self.train:load_state_dict(self.stopped.loader)
    checkpoint.set_generators(self.stopped.generators)
    self.stopped = nil
  end
  self.optimizer_parameters = {}
  for _, group in ipairs(self.optimizer.groups) do
    table.move(group.params, 1, #group.params, #self.optimizer_parameters + 1, self.optimizer_parameters)
  end
  self.stop_all = nil
  local _ <close> = together.begin(self)
  local ok, outcome = xpcall(run, function(message)
    if self.screen then self.screen:clear() end
    if tostring(message):find "^out of memory" or tostring(message):find "^[^\n]-:%d+: out of memory" then
      message = message .. "\n  a smaller batch_size takes less; so does accumulate = N, which goes through a batch in "
                .. "N parts"
    end
    return message
  end, self)
  if not ok then error(outcome, 0) end
  return outcome
end

return Trainer
