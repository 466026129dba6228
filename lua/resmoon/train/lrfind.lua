--- The learning-rate finder: one pass with a rate that grows from step to step.
--
--     found = train.lrfind(net, optimizer, loader, {from = 1e-5, to = 1, steps = 100})
--     plot.lrfind(found)
--
-- The suggestion lies between the rate where the loss is lowest and the one from which on it is lost; rate_curve.lua
-- says how they are read off a noisy curve. Nothing is left of it: weights, running statistics, gradients, optimizer,
-- generators, and the loader's place are as before.
-- Source: Smith 2017, arXiv:1506.01186, section 3.3; growth and smoothing as in common use (the loss is an
-- exponential average, corrected for its start).
local check      = require "resmoon.base.check"
local core       = require "resmoon.core"
local checkpoint = require "resmoon.runs.checkpoint"
local fail       = require "resmoon.base.fail"
local mixing     = require "resmoon.data.mixing"
local options_of = require "resmoon.base.options"
local rate_curve = require "resmoon.train.rate_curve"
local pcall = require("resmoon.base.catch").pcall
local shown = require "resmoon.base.shown"

local defaults = {from = 1e-6, to = 1, steps = 100, smoothing = 0.9, diverge = 4}

local kinds = {from = "number", to = "number", steps = "number", smoothing = "decay", diverge = "number",
               loss = "function", on_step = "function"}

local function settings(options)
  local o = {}
  for name, value in pairs(defaults) do o[name] = value end
  for name, value in pairs(options_of("lrfind", options, kinds)) do o[name] = value end
  if not (o.from > 0 and o.to > o.from) then
    fail("lrfind: from is %g and to is %g, expected 0 < from < to", o.from, o.to)
  end
  if o.diverge ~= math.huge then check("lrfind(diverge: positive)", o.diverge) end
  if math.type(o.steps) ~= "integer" or o.steps < 10 then fail("lrfind: steps is %s, expected at least 10", o.steps) end
  return o
end

-- Everything a step changes, as it is now; the function it returns puts it back.
local function remember(net, optimizer, loader)
  local weights, grads = net:state_dict(), {}
  local copies = {}
  for _, name in ipairs(weights) do copies[name] = weights[name]:detach():clone() end
  for i, p in ipairs(net:parameters()) do grads[i] = p.grad or false end
  local saved = optimizer:state_dict()
  for name, t in pairs(saved.tensors) do saved.tensors[name] = t:clone() end
  local generators, place, training, lr = checkpoint.generators(), loader:state_dict(), net.training, {}
  for i, group in ipairs(optimizer.groups) do lr[i] = group.lr end
  return function()
    net:load_state_dict(copies)
    optimizer:load_state_dict(saved)
    for i, group in ipairs(optimizer.groups) do group.lr = lr[i] end
    for i, p in ipairs(net:parameters()) do p.grad = grads[i] or nil end
    checkpoint.set_generators(generators)
    loader:load_state_dict(place)
    net:train(training)
  end
end

-- Batches without end.
local function batches(loader)
  local epoch, next_batch = 0, nil
  return function()
    local x, y, mix
    if next_batch then x, y, mix = next_batch() end
    while not x do
      epoch = epoch + 1
      next_batch = loader:epoch(epoch)
      x, y, mix = next_batch()
    end
    return x, y, mix
  end
end

--- Trains `steps` batches while the rate grows from `from` to `to`, then restores everything.
-- net, optimizer, loader: as for a Trainer. options: from (1e-6), to (1), steps (100), smoothing (0.9),
-- diverge (stops where the smoothed loss is so many times the lowest: 4), loss (function(scores, labels)),
-- on_step (function(step, rate, loss)).
-- Returns {lr = rates, loss = losses, smooth = smoothed losses, steepest = rate, lowest = rate, lost = rate above which
-- the loss is higher than at the beginning, or nil, suggestion = rate, fall = how far the loss falls, in standard
-- deviations of a step's, stopped = true if it diverged}.
-- Call: train.lrfind(net, optimizer, loader, {from = 1e-6, to = 1, steps = 100, smoothing = 0.9, diverge = 4}) -> found
-- Shapes: the loader's batches fit the network; lr, loss and smooth are lists of equal length.
-- Errors: raises for an unknown option; whatever network, loss or data raise.
-- Source: Smith 2017, arXiv:1506.01186, section 3.3.
-- Example:
--   > net = models.mlp()
--   > opt = optim.SGD(net:parameters())
--   > loader = data.Loader(data.shapes10 {size = 64}, {batch_size = 16})
--   > found = train.lrfind(net, opt, loader, {steps = 10})
--   > #found.lr
--   10
local function lrfind(net, optimizer, loader, options)
  check("train.lrfind(net: module, optimizer: optimizer, loader: loader)", net, optimizer, loader)
  local o = settings(options)
  local loss_of = o.loss or function(scores, labels) return scores:cross_entropy(labels) end
  local found = {lr = {}, loss = {}, smooth = {}, stopped = false}
  local restore = remember(net, optimizer, loader)
  local ok, message = pcall(function()
    net:train()
    local following, average, lowest = batches(loader), 0, math.huge
    for i = 1, o.steps do
      local rate = o.from * core.math.pow(o.to / o.from, (i - 1) / (o.steps - 1))
      for _, group in ipairs(optimizer.groups) do group.lr = rate end
      local x, y, mix = following()
      optimizer:zero_grad()
      local scores = net(x)
      local loss = mixing.mixed_loss(function(labels) return loss_of(scores, labels) end, y, mix)
      local value = loss:item()
      if value ~= value or math.abs(value) == math.huge then
        found.stopped = true
        break
      end
      average = o.smoothing * average + (1 - o.smoothing) * value
      local smooth = average / (1 - core.math.pow(o.smoothing, i))
      found.lr[i], found.loss[i], found.smooth[i] = rate, value, smooth
      lowest = math.min(lowest, smooth)
      if o.on_step then o.on_step(i, rate, value) end
      if smooth > o.diverge * lowest then
        found.stopped = true
        break
      end
      loss:backward()
      optimizer:step()
    end
  end)
  restore()
  if not ok then error(message, 0) end
  if #found.lr < 3 then
    fail("lrfind: the loss was no finite number after %d steps: begin lower than %g", #found.lr, o.from)
  end
  for name, value in pairs(rate_curve.read(found.lr, found.loss)) do found[name] = value end
  found.smooth = rate_curve.smooth(found.loss)
  return shown.mark(found)
end

return lrfind
