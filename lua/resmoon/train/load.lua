--- The network of a run: train.load("runs/resnet20") or train.load("runs/resnet20/last.safetensors").
-- Of a folder the best checkpoint is taken. Returns net (in eval mode), config, the mean and
-- standard deviation its images are normalized with, and true where the weights are averaged ones (ema). A network of
-- your own is built by the copy of your file that is in the run's folder; where no file holds it, it is given again.
-- Call: train.load(path, {model = nil}) -> net, config, mean, std, averaged
-- Options: model  what builds the network instead: a function, a network of that shape, "FILE.lua:NAME"
-- Shapes: mean and std are lists of C numbers, in units of [0, 1].
-- Errors: raises where there is no run, no finished epoch, or a damaged file; where the checkpoint is of another
-- training than config.json says; where the network cannot be built again, or has other parameters.
-- Example:
--   > settings = {model = "mlp", epochs = 1, train_size = 200, test_size = 50}
--   > train.run(settings, {folder = "runs/mine", progress = false});
--   > net, config = train.load "runs/mine"
--   > config.model, net.training
--   mlp  false
local check      = require "resmoon.base.check"
local checkpoint = require "resmoon.runs.checkpoint"
local core       = require "resmoon.core"
local folder     = require "resmoon.runs.folder"
local network_of = require "resmoon.train.network_of"
local object     = require "resmoon.base.object"
local options_of = require "resmoon.base.options"
local saved_by   = require "resmoon.train.saved_by"
local shown      = require "resmoon.base.shown"

local sys = core.sys

-- The best checkpoint of the run in a folder, and its file.
local function best_checkpoint(path)
  local c = folder.config(path)  -- says if it is not a run
  local file = path .. "/best.safetensors"
  if sys.exists(file) then
    return saved_by(path, file, c), file
  end
  local last = path .. "/last.safetensors"
  if not sys.exists(path .. "/log.csv") then error(path .. " holds no checkpoint yet: no epoch was finished", 0) end
  error(("%s: best.safetensors is missing, though log.csv shows finished epochs%s"):format(path,
        sys.exists(last) and ("; %s holds the network of the last one"):format(last) or ""), 0)
end

-- Raises where what images are normalized with is no list of numbers, or it is not said whether weights are averages.
local function check_state(file, state)
  for name, kind in pairs {mean = "finite[]", std = "positive[]", averaged = "boolean"} do
    local reason = state[name] ~= nil and check.flaw(name, state[name], {kind})
    if reason then error(("%s: %s"):format(file, reason), 0) end
  end
  if (state.mean and #state.mean) ~= (state.std and #state.std) then
    error(("%s: mean and std are not of the same channels"):format(file), 0)
  end
end

return function(path, options)
  check("train.load(path: string)", path)
  options = options_of("train.load", options, {"model"})
  local saved, file
  if sys.is_dir(path) then saved, file = best_checkpoint(path) else saved, file = checkpoint.load(path), path end
  local c = saved.state.config
  if not object.is(c) or c.model == nil and not c.own and options.model == nil then
    error(file .. " does not say which network it is of", 0)
  end
  check_state(file, saved.state)
  local net = network_of(path, c, options.model)
  local ok, reason = pcall(net.load_state_dict, net, saved.net)
  if not ok then
    error(("%s: the weights are not those of %s: %s"):format(file, options.model ~= nil and "the network that was given"
          or "the network that its run builds", (tostring(reason):gsub("^[^\n]-load_state_dict: ", ""))), 0)
  end
  if saved.state.frozen ~= nil then
    ok, reason = pcall(net.set_frozen, net, saved.state.frozen)
    if not ok then
      error(("%s: what is frozen: %s"):format(file, (tostring(reason):gsub("^[^\n]-set_frozen: ", ""))), 0)
    end
  end
  net:eval()
  return net, shown.mark(c), saved.state.mean, saved.state.std, saved.state.averaged
end
