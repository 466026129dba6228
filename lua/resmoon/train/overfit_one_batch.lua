--- Can the network learn one batch by heart? The first test of a new network or training loop.
local checkpoint = require "resmoon.runs.checkpoint"
local fail   = require "resmoon.base.fail"
local is     = require "resmoon.base.is"
local Module = require "resmoon.nn.module"
local nan_guard = require "resmoon.nn.nan_guard"
local optim  = require "resmoon.optim"
local options_of = require "resmoon.base.options"
local shown      = require "resmoon.base.shown"

local Report = {__name = "Overfit"}

function Report:__tostring()
  local n = #self.losses
  local text = ("overfit_one_batch: %s on %d examples: %s: %s"):format(self.name, self.size,
    n == 0 and "no step could be made" or
    ("loss %.4g -> %.4g in %d step%s"):format(self.losses[1], self.losses[n], n, n == 1 and "" or "s"),
    self.ok and "it learns" or "it does NOT learn them by heart")
  for _, hint in ipairs(self.hints) do text = text .. "\n  hint: " .. hint end
  return text
end

-- One batch: of a list {x, y} as it is, of a Loader or Dataset the first images. Bytes become (x - 128) / 64.
local function batch_of(data, size)
  local x, y
  if type(data) == "table" and is.tensor(data[1]) then
    x, y = data[1], data[2]
  elseif type(data) == "table" and type(data.epoch) == "function" then
    local following, state, first, closing = data:epoch(1)
    local _ <close> = closing
    x, y = following(state, first)
  elseif type(data) == "table" and type(data.batch) == "function" then
    x, y = data:batch(size)
  end
  if not (is.tensor(x) and is.tensor(y)) then
    fail("overfit_one_batch: argument 2 is %k, expected a data set, a Loader or a list {x, y} of tensors", data)
  end
  if x.shape[1] > size then x, y = x:narrow(1, 1, size), y:narrow(1, 1, size) end
  if x.dtype == "uint8" then x = (x:float() - 128) / 64 end
  return x, y
end

