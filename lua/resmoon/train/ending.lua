--- How a training comes to an end, and what is said of it: done, stopped early, interrupted, diverged.
--
-- Each takes the trainer. say writes a line where it has a screen; the others return what fit returns, but is_early and
-- over, which ask.
local text  = require "resmoon.base.text"
local shown = require "resmoon.base.shown"

local ending = {}

function ending.say(self, format, ...)
  if self.screen then self.screen:say(format:format(...)) end
end

function ending.result(self, stopped)
  local rows = self.log.rows
  return shown.mark {stopped = stopped, epochs = #rows, best = self.best, last = rows[#rows], log = self.log}
end

function ending.diverged(self, what)
  local there = self.folder and #self.log.rows > 0 and self:path("last.safetensors")
  ending.say(self, "%s in epoch %d, step %d (rate %g): training stops; a lower rate may help%s", what, self.epoch,
             self.steps + 1, self.optimizer.lr,
             there and (", and %s holds epoch %d"):format(there, self.epoch - 1) or "")
  return ending.result(self, "diverged")
end

-- Whether early stopping has had enough of the epochs so far.
function ending.is_early(self)
  return self.early_stop > 0 and self.best ~= nil and not self.sums and
    self.epoch - 1 - self.best.epoch >= self.early_stop
end

-- "no better error than 5.00% of epoch 3 in 2 epochs"
local function no_better(best, epochs)
  local value = best.error and ("error than %.2f%%"):format(best.error) or ("loss than %.4g"):format(best.loss)
  return ("no better %s of epoch %d in %d epochs"):format(value, best.epoch, epochs)
end

-- Where nothing is left to do: says so, and returns why.
function ending.over(self)
  if self.epoch > self.epochs then
    ending.say(self, "%d of %d epochs are done: nothing is left to train; more epochs would go on", self.epoch - 1,
               self.epochs)
    return "finished"
  elseif ending.is_early(self) then
    local waited = self.epoch - 1 - self.best.epoch
    ending.say(self, "this run has stopped early: %s; --early-stop 0 or one above %d goes on",
               no_better(self.best, waited), waited)
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

function ending.early(self)
  ending.say(self, "%s: training stops", no_better(self.best, self.early_stop))
  return ending.result(self, "early")
end

function ending.interrupted(self)
  local how = self.folder and " and saved; to go on: " .. way_on(self) or ""
  ending.say(self, "stopped in epoch %d, step %d%s", self.epoch, self.steps, self.screen and self.screen.go_on or how)
  return ending.result(self, "interrupted")
end

return ending
