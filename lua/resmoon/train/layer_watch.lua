--- Watches the layers during training: one step of an epoch is looked at (metrics/signals.lua), and kept in layers.csv.
--
-- It is the last step of an epoch, and the first one of all, which counts as epoch 0. Where an epoch has less than 16
-- steps, only so many epochs are looked at that there are 16 steps between two, and the last one: a step that is
-- watched takes up to a fifth longer.
local class   = require "resmoon.base.class"
local core    = require "resmoon.core"
local Layers  = require "resmoon.runs.layers"
local Signals = require "resmoon.metrics.signals"

local LayerWatch = class("LayerWatch")

local BETWEEN = 16

--- For a trainer at the beginning of its fit. What a run that is taken up has of earlier epochs, stays.
-- Errors: raises where layers.csv is damaged.
function LayerWatch:init(trainer)
  self.trainer, self.file = trainer, trainer:path "layers.csv"
  self.every = math.max(1, (BETWEEN + #trainer.train - 1) // #trainer.train)
  self.layers = self.file and trainer.steps > 0 and core.sys.exists(self.file) and Layers.read(self.file) or Layers()
  self.layers:cut(trainer.steps > 0 and trainer.epoch - 1 or -1)
end

-- The epochs that the step which begins now stands for.
local function stands_for(self)
  local t, list = self.trainer, {}
  if t.steps == 0 then list[1] = 0 end
  local last = t.train:state_dict().step == #t.train
  if last and (t.epoch % self.every == 0 or t.epoch == t.epochs) then list[#list + 1] = t.epoch end
  return list
end

--- Calls f(...), which makes a step, and looks at it if it is one of those. Returns what f does.
function LayerWatch:step(f, ...)
  local epochs = stands_for(self)
  if #epochs == 0 then return f(...) end
  local signals <close> = Signals.watch(self.trainer.net)
  local loss, value = f(...)
  if not loss then return loss, value end   -- no such step was made
  local rows = signals:rows()
  for _, epoch in ipairs(epochs) do self.layers:add(epoch, rows) end
  if self.file then self.layers:write(self.file) end
  return loss, value
end

return LayerWatch
