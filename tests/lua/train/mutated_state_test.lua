-- Whatever stands in the place of a number of a checkpoint, it is taken up whole or not at all.
local check   = require "support.check"
local files   = require "support.files"
local program = require "support.program"
local rm      = require "resmoon"
local train   = rm.train

local UNREAD = {mean = true, std = true, config = true}   -- by a trainer that was made by hand

local function make(optimizer, options)
  local images = rm.data.shapes10 {size = 12}
  local net = rm.models.mlp {input = {3, 32, 32}, hidden = {3}, num_classes = 10}
  net:freeze "fc1.bias"
  local opt = rm.optim[optimizer](net:parameters(), options)
  return train.Trainer {net = net, optimizer = opt, train = rm.data.Loader(images, {batch_size = 4}),
                        schedule = rm.optim.schedule.Warmup(rm.optim.schedule.Plateau(opt), {warmup_steps = 2}),
                        ema = rm.optim.EMA(net, {decay = 0.5}), epochs = 1, progress = false}
end

-- All that a trainer is, as a text; of each tensor the sum.
local function all_of(trainer)
  local weights, state = {}, trainer.net:state_dict()
  for i, name in ipairs(state) do weights[i] = state[name]:sum():item() end
  return rm.json.encode {trainer.epoch, trainer.steps, trainer.lr or 0, trainer.momentum or 0, trainer.best or {},
    trainer.train:state_dict(), trainer.schedule:state_dict(), trainer.optimizer:state_dict().numbers,
    trainer.ema:state_dict().numbers, trainer.net:frozen() or {}, train.checkpoint.generators(),
    weights}
end

-- {"best", "epoch"}, ...: the places of all values in a table.
local function places(t, above, list)
  list = list or {}
  for key, value in pairs(t) do
    local place = {table.unpack(above or {})}
    place[#place + 1] = key
    list[#list + 1] = place
    if type(value) == "table" then places(value, place, list) end
  end
  return list
end

local function with(t, place, value, at)
  at = at or 1
  local copy = {}
  for key, each in pairs(t) do copy[key] = each end
  if at == #place then copy[place[at]] = value else copy[place[at]] = with(t[place[at]], place, value, at + 1) end
  return copy
end

local function at(t, place)
  for _, key in ipairs(place) do t = t[key] end
  return t
end

local function try(trainer, path, what)
  local before = all_of(trainer)
  local ok, message = pcall(trainer.resume, trainer, path)
  if ok then return true end
  message = tostring(message)
  check.that(message:find(path, 1, true), ("%s: the file is not named in: %s"):format(what, message))
  check.that(not message:find("%.lua:%d") and not message:find "attempt to", what .. ": " .. message)
  check.equal(all_of(trainer), before, what)
  return false
end

for optimizer, options in pairs {SGD = {lr = 0.01, momentum = 0.9}, Adam = {lr = 0.01}} do
  check.case("a checkpoint of " .. optimizer .. " with another value anywhere is refused or gone on from", function()
    program.with_folder(function(folder)
      local trained = make(optimizer, options)
      trained:fit()
      local path, damaged = folder .. "/c.safetensors", folder .. "/damaged.safetensors"
      trained:save(path)
      local tensors, metadata = rm.load(path)
      local state = rm.json.decode(metadata.resmoon)
      local trainer, refused, tried = make(optimizer, options), 0, 0
      for _, place in ipairs(places(state)) do
        if not UNREAD[place[1]] then
          local old, name = at(state, place), table.concat(place, ".")
          for _, value in ipairs {"x", {a = 1}, {1, 2}, true, -1, 0.5, 1e300, 1 << 62} do
            metadata.resmoon = rm.json.encode(with(state, place, value))
            rm.save(damaged, tensors, metadata)
            local what = ("%s = %s in the place of %s"):format(name, rm.json.encode {value}, rm.json.encode {old})
            tried = tried + 1
            if try(trainer, damaged, what) then
              check.that(type(value) == type(old), "it was taken up with " .. what)
              trainer:fit()
              trainer = make(optimizer, options)
            else refused = refused + 1 end
          end
        end
      end
      check.that(tried > 300 and refused > tried / 2, ("%d tried, %d refused"):format(tried, refused))
      check.that(try(make(optimizer, options), path, "nothing"), "it was refused undamaged")
    end)
  end)
end

check.case("train.load, and resume of a config.json, name the file with a value that it cannot have", function()
  program.with_folder(function(folder)
    local run = folder .. "/run"
    train.run({model = "mlp", data = "shapes10", train_size = 20, test_size = 10, epochs = 1, batch_size = 10},
              {folder = run, progress = false})
    local best = run .. "/best.safetensors"
    local tensors, metadata = rm.load(best)
    local state = rm.json.decode(metadata.resmoon)
    for name, wrong in pairs {mean = {"x", {1, "x", 1}, {1, 2}}, std = {3, {1, 0, 1}, {1, -1, 1}}, averaged = {"x", 1},
                              frozen = {true, "x", {parameters = {1}}, {held = {"nowhere"}}}} do
      for _, value in ipairs(wrong) do
        metadata.resmoon = rm.json.encode(with(state, {name}, value))
        rm.save(best, tensors, metadata)
        check.error(function() train.load(run) end, "best.safetensors: ")
      end
    end
    metadata.resmoon = rm.json.encode(state)
    rm.save(best, tensors, metadata)
    check.equal(#select(3, train.load(run)), 3)
    local config = rm.json.decode(files.read(run .. "/config.json"))
    for name, value in pairs {batch_size = 0, momentum = -1, label_smoothing = 1} do
      rm.write_atomic(run .. "/config.json", rm.json.encode(with(config, {name}, value)))
      check.error(function() train.resume(run) end, "config.json: " .. name)
    end
  end)
end)
