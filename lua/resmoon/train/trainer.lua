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
local mixing     = require "resmoon.data.mixing"
local evaluation = require "resmoon.train.evaluate"
local fail       = require "resmoon.base.fail"
local handmade   = require "resmoon.train.handmade"
local held       = require "resmoon.base.held"
local LayerWatch = require "resmoon.train.layer_watch"
local lock       = require "resmoon.runs.lock"
local Log        = require "resmoon.runs.log"
local momentum   = require "resmoon.optim.momentum"
local optim      = require "resmoon.optim"
local options_of = require "resmoon.base.options"
local preflight  = require "resmoon.train.preflight"
local Progress   = require "resmoon.train.progress"
local rehearsal  = require "resmoon.base.rehearsal"
local restore    = require "resmoon.train.restore"
local text       = require "resmoon.base.text"
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

local function no_sums() return {loss = 0, wrong = 0, count = 0, seconds = 0} end

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

-- --- one epoch ----------------------------------------------------------------------

-- What the auxiliary heads of a network count in its loss (Szegedy et al. 2015, section 5).
local AUXILIARY = 0.3

-- The loss of all that the network returned: its scores, then those of auxiliary heads, if it has any. mix: of mixed
-- images (data.mixup), the other labels and the share of these.
local function loss_of(self, labels, mix, scores, ...)
  local heads = table.pack(...)
  local loss = mixing.mixed_loss(function(these)
    local sum = self.loss(scores, these)
    for i = 1, heads.n do sum = sum + AUXILIARY * self.loss(heads[i], these) end
    return sum
  end, labels, mix)
  return loss, scores
end

-- Gradients of the mean loss over the batch, from parts of it that differ by at most one image: memory for
-- one part is enough. (Batch norm takes its statistics from each part.) Returns the loss and how many images
-- were wrong (false where that means nothing: of mixed images, and of a regression), or nil and the loss if that is no
-- finite number.
local function backward_in_parts(self, x, y, mix)
  local _ <close> = together.unshared
  local n = y.shape[1]
  local parts, value, wrong = math.min(self.accumulate, n), 0, 0
  for i = 1, parts do
    local from, to = (i - 1) * n // parts, i * n // parts
    local images, labels, share, other = x, y, 1, mix
    if parts > 1 then
      other = mix and {labels = mix.labels:narrow(1, from + 1, to - from), share = mix.share}
      images, labels, share = x:narrow(1, from + 1, to - from), y:narrow(1, from + 1, to - from), (to - from) / n
    end
    local shared = self.train.parted and self.train.share ~= nil
    world.share(shared)
    local loss, logits = loss_of(self, labels, other, self.net(images))
    local part = loss:item()
    local wrongly = not mix and labels.dtype == "int64" and evaluation.wrong(logits, labels)
    if world.size() > 1 then
      local stop
      part, wrongly, stop = together.agree(shared, part, wrongly)
      self.stop_all = self.stop_all or stop
      if shared then loss = loss * (1 / world.size()) end
    end
    if part ~= part or math.abs(part) == math.huge then return nil, part end
    if parts > 1 then loss = loss * share end
    loss:backward()
    value = value + share * part
    wrong = wrong and wrongly and wrong + wrongly
  end
  return value, wrong
end

-- Weight restriction: biases and batch norms have no rows, and stay.
local function restrict(self)
  for _, p in ipairs(self.optimizer_parameters) do
    if p.grad and #p.shape >= 2 then optim.max_norm(p, self.max_norm) end
  end
end

-- One step. Returns the loss, or nil and what it was if that is no finite number; then nothing
-- of the step has reached the weights.
local function step(self, x, y, mix)
  self.optimizer:zero_grad()
  local value, wrong = backward_in_parts(self, x, y, mix)
  if not value then return nil, wrong end
  if self.clip > 0 then optim.clip_grad_norm(self.optimizer_parameters, self.clip) end
  self.lr, self.momentum = self.optimizer.lr, momentum(self.optimizer)
  if not (self.lr >= 0 and self.lr < math.huge) then
    error(("train: the learning rate of step %d is %s, expected a number from 0: look at the schedule"):format(
          self.steps + 1, self.lr), 0)
  end
  self.optimizer:step()
  if self.max_norm > 0 then restrict(self) end
  if self.ema then self.ema:update() end
  if self.schedule and self.schedule_unit == "step" then self.schedule:step() end
  self.steps = self.steps + 1
  local sums, n = self.sums, y.shape[1]
  if self.train.share and self.train.parted then n = n * world.size() end
  sums.loss, sums.count = sums.loss + n * value, sums.count + n
  sums.wrong = sums.wrong and wrong and sums.wrong + wrong or nil
  return value
