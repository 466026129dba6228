--- An exponential moving average of a network's weights, kept beside them while they are trained.
--
--     average = decay * average + (1 - decay) * weight         after each step of the optimizer
--
-- The first update copies, as PyTorch 1.13's AveragedModel does. With warmup the decay of update n (from 0) is at most
-- (1 + n) / (10 + n), so that a short training forgets its first weights, too (TensorFlow's ExponentialMovingAverage
-- with num_updates). Buffers that are floats, such as the statistics of batch norms, are averaged like weights, as in
-- timm's ModelEma and torchvision's reference training; with use_buffers = false they are copied from the network.
-- Buffers of other types are always copied.
-- Source: Polyak and Juditsky 1992; Tarvainen and Valpola 2017, arXiv:1703.01780, section 2.
--
-- Call: optim.EMA(net, {decay = 0.999, warmup = false, use_buffers = true}) -> ema
-- Call: ema:update() -> nothing
-- Call: ema:swap() -> nothing
-- Call: ema:apply(f, ...) -> what f returns
-- Shapes: each average as its weight; in float32.
-- Options: decay        from 0 to below 1
--  warmup       the decay climbs to its value
--  use_buffers  true: float buffers are averaged; false: copied
-- Errors: raises for what is no network, an unknown option and a decay that is none; swap and apply, before the first
--  update. update takes the weights as they are; swap exchanges network and average, and a second swap puts both back
--  to the same bits; apply calls f between two swaps, also where f raises.
-- Example:
--   > net = nn.Linear(1, 1, {bias = false})
--   > net.weight = rm.tensor({{1}}, {requires_grad = true})
--   > ema = optim.EMA(net, {decay = 0.5})
--   > ema:update()
--   > rm.no_grad(function() net.weight:fill_(3) end)
--   > ema:update()
--   > ema:apply(function() return net.weight:item() end), net.weight:item()
--   2.0  3.0
local core  = require "resmoon.core"
local class = require "resmoon.base.class"
local check = require "resmoon.base.check"
local fail  = require "resmoon.base.fail"
local kind  = require "resmoon.nn.kind"
local options_of = require "resmoon.base.options"

local EMA = class("EMA")

function EMA:init(net, options)
  options = options_of("optim.EMA", options, {decay = "number", warmup = "boolean", use_buffers = "boolean"})
  if not kind.is_module(net) then fail("optim.EMA: expected a module or layer, got %k", net) end
  self.net, self.decay = net, options.decay or 0.999
  self.warmup, self.use_buffers = options.warmup or false, options.use_buffers ~= false
  if not (self.decay >= 0 and self.decay < 1) then
    fail("optim.EMA: decay is %s, expected a number from 0 to below 1", self.decay)
  end
  self.updates = 0
  self.averages = {}   -- name -> tensor
  self.keys = {}       -- name -> tensor_key of what it is the average of
end

