--- Settings that lab sheets give: mean and standard deviation of pixels, the slope of leaky relu, Xavier normal.
local check   = require "support.check"
local options = require "resmoon.train.options"
local program = require "support.program"
local rm      = require "resmoon"
local commandline = require "resmoon.base.commandline"

local config = rm.train.config

local function folder_config(path) return rm.train.folder.config(path) end

check.case("mean and std are options, standardize what a network sees, and stand in config.json", function()
  local parser = commandline("x", "")
  options.add(parser)
  local given = options.config(parser:parse {"--mean", "0.5,0.25,0.125", "--std", "0.2,0.4,0.5"})
  check.equal(given, {mean = {0.5, 0.25, 0.125}, std = {0.2, 0.4, 0.5}})
  program.with_folder(function(folder)
    local settings = config.with(given, {model = "mlp", epochs = 1, train_size = 20, test_size = 10, augment = false})
    local result = rm.train.run(settings, {folder = folder .. "/given", progress = false})
    local c = folder_config(folder .. "/given")
    check.equal({c.mean, c.std}, {given.mean, given.std})
    local _, _, mean, std = rm.train.load(folder .. "/given")
    check.equal({mean, std}, {given.mean, given.std})   -- what is evaluated and predicted with
    local trainer = require("resmoon.train.run").trainer(settings, {progress = false})
    local x = trainer.test:epoch(1)()
    local raw = trainer.test.dataset:get(1)
    for channel = 1, 3 do
      local pixel = raw[channel][3][5]:item() / 255
      check.close(x[1][channel][3][5]:item(), (pixel - given.mean[channel]) / given.std[channel], {atol = 1e-5})
    end
    check.equal(result.stopped, "finished")

    -- Without them it is the training images' own that the record has.
    settings.mean, settings.std = nil, nil
    rm.train.run(settings, {folder = folder .. "/own", progress = false})
    local train = config.open(config.complete(settings))
    c = folder_config(folder .. "/own")
    check.equal({c.mean, c.std}, {train.mean, train.std})
    settings.standardize = false
    rm.train.run(settings, {folder = folder .. "/none", progress = false})
    c = folder_config(folder .. "/none")
    check.equal({c.mean, c.std}, {})
  end)
end)

check.case("a run goes on with the mean it was begun with, and not with another", function()
  program.with_folder(function(folder)
    local run = folder .. "/run"
    local settings = {model = "mlp", epochs = 1, train_size = 20, test_size = 10, schedule = "constant",
                      mean = {0.1, 0.2, 0.3}}
    rm.train.run(settings, {folder = run, progress = false})
    check.error(function() rm.train.resume(run, {mean = {0.5, 0.2, 0.3}}, {progress = false}) end,
                "was begun with mean = [0.1")
    check.equal(rm.train.resume(run, {epochs = 2}, {progress = false}).epochs, 2)
    check.equal(folder_config(run).mean, {0.1, 0.2, 0.3})
  end)
end)

check.case("checkpoints are kept from time to time, and hold the network of their epoch", function()
  program.with_folder(function(folder)
    local run = folder .. "/run"
    rm.train.run({model = "mlp", epochs = 5, train_size = 20, test_size = 10, keep_every = 2, schedule = "constant"},
                 {folder = run, progress = false})
    local kept = {}
    for _, name in ipairs(rm.sys.list(run)) do
      if name:find "^epoch_" then kept[#kept + 1] = name end
    end
    check.equal(kept, {"epoch_002.safetensors", "epoch_004.safetensors"})
    local second, fourth = rm.train.load(run .. "/" .. kept[1]), rm.train.load(run .. "/" .. kept[2])
    check.that((second.fc1.weight - fourth.fc1.weight):abs():max():item() > 0)
    rm.train.resume(run, {epochs = 6, keep_every = 3}, {progress = false})
    check.that(rm.sys.exists(run .. "/epoch_006.safetensors"))
  end)
end)

check.case("numbers that do not fit are refused, with what was expected", function()
  local function refused(given, message) check.error(function() config.complete(given) end, message) end
  refused({mean = 0.5}, "train: mean is 0.5, expected a list of numbers")
  refused({mean = {}}, "train: mean is an empty list, expected a list of numbers")
  refused({mean = {0.5, 0 / 0}}, "expected a finite number")
  refused({std = {0.2, 0, 0.2}}, "train: std[2] is 0, expected above 0")
  local c = config.complete {mean = {0.5}}
  check.error(function() config.normalization(c, rm.data.shapes10 {size = 10}) end,
              "train: mean is 0.5, expected a number for each of the 3 channels of the images")
  local _, err, status = program.run {"train", "--std", "0.2,x"}
  check.that(status ~= 0 and err:find("'0.2,x' is no list of numbers like 0.49,0.48,0.45", 1, true), err)
end)

check.case("leaky_slope is that of the network's activations, and of He's initialization", function()
  for _, model in ipairs {"mlp", "lenet5"} do
    local net = config.model(config.complete {model = model, activation = "leaky_relu", leaky_slope = 0.1})
    check.equal(net.act(rm.tensor {-1, 2}), rm.tensor {-0.1, 2})
    net = config.model(config.complete {model = model, activation = "leaky_relu"})
    check.equal(net.act(rm.tensor {-1, 2}), rm.tensor {-0.01, 2})
    check.error(function() config.model(config.complete {model = model, leaky_slope = 0.1}) end,
                "negative_slope is 0.1, but the activation is relu, not leaky_relu")
  end
  -- gain^2 = 2 / (1 + slope^2)
  local function spread(slope)
    rm.manual_seed(3)
    local layer = rm.nn.Linear(1000, 400)
    rm.nn.init.initialize_(layer, "he", {activation = "leaky_relu", negative_slope = slope})
    return layer.weight:std():item()
  end
  check.close(spread(1), math.sqrt(1 / 1000), {rtol = 0.01})
  check.close(spread(0.1), math.sqrt(2 / 1.01 / 1000), {rtol = 0.01})
end)

check.case("xavier_normal is normal with variance 2 / (fan_in + fan_out)", function()
  rm.manual_seed(5)
  local weight = rm.nn.init.initialize_(rm.nn.Linear(800, 400), "xavier_normal").weight:detach()
  local std = math.sqrt(2 / 1200)
  check.close(weight:std():item(), std, {rtol = 0.01})
  local beyond = weight:abs():gt(2 * std):float():mean():item()
  check.close(beyond, 0.0455, {atol = 0.002})     -- of a normal distribution; a uniform one has none there
  check.equal(config.complete({init = "xavier_normal"}).init, "xavier_normal")
end)