end

-- Seconds to the end of the run, by what it took so far.
local function time_left(self, at, steps, began)
  local rows = self.log.rows
  local per_epoch = #rows > 0 and rows[#rows].seconds or (sys.clock() - began) * steps / math.max(at, 1)
  return per_epoch * (self.epochs - self.epoch + 1 - at / steps)
end

local function show(self, steps, began, value)
  local sums, at = self.sums, self.train:state_dict().step
  self.screen:step({
    epoch = self.epoch, step = at, steps = steps, lr = self.lr, loss = sums.loss / sums.count,
    error = sums.wrong and 100 * sums.wrong / sums.count, rate = sums.count / (sums.seconds + sys.clock() - began),
    left = time_left(self, at, steps, began), value = value,
  })
end

-- Trains through the epoch, or what is left of it. Returns nil, or why it ended early.
local function train_epoch(self)
  self.sums = self.sums or no_sums()
  self.net:train()
  local steps, began, reason = #self.train, sys.clock(), nil
  for x, y, mix in self.train:epoch(self.epoch) do
    local loss, value
    if self.layer_watch then loss, value = self.layer_watch:step(step, self, x, y, mix)
    else loss, value = step(self, x, y, mix) end
    if not loss then
      self.bad_loss = value
      reason = "diverged"
      break
    end
    if self.hooks.on_step then self.hooks.on_step(self, loss) end
    if self.screen then show(self, steps, began, loss) end
    if self.stop_all or world.size() == 1 and held.pending() then
      reason = "interrupted"
      break
    end
  end
  self.sums.seconds = self.sums.seconds + sys.clock() - began
  return reason
end

-- The first tensor of the network in which a number is NaN or infinite, or nil.
local function broken(net)
  local state = net:state_dict()
  for _, name in ipairs(state) do
    if state[name].dtype == "float32" then
      local zero = (state[name] * 0):sum():item()   -- NaN where one of them is no finite number
      if zero ~= zero then return name end
    end
  end
end

-- The row of the epoch, with the evaluations; nil if Ctrl-C came.
local function finish_epoch(self)
  local began, sums = sys.clock(), self.sums
  local row = {
    epoch = self.epoch, steps = self.steps, lr = self.lr or self.optimizer.lr, momentum = self.momentum,
    train_loss = sums.loss / sums.count,
    train_error = sums.wrong and 100 * sums.wrong / sums.count, img_per_s = sums.count / math.max(sums.seconds, 1e-9),
  }
  together.settle(self.net)
  local function evaluate(prefix, loader, names)
    local measured = not loader or evaluation.evaluate(self.net, loader, {stop = held.pending, loss = self.loss,
                                                                          together = true})
    for _, what in ipairs(loader and measured and names or {}) do row[prefix .. "_" .. what] = measured[what] end
    return measured
  end
  local function both(suffix, ...)
    return evaluate("val" .. suffix, self.validation, {...}) and evaluate("test" .. suffix, self.test, {...})
  end
  if not both("", "loss", "error", "top3", "top5") then return nil end
  if self.ema and not self.ema:apply(both, "_ema", "loss", "error") then return nil end
  row.seconds = sums.seconds + sys.clock() - began
  row.hash = self.net:hash()
  return row
end

-- best.safetensors: the weights that were measured, the averaged ones where there are any.
local function save_best(self, averaged)
  local function save()
    local state = self:state()
    state.averaged = averaged
    checkpoint.save(self:path("best.safetensors"), self.net, nil, state)
  end
  if averaged then self.ema:apply(save) else save() end
end

