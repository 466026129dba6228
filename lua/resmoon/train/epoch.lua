--- One epoch of the training loop: its steps, its evaluations, and what is written when it is over.
local checkpoint = require "resmoon.runs.checkpoint"
local evaluation = require "resmoon.train.evaluate"
local held       = require "resmoon.base.held"
local Log        = require "resmoon.runs.log"
local step       = require "resmoon.train.step"
local together   = require "resmoon.train.together"
local core       = require "resmoon.core"
local sys, world = core.sys, core.world

local epoch = {}

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
function epoch.train(self)
  self.sums = self.sums or {loss = 0, wrong = 0, count = 0, seconds = 0}
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
function epoch.broken(net)
  local state = net:state_dict()
  for _, name in ipairs(state) do
    if state[name].dtype == "float32" then
      local zero = (state[name] * 0):sum():item()   -- NaN where one of them is no finite number
      if zero ~= zero then return name end
    end
  end
end

-- The row of the epoch, with the evaluations; nil if Ctrl-C came.
function epoch.finish(self)
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
function epoch.close(self, row)
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

return epoch