local function listed(names)
  return table.concat(names, ", ", 1, math.min(4, #names)) .. (#names > 4 and (" and %d more"):format(#names - 4) or "")
end

-- What the gradients say after a backward: names of parameters that got none, or nothing but zeros.
local function looked_at(net)
  local none, zero = {}, {}
  for name, p in net:named_parameters() do
    if p.requires_grad and not p.grad then none[#none + 1] = name
    elseif p.grad and p.grad:abs():max():item() == 0 then zero[#zero + 1] = name end
  end
  return {none = none, zero = zero}
end

-- Names what made the loss no number: one more step under nan_guard.
local function culprit(net, x, y, loss_of)
  local guard <close> = nan_guard(net)
  local ok, message = pcall(function() loss_of(net(x), y):backward() end)
  return not ok and tostring(message):match "nan_guard: (.*)" or ("no layer of %s: look at the loss function")
    :format(Module.label(guard.net))
end

local function hints(report, net, seen, o)
  local list, losses = {}, report.losses
  local first, last = losses[1], losses[#losses]
  local function add(...) list[#list + 1] = string.format(...) end
  if report.stopped then add("the loss became %s in step %d: %s", report.stopped, #losses + 1, report.culprit) end
  local total, frozen = 0, 0
  for _, p in net:named_parameters() do total, frozen = total + 1, frozen + (p.requires_grad and 0 or 1) end
  if total == 0 then add("%s has no parameters", Module.label(net)) end
  if frozen > 0 then add("%d of %d parameters are frozen (requires_grad = false)", frozen, total) end
  if seen then
    if #seen.none > 0 then
      add("no gradient reaches %s: forward does not use them, or cuts the way (detach, no_grad)", listed(seen.none))
    end
    if #seen.zero > 0 then
      add("the gradient of %s is exactly zero: dead relus, or a factor 0 behind them", listed(seen.zero))
    end
  end
  if report.ok or report.stopped or not first then return list end
  if last > 1.5 * first then
    add("the loss grows: the rate %g is too high; try lr = %g", o.lr, o.lr / 10)
  elseif last < 0.7 * first then
    add("the loss falls, but not yet to %g: more steps (steps = %d), or another rate than %g", o.target, 4 * o.steps,
      o.lr)
  elseif #list == 0 then
    add("the loss hardly moves: try lr = %g and lr = %g; are labels and images in the same order?", o.lr * 10,
      o.lr / 10)
  end
  return list
end

--- Trains a network on one batch and reports whether the loss goes to about zero, with hints if not.
--
-- A network that cannot learn 32 examples by heart has a mistake in it: a layer that is not connected, a loss that does
-- not see the labels, a rate far off. Adam makes the steps. Afterwards weights, running statistics and generators are
-- what they were, unless keep is true.
--
-- Call: overfit_one_batch(net, data, {size = 32, steps = 100, lr = 0.01, target = 0.05, loss = nil,
--       keep = false}) -> report
-- Shapes: data: a data set, a Loader, or {x, y} as net and loss take them; bytes become (x - 128) / 64.
-- Options: size    examples      steps   at most so many
--          lr      the rate      target  the loss that is enough
--          loss    function(result, y) -> scalar tensor; cross-entropy by itself
--          keep    true: what was learnt stays
-- Returns: {ok =, losses = list, hints = list}; printed, a sentence and the hints.
-- Errors: raises for what is not a network, data or option.
-- Example:
--   > net = nn.Sequential {nn.Flatten(), nn.Linear(12, 3)}
--   > x, y = rm.randn(4, 3, 2, 2), rm.tensor({1, 2, 3, 1}, "int64")
--   > overfit_one_batch(net, {x, y}, {lr = 0.1}).ok
--   true
local function overfit_one_batch(net, data, options)
  if not Module.is_module(net) then fail("overfit_one_batch: argument 1 is %k, expected a module", net) end
  local given = options_of("overfit_one_batch", options, {"size", "steps", "lr", "target", "loss", "keep"})
  local o = {size = given.size or 32, steps = given.steps or 100, lr = given.lr or 0.01, target = given.target or 0.05}
  for name, value in pairs(o) do
    if type(value) ~= "number" or value ~= value or value <= 0 then
      fail("overfit_one_batch: %s is %s, expected a number above 0", name, value)
    end
  end
  local loss_of = given.loss or function(result, y) return result:cross_entropy(y) end
  local x, y = batch_of(data, math.tointeger(o.size) or 32)
  local report = setmetatable({ok = false, losses = {}, size = x.shape[1], name = Module.label(net)}, Report)
  local before = net:state_dict()
  for _, name in ipairs(before) do before[name] = before[name]:clone() end
  local generators = checkpoint.generators()
  local training, grads = {}, {}
  for _, module in net:named_modules() do training[#training + 1] = {module, module.training} end
  for _, p in net:named_parameters() do grads[#grads + 1] = {p, p.grad} end
  local _ <close> = setmetatable({}, {__close = function()
    for _, was in ipairs(training) do
      if type(was[1]) == "table" then rawset(was[1], "training", was[2]) else was[1]:train(was[2]) end
    end
    for _, was in ipairs(grads) do was[1].grad = was[2] end
    if given.keep then return end
    net:load_state_dict(before)
    checkpoint.set_generators(generators)
  end})
  net:train()
  local trainable = {}
  for _, p in net:named_parameters() do if p.requires_grad then trainable[#trainable + 1] = p end end
  local opt = #trainable > 0 and optim.Adam(trainable, {lr = o.lr})
  local seen
  for step = 1, opt and o.steps or 0 do
    opt:zero_grad()
    local loss = loss_of(net(x), y)
    local value = loss:item()
    if value ~= value or math.abs(value) == math.huge then
      report.stopped, report.culprit = value ~= value and "nan" or "inf", culprit(net, x, y, loss_of)
      break
    end
    report.losses[step] = value
    if value <= o.target then
      report.ok = true
      break
    end
    if not loss.requires_grad then fail("overfit_one_batch: the loss does not depend on the parameters") end
    loss:backward()
    seen = seen or looked_at(net)
    opt:step()
  end
  report.hints = hints(report, net, seen, o)
  return shown.fields(report)
end

return overfit_one_batch
