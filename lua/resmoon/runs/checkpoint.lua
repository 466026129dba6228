--- Checkpoints: all that a run is, in one safetensors file.
--
-- The network's tensors keep their names, so that other programs find the weights; those of the
-- optimizer are "optimizer.NAME.I", averages of weights "ema.NAME". Everything else is JSON under the
-- metadata key "resmoon": config, epoch and step, partial sums of the epoch, states of optimizer,
-- schedule, loader and generators. Nothing in the file is ever run as code.
--
-- Call: train.checkpoint
-- Errors: name the file and what is wrong with it.
-- Example:
--   > train.checkpoint.save("c.safetensors", models.mlp())
--   > train.checkpoint.load("c.safetensors").net["fc1.bias"].shape
--   {512}
local check = require "resmoon.base.check"
local library = require "resmoon.base.library"
local core = require "resmoon.core"
local json = require "resmoon.base.json"
local object = require "resmoon.base.object"
local shown = require "resmoon.base.shown"

local checkpoint = {}

-- A network, an optimizer, or anything else that has a state.
check.kind("stateful", "a module or an optimizer", function(v)
  if check.is(v, "module") or check.is(v, "optimizer") then return true end
  return type(v) == "table" and check.is(v.state_dict, "callable")
end)

local VERSION = 1
local PREFIX = "optimizer."
local EMA = "ema."
local streams = {"init", "shuffle", "augment", "dropout"}

--- States of the four generators of random numbers, and putting them back.
-- Call: train.checkpoint.generators() -> table
-- Call: train.checkpoint.set_generators(states) -> nothing
-- Errors: raises for a state that lacks a number.
-- Example:
--   > states = train.checkpoint.generators()
--   > a = rm.rand(1):item()
--   > train.checkpoint.set_generators(states)
--   > a == rm.rand(1):item()
--   true
function checkpoint.generators()
  local states = {}
  for _, name in ipairs(streams) do states[name] = core.random[name]:get_state() end
  return shown.mark(states)
end

function checkpoint.set_generators(states)
  checkpoint.check_generators(states)
  for _, name in ipairs(streams) do core.random[name]:set_state(states[name]) end
end

--- Raises unless there is a whole state of each generator.
-- Call: train.checkpoint.check_generators(states) -> nothing
-- Errors: that one, with what is missing.
-- Example:
--   > train.checkpoint.check_generators(train.checkpoint.generators())
function checkpoint.check_generators(states)
  for _, name in ipairs(streams) do
    local state = type(states) == "table" and states[name]
    for _, field in ipairs {"seed", "stream", "position"} do
      if type(state) ~= "table" or math.type(state[field]) ~= "integer" then
        error(("the generator '%s' has no %s"):format(name, type(state) == "table" and field or "state"), 0)
      end
    end
  end
end

--- Writes net, optimizer (or nil), a plain table `state` and an average of the weights (optim.EMA, or nil). The file is
-- replaced as a whole.
-- Call: train.checkpoint.save(path, net, optimizer = nil, {state}, ema = nil) -> nothing
-- Shapes: those of the network's and the optimizer's tensors.
-- Errors: raises for a file that cannot be written, or a state that has no form in JSON.
-- Example:
--   > train.checkpoint.save("d.safetensors", models.mlp(), nil, {epoch = 3})
--   > train.checkpoint.load("d.safetensors").state.epoch
--   3
function checkpoint.save(path, net, optimizer, state, ema)
  check("train.checkpoint.save(path: string, net: stateful, optimizer: stateful?, state: table?)", path, net, optimizer,
        state)
  local list, weights = {}, net:state_dict()
  for i, name in ipairs(weights) do
    if type(name) == "table" then name = name[1] end
    list[i] = {name, weights[name]}
  end
  local numbers
  if optimizer then
    local saved = optimizer:state_dict()
    local names = {}
    for name in pairs(saved.tensors) do names[#names + 1] = name end
    table.sort(names)
    for _, name in ipairs(names) do list[#list + 1] = {PREFIX .. name, saved.tensors[name]} end
    numbers = {optimizer = saved.optimizer, numbers = saved.numbers}
  end
  local averaged
  if ema then
    local saved, names = ema:state_dict(), {}
    for name in pairs(saved.tensors) do names[#names + 1] = name end
    table.sort(names)
    for _, name in ipairs(names) do list[#list + 1] = {EMA .. name, saved.tensors[name]} end
    averaged = saved.numbers
  end
  local about = {version = VERSION, optimizer = numbers, ema = averaged}
  for key, value in pairs(state or {}) do about[key] = value end
  core.save(path, list, {format = "pt", resmoon = json.encode(about)})
end

--- Reads a checkpoint: {net = {name = tensor}, optimizer = state or nil, ema = state or nil, state = table}.
-- A foreign file of weights has an empty state.
-- Errors: raises where the file is damaged or of a later version.
-- Call: train.checkpoint.load(path) -> {net =, optimizer =, ema =, state =}
-- Shapes: as they were saved.
-- Example:
--   > rm.save("e.safetensors", {w = rm.ones(2)})
--   > train.checkpoint.load("e.safetensors").net.w
--   [1., 1.]  float32 (2)
function checkpoint.load(path)
  check("train.checkpoint.load(path: string)", path)
  local tensors, meta = core.load(path)
  local about, reason = {}, nil
  if meta.resmoon then about, reason = object.of(meta.resmoon) end
  if not about then error(("%s: what it says of itself is damaged: %s"):format(path, reason), 0) end
  local version = about.version
  if version ~= nil and not (math.type(version) == "integer" and version >= 1 and version <= VERSION) then
    error(("%s: checkpoint version %s, but this program knows %d"):format(path, tostring(about.version), VERSION), 0)
  end
  local net, states, averages = {}, {}, {}
  local averaged = type(about.ema) == "table"   -- else a network may have a part of that name
  for name, tensor in pairs(tensors) do
    if name:sub(1, #PREFIX) == PREFIX then states[name:sub(#PREFIX + 1)] = tensor
    elseif averaged and name:sub(1, #EMA) == EMA then averages[name:sub(#EMA + 1)] = tensor
    else net[name] = tensor end
  end
  local optimizer = type(about.optimizer) == "table" and
    {optimizer = about.optimizer.optimizer, numbers = about.optimizer.numbers, tensors = states}
  return shown.mark {net = net, optimizer = optimizer, state = about,
                     ema = averaged and {numbers = about.ema, tensors = averages} or nil}
end

return library("train.checkpoint", checkpoint)