-- Parameters and buffers by name, and whether each is averaged.
local function each_tensor(self)
  local list = {}
  for name, p in self.net:named_parameters() do list[#list + 1] = {name, p, true} end
  for name, b in self.net:named_buffers() do
    list[#list + 1] = {name, b, self.use_buffers and b.dtype == "float32"}
  end
  return list
end

function EMA:update()
  local n = self.updates
  local decay = self.warmup and math.min(self.decay, (1 + n) / (10 + n)) or self.decay
  local list, there = each_tensor(self), {}
  local fresh, keys, moved = {}, {}, {}   -- put in their places when nothing can fail any more
  core.no_grad(function()
    for _, each in ipairs(list) do
      local name, now = each[1], each[2]:detach()
      local average, key = self.averages[name], core.tensor_key(each[2])
      there[name] = true
      if not average or self.keys[name] ~= key then   -- the first time, or another layer is in its place
        fresh[name], keys[name] = now:clone(), key
      elseif each[3] and n > 0 then
        moved[#moved + 1] = {average, (average * decay):add_(now * (1 - decay))}
      else
        moved[#moved + 1] = {average, now}
      end
    end
    core.copy_all(moved)
  end)
  for name, average in pairs(fresh) do self.averages[name], self.keys[name] = average, keys[name] end
  for name in pairs(self.averages) do
    if not there[name] then self.averages[name], self.keys[name] = nil, nil end
  end
  self.updates = n + 1
end

function EMA:swap()
  local list = each_tensor(self)
  for _, each in ipairs(list) do
    local average = self.averages[each[1]]
    if not average then
      fail("optim.EMA: there is no average of %s: update comes first, after each step", each[1])
    end
    if table.concat(average.shape, ",") ~= table.concat(each[2].shape, ",") then
      fail("optim.EMA: %s is (%s) now, its average (%s): the network was changed since the last update", each[1],
           table.concat(each[2].shape, ", "), table.concat(average.shape, ", "))
    end
  end
  core.no_grad(function()
    local copies = {}
    for _, each in ipairs(list) do
      local average, tensor = self.averages[each[1]], each[2]
      copies[#copies + 1] = {average, tensor:detach():clone()}
      copies[#copies + 1] = {tensor, average:detach():clone()}
    end
    core.copy_all(copies)
  end)
end

function EMA:apply(f, ...)
  check("EMA.apply(f: callable)", f)
  self:swap()
  local results = table.pack(pcall(f, ...))
  self:swap()
  if not results[1] then error(results[2], 0) end
  return table.unpack(results, 2, results.n)
end

--- All that a resumed run needs: {tensors = {name = average}, numbers = {updates =}}; the tensors share memory.
-- Call: ema:state_dict() -> table
-- Call: ema:load_state_dict(state) -> nothing
-- Call: ema:prepare_state_dict(state) -> function
-- Shapes: each average as its weight.
-- Errors: raises, before anything changes, where a tensor is missing, left over or of another shape. prepare_state_dict
--  looks at a state, and returns the function that takes it over.
-- Example:
--   > ema = optim.EMA(models.mlp())
--   > ema:update()
--   > ema:state_dict().numbers.updates
--   1
function EMA:state_dict()
  local tensors = {}
  for name, average in pairs(self.averages) do tensors[name] = average end
  return {tensors = tensors, numbers = {updates = self.updates}}
end

function EMA:prepare_state_dict(state)
  if type(state) ~= "table" or type(state.tensors) ~= "table" or type(state.numbers) ~= "table"
     or math.type(state.numbers.updates) ~= "integer" or state.numbers.updates < 0 then
    fail("optim.EMA: load_state_dict: expected what state_dict gave, got %k without it", state)
  end
  local averages, keys, known = {}, {}, {}
  if state.numbers.updates > 0 then
    for _, each in ipairs(each_tensor(self)) do
      local name, given = each[1], state.tensors[each[1]]
      known[name] = true
      if not given then fail("optim.EMA: the state lacks the average of %s", name) end
      local own = each[2]:detach():clone()
      if table.concat(own.shape, ",") ~= table.concat(given.shape, ",") or own.dtype ~= given.dtype then
        fail("optim.EMA: the average of %s is %s (%s), expected %s (%s)", name, given.dtype,
             table.concat(given.shape, ", "), own.dtype, table.concat(own.shape, ", "))
      end
      averages[name], keys[name] = own:copy_(given), core.tensor_key(each[2])
    end
  end
  for name in pairs(state.tensors) do
    if not known[name] then fail("optim.EMA: the state has an average of %s, which the network has not", name) end
  end
  return function() self.updates, self.averages, self.keys = state.numbers.updates, averages, keys end
end

function EMA:load_state_dict(state) self:prepare_state_dict(state)() end

function EMA:__tostring()
  return ("EMA(decay = %g%s), %d updates"):format(self.decay, self.warmup and ", warmup" or "", self.updates)
end

return EMA