-- Log, schedule, checkpoints. The log comes first: of a row too many, resume takes care.
local function close_epoch(self, row)
  self.log:add(row)
  if self.schedule and self.schedule_unit == "epoch" then self.schedule:step(row.val_loss or row.train_loss) end
  self.epoch, self.sums = self.epoch + 1, nil
  local value, what = Log.deciding(row)
  local better = value == value and (not self.best or value < self.best[what])   -- NaN is never the best
  -- Whether the averaged weights are what was measured: without images to evaluate on, the training error decides.
  local averaged = self.ema and (row.val_ema_loss or row.test_ema_loss) and true or nil
  if better then self.best = {[what] = value, epoch = row.epoch, averaged = averaged} end
  if self.folder and world.rank() == 0 then
    self.log:write(self:path("log.csv"))
    if better then save_best(self, averaged) end
    if self.keep_every > 0 and row.epoch % self.keep_every == 0 then
      checkpoint.save(self:path(("epoch_%03d.safetensors"):format(row.epoch)), self.net, nil, self:state())
    end
    self:save()
  end
end

-- --- all of it ----------------------------------------------------------------------

local function say(self, format, ...)
  if self.screen then self.screen:say(format:format(...)) end
end

local function result(self, stopped)
  local rows = self.log.rows
  return shown.mark {stopped = stopped, epochs = #rows, best = self.best, last = rows[#rows], log = self.log}
end

local function diverged(self, what)
  local there = self.folder and #self.log.rows > 0 and self:path("last.safetensors")
  say(self, "%s in epoch %d, step %d (rate %g): training stops; a lower rate may help%s", what, self.epoch,
      self.steps + 1, self.optimizer.lr,
      there and (", and %s holds epoch %d"):format(there, self.epoch - 1) or "")
  return result(self, "diverged")
end

-- Whether early stopping has had enough of the epochs so far.
local function stops_early(self)
  return self.early_stop > 0 and self.best ~= nil and not self.sums and
    self.epoch - 1 - self.best.epoch >= self.early_stop
end

-- "no better error than 5.00% of epoch 3 in 2 epochs"
local function no_better(best, epochs)
  local value = best.error and ("error than %.2f%%"):format(best.error) or ("loss than %.4g"):format(best.loss)
  return ("no better %s of epoch %d in %d epochs"):format(value, best.epoch, epochs)
end

-- Where nothing is left to do: says so, and returns why.
local function over(self)
  if self.epoch > self.epochs then
    say(self, "%d of %d epochs are done: nothing is left to train; more epochs would go on", self.epoch - 1,
        self.epochs)
    return "finished"
  elseif stops_early(self) then
    local waited = self.epoch - 1 - self.best.epoch
    say(self, "this run has stopped early: %s; --early-stop 0 or one above %d goes on", no_better(self.best, waited),
        waited)
    return "early"
  end
end

-- What takes the run up again.
local function way_on(self)
  if self.hand_made then return "the same script with resume = true in train.Trainer" end
  local own = self.about.config and self.about.config.own
  return ("resmoon train --run %s --resume%s"):format(text.shell(self.folder), own and own.by == "given" and
    (" --model FILE.lua:NAME, or here train.resume(%q, {model = net})"):format(self.folder) or "")
end

local function run(self)
  for _, note in ipairs(self.notes or {}) do say(self, "%s", note) end
  self.notes = nil
  local already = over(self)
  if already then return result(self, already) end
  if self.folder and not self.left then self:save() end   -- whatever ends the first epoch, resume has where to begin
  while self.epoch <= self.epochs do
    local reason = train_epoch(self)
    if reason == "diverged" then return diverged(self, ("the loss became %s"):format(self.bad_loss)) end
    local bad = not reason and broken(self.net)
    if bad then return diverged(self, bad .. " has become NaN or infinite") end
    local row = not reason and finish_epoch(self)
    if not row then
      self:save()
      held.clear()
      -- What fit needs to go on as if nothing had happened in between, in this process.
      self.stopped = {loader = self.train:state_dict(), generators = checkpoint.generators()}
      local how = self.folder and " and saved; to go on: " .. way_on(self) or ""
      say(self, "stopped in epoch %d, step %d%s", self.epoch, self.steps, self.screen and self.screen.go_on or how)
      return result(self, "interrupted")
    end
    close_epoch(self, row)
    if self.screen then self.screen:epoch(row) end
    if self.hooks.on_epoch and self.hooks.on_epoch(self, row) == false then return result(self, "hook") end
    if stops_early(self) then
      say(self, "%s: training stops", no_better(self.best, self.early_stop))
      return result(self, "early")
    end
  end
  return result(self, "finished")
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
