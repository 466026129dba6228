--- One step of the training loop: loss, gradients, weights, schedule, sums of the epoch.
--
-- step(trainer, x, y, mix) returns the loss, or nil and what it was if that is no finite number; then nothing of the
-- step has reached the weights.
local evaluation = require "resmoon.train.evaluate"
local mixing     = require "resmoon.data.mixing"
local momentum   = require "resmoon.optim.momentum"
local optim      = require "resmoon.optim"
local together   = require "resmoon.train.together"
local world      = require("resmoon.core").world

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

return step
