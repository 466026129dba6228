--- Runs that are taken up: what is lost, damaged, of another run or in use is refused, and nothing is written over.
local check   = require "support.check"
local rm      = require "resmoon"
local program = require "support.program"
local folders = require "resmoon.runs.folder"
local train, sys = rm.train, rm.sys

-- Images that an MLP learns in a moment.
local function easy(n, seed)
  local images, labels = rm.rand(n, 1, 6, 6, {generator = rm.generator(seed)}) * 100, {}
  for i = 1, n do
    labels[i] = (i - 1) % 2 + 1
    if labels[i] == 2 then images[i] = images[i] + 100 end
  end
  return rm.data.Dataset.new {images = images:byte():contiguous(), labels = rm.tensor(labels, "int64"), name = "easy",
                              classes = {"dark", "bright"}}
end

local sets
local function options(folder, more)
  sets = sets or {easy(24, 1), easy(10, 2)}
  return train.config.with({folder = folder, sets = sets, progress = false}, more)
end

local SETTINGS = {model = "mlp", epochs = 3, batch_size = 8, lr = 0.01, schedule = "constant", drawing = {},
                  augment = false}
local function settings(more) return train.config.with(SETTINGS, more) end

local function content(path)
  local file <close> = assert(io.open(path, "rb"))
  return file:read "a"
end

-- Names and contents of all files.
local function state_of(folder)
  local all = {}
  for _, name in ipairs(sys.list(folder)) do
    all[#all + 1] = name .. " " .. rm.sha256(content(folder .. "/" .. name)):digest()
  end
  return table.concat(all, "\n")
end

-- Is refused with these words, and leaves the folder as it was.
local function refused(path, words, f)
  local before = state_of(path)
  check.error(f or function() train.resume(path, {epochs = 9}, options()) end, words)
  check.equal(state_of(path), before)
end

local function with_run(f, more)
  program.with_folder(function(folder)
    local path = folder .. "/run"
    train.run(settings(more), options(path))
    f(path, folder)
  end)
end

check.case("a lost last.safetensors never begins the run anew", function()
  with_run(function(path)
    os.remove(path .. "/last.safetensors")
    refused(path, "last.safetensors is missing, and without it the run cannot go on (log.csv shows")
    os.remove(path .. "/log.csv")
    refused(path, "(best.safetensors shows that an epoch was finished)")
    os.remove(path .. "/config.json")
    refused(path, "holds best.safetensors but no config.json",
            function() train.run(settings(), options(path)) end)
  end)
end)

check.case("a run that was stopped before its first checkpoint begins, and says so", function()
  with_run(function(path)
    for _, name in ipairs {"last.safetensors", "best.safetensors", "log.csv"} do os.remove(path .. "/" .. name) end
    local trainer = require("resmoon.train.run").reopen(path, nil, options())
    check.equal(trainer.notes[1], path .. " was stopped before its first checkpoint: it begins with epoch 1")
    check.equal(trainer:fit().epochs, 3)
  end)
end)

check.case("what ends the first epoch, such as a full disk, is taken up as if it had not been", function()
  with_run(function(whole, folder)
    local path = folder .. "/full"
    check.error(function()
      local hooks = {on_step = function() sys.mkdir_p(path .. "/best.safetensors") end}
      train.run(settings(), options(path, {hooks = hooks}))
    end, "best.safetensors")
    check.that(sys.exists(path .. "/last.safetensors"))   -- written before the first step
    os.remove(path .. "/best.safetensors")
    train.resume(path, nil, options())
    local function losses(where) return folders.read(where).log.train_loss end
    check.equal(losses(path), losses(whole))
  end)
end)

check.case("a truncated checkpoint, one of another network, of other settings, of weights alone", function()
  with_run(function(path, folder)
    local last = path .. "/last.safetensors"
    local good = content(last)
    rm.write_atomic(last, good:sub(1, #good // 2))
    refused(path, "last.safetensors")
    local other = folder .. "/other"
    train.run(settings {model = "lenet5"}, options(other, {sets = {rm.data.shapes10 {size = 16}}}))
    rm.write_atomic(last, content(other .. "/last.safetensors"))
    refused(path, "was written by a training with other settings")
    refused(path, 'model: "lenet5" there, "mlp" in config.json')
    local faster = folder .. "/faster"
    train.run(settings {lr = 0.02}, options(faster))
    rm.write_atomic(last, content(faster .. "/last.safetensors"))
    refused(path, "(lr: 0.02 there, 0.01 in config.json)")
    rm.write_atomic(last, content(path .. "/best.safetensors"))
    refused(path, "holds weights only")
    rm.save(last, {w = rm.ones(2)})
    refused(path, "does not say which training it is of")
    rm.save(last, {w = rm.ones(2)}, {resmoon = "[1]"})
    refused(path, "last.safetensors: what it says of itself is damaged: it holds no object")
    rm.save(last, {w = rm.ones(2)}, {resmoon = '{"version": 1, "config": [1, 2]}'})
    refused(path, "does not say which training it is of")
    check.error(function() train.load(last) end, "does not say which network it is of")
    rm.write_atomic(last, good)
    check.equal(train.resume(path, {epochs = 4}, options()).epochs, 4)
  end)
end)

check.case("a config.json that was cut short is named, with the line", function()
  with_run(function(path)
    local good = folders.config(path)
    program.file(path .. "/config.json", content(path .. "/config.json"):sub(1, 60))
    local _, errors = program.run {"evaluate", path}
    check.that(errors:find(("^resmoon evaluate: %s/config.json: json.decode: line %%d+"):format(path)), errors)
    program.file(path .. "/config.json", "3")
    refused(path, path .. "/config.json: it holds no object")
    program.file(path .. "/config.json", '[1, "mlp"]')
    refused(path, path .. "/config.json: it holds no object")
    for _, case in ipairs {{"gamma", {1}, "gamma is {1}, expected a number"},
                           {"milestones", {1, "x"}, "milestone 2 is 'x', expected the number of an epoch"},
                           {"milestones", true, "milestones is true, expected a list of the numbers of epochs"},
                           {"input", {{}}, "input[1] is"}, {"epochs", 2.5, "epochs is 2.5, expected a whole number"}} do
      program.file(path .. "/config.json", rm.json.encode(rm.train.config.with(good, {[case[1]] = case[2]})))
      check.error(function() folders.read(path) end, path .. "/config.json: " .. case[3])
    end
  end)
end)

check.case("an edited config.json: resume and evaluate name the setting", function()
  with_run(function(path)
    local c = folders.config(path)
    c.weight_decay = 0.5
    require("resmoon.runs.begin").write_config(path, c)
    refused(path, "weight_decay: 0.0001 there, 0.5 in config.json")
    refused(path, "best.safetensors was written by a training with other settings", function() train.load(path) end)
  end)
end)

check.case("a log that is missing or has lost epochs", function()
  with_run(function(path)
    local log = content(path .. "/log.csv")
    rm.write_atomic(path .. "/log.csv", (log:gsub("\n2,[^\n]*", "")))
    refused(path, "log.csv has no row of epoch 2, but the checkpoint has made 3 epochs")
    os.remove(path .. "/log.csv")
    refused(path, "log.csv is missing, but the checkpoint has made 3 epochs")
    check.error(function() folders.read(path) end, "log.csv is missing, though best.safetensors")
    rm.write_atomic(path .. "/log.csv", log)
    check.equal(#train.resume(path, {epochs = 4}, options()).log.rows, 4)
  end)
end)

check.case("best.safetensors is missing: evaluate says what else there is", function()
  with_run(function(path)
    os.remove(path .. "/best.safetensors")
    check.error(function() train.load(path) end, "best.safetensors is missing, though log.csv shows finished epochs; "
                .. path .. "/last.safetensors holds the network of the last one")
    check.that(train.load(path .. "/last.safetensors"))
  end)
end)

-- The trainer of a config, with one change made to a checkpoint of it.
local function damaged(trainer, path, change)
  local saved = train.checkpoint.load(path)
  change(saved.state, saved)
  local net = {state_dict = function()
    local list = {}
    for name, tensor in pairs(saved.net) do list[#list + 1], list[name] = name, tensor end
    table.sort(list)
    return list
  end}
  local optimizer = {state_dict = function() return saved.optimizer end}
  saved.state.optimizer = nil
  train.checkpoint.save(path .. ".damaged", net, optimizer, saved.state)
  local before, generators = trainer.net:state_dict(), rm.json.encode(train.checkpoint.generators())
  for _, name in ipairs(before) do before[name] = before[name]:clone() end
  local rest = rm.json.encode {trainer.epoch, trainer.steps, trainer.optimizer.lr, trainer.train:state_dict(),
                               trainer.schedule:state_dict(), trainer.optimizer:state_dict().numbers}
  local ok, message = pcall(trainer.resume, trainer, path .. ".damaged")
  check.that(not ok, "it was taken up")
  for _, name in ipairs(before) do check.equal(trainer.net:state_dict()[name], before[name], name) end
  check.equal(rm.json.encode(train.checkpoint.generators()), generators)
  check.equal(rm.json.encode {trainer.epoch, trainer.steps, trainer.optimizer.lr, trainer.train:state_dict(),
                              trainer.schedule:state_dict(), trainer.optimizer:state_dict().numbers}, rest)
  return message
end

check.case("a checkpoint with a field missing or wrong: an error, and network and all states as they were", function()
  program.with_folder(function(folder)
    local function make()
      local net = rm.models.mlp {input = {1, 6, 6}, hidden = {5}, num_classes = 2}
      local opt = rm.optim.SGD(net:parameters(), {lr = 0.01, momentum = 0.9})
      return train.Trainer {net = net, optimizer = opt, train = rm.data.Loader(easy(24, 1), {batch_size = 8}),
                            schedule = rm.optim.schedule.Warmup(rm.optim.schedule.Plateau(opt), {warmup_steps = 2}),
                            epochs = 1, progress = false}
    end
    local trained = make()
    trained:fit()
    local path = folder .. "/c.safetensors"
    trained:save(path)
    local function expect(words, change)
      local message = damaged(make(), path, change)
      check.that(message:find(words, 1, true), ("no %q in %s"):format(words, message))
      check.that(message:find(path .. ".damaged", 1, true), message)
    end
    expect("holds weights only", function(state) state.epoch = nil end)
    expect("its state: epoch is 0", function(state) state.epoch = 0 end)
    expect("its state lacks steps", function(state) state.steps = nil end)
    expect("the best epoch lacks error", function(state) state.best = {epoch = 1} end)
    expect("the sum of its epoch lacks count", function(state) state.sums = {loss = 1, wrong = 0, seconds = 1} end)
    expect("the state of its loader is missing", function(state) state.loader = nil end)
    expect("the state of its loader lacks shuffle_seed", function(state) state.loader.shuffle_seed = nil end)
    expect("batch 4 of epoch 1, but an epoch has 3", function(state) state.loader.step = 4 end)
    expect("the generator 'augment' has no state", function(state) state.generators.augment = nil end)
    expect("the generator 'init' has no position", function(state) state.generators.init.position = nil end)
    expect("schedule.Warmup: load_state_dict", function(state) state.schedule = nil end)
    expect("schedule.Plateau: load_state_dict", function(state) state.schedule.schedule.t = "soon" end)
    expect("the state is of 2 groups", function(state) state.schedule.schedule.base = {1, 2} end)
    expect("it lacks best, bad or cooling", function(state) state.schedule.schedule.bad = nil end)
    expect("the state is of Adam", function(_, saved) saved.optimizer.optimizer = "Adam" end)
    expect("has 3 parameters, the optimizer's 4", function(_, saved)
      table.remove(saved.optimizer.numbers.groups[1].steps)
    end)
    expect("lacks velocity.2, of a parameter that has made 3 steps", function(_, saved)
      saved.optimizer.tensors["velocity.2"] = nil
    end)
    expect("velocity.9, which the optimizer has not", function(_, saved)
      saved.optimizer.tensors["velocity.9"] = rm.ones(1)
    end)
    expect("group 1 of the state does not fit: lr is nil", function(_, saved)
      saved.optimizer.numbers.groups[1].options.lr = nil
    end)
    expect("of another network: fc1.bias is missing", function(_, saved) saved.net["fc1.bias"] = nil end)
    expect("fc1.bias is float32 (6), expected float32 (5)", function(_, saved) saved.net["fc1.bias"] = rm.ones(6) end)
    expect("fc7.bias is not the network's", function(_, saved) saved.net["fc7.bias"] = rm.ones(6) end)
    local fresh = make()
    fresh:resume(path)    -- undamaged it is taken up
    check.equal({fresh.epoch, fresh.steps}, {2, 3})
  end)
end)

check.case("metadata that are no state are named with the file", function()
  program.with_folder(function(folder)
    local path = folder .. "/c.safetensors"
    for _, text in ipairs {"{", "3", '{"version": "new"}'} do
      rm.save(path, {w = rm.ones(1)}, {resmoon = text})
      check.error(function() train.checkpoint.load(path) end, path)
    end
  end)
end)

check.case("a run that stopped early, or is at its end, says so; it cannot end before it is", function()
  program.with_folder(function(folder)
    local path = folder .. "/run"
    local images = {"--train-size", "40", "--test-size", "20", "--batch-size", "20"}
    local function command(...)
      local words = {"train", "--run", path, ...}
      local out, err, status = program.run(table.move(images, 1, #images, #words + 1, words))
      return out .. err, status
    end
    local out, status = command("--model", "mlp", "--schedule", "constant", "--lr", "1e-30", "--early-stop", "2",
                                "--epochs", "9", "--weight-decay", "0")
    check.that(status == 0 and out:find("in 2 epochs: training stops", 1, true), out)
    local before = content(path .. "/log.csv")
    out, status = command "--resume"
    check.that(status == 0 and out:find("this run has stopped early: no better error than", 1, true), out)
    check.equal(content(path .. "/log.csv"), before)
    out, status = command("--resume", "--epochs", "2")
    check.that(status ~= 0 and out:find("has made epoch 3: it cannot end with epoch 2", 1, true), out)
    out, status = command("--resume", "--early-stop", "0", "--epochs", "4")
    check.that(status == 0 and out:find("epoch 4/4", 1, true) and not out:find("epoch 3/4", 1, true), out)
    out, status = command "--resume"
    check.that(status == 0 and out:find("4 of 4 epochs are done: nothing is left to train", 1, true), out)
  end)
end)

-- --- two at a time ----------------------------------------------------------------------------------------------

local function await(f)
  local till = sys.clock() + 30
  while not f() do
    check.that(sys.clock() < till, "waited for 30 s")
    sys.sleep(0.02)
  end
end

check.case("two processes never write one run; a killed one leaves no lock", function()
  program.with_folder(function(folder)
    local path = folder .. "/run"
    local words = {"train", "--model", "mlp", "--train-size", "40", "--test-size", "20", "--batch-size", "20",
                   "--schedule", "constant", "--lr", "0.001", "--epochs", "100000", "--run", path}
    local process = sys.spawn({program.path, table.unpack(words)}, {quiet = true})
    await(function() return sys.exists(path .. "/last.safetensors") end)
    local out, err, status = program.run {"train", "--run", path, "--resume"}
    check.that(status ~= 0 and err:find("is in use (process ", 1, true), out .. err)
    check.error(function() train.resume(path, nil, {progress = false}) end, "is in use")
    process:kill()
    process:wait()
    local lock <close> = sys.lock(path .. "/.lock")
    check.that(lock, "the killed training left its lock")
  end)
end)

check.case("of two that begin one run at once, one is refused", function()
  program.with_folder(function(folder)
    local path = folder .. "/run"
    local made = require("resmoon.train.run").trainer(settings(), options(path))
    check.error(function() train.run(settings(), options(path)) end, "already holds a run")
    check.error(function() train.resume(path, nil, options()) end, "is in use")
    check.equal(made:fit().epochs, 3)
    check.equal(train.resume(path, {epochs = 4}, options()).epochs, 4)   -- fit has let go
  end)
end)

check.case("two searches never write one folder", function()
  program.with_folder(function(folder)
    local path = folder .. "/s"
    local function words(...)
      return {"search", "--model", "mlp", "--train-size", "60", "--test-size", "10", "--epochs", "2", "--batch-size",
              "20", "--val-split", "0.3", "--population", "4", "--generations", "40", "--run", path, ...}
    end
    local process = sys.spawn({program.path, table.unpack(words())}, {quiet = true})
    await(function() return sys.exists(path .. "/trials/001.json") end)
    for _, list in ipairs {words(), words("--workers", "2")} do
      local out, err, status = program.run(list)
      check.that(status ~= 0 and err:find("is in use (process ", 1, true), out .. err)
    end
    process:kill()
    process:wait()
    local lock <close> = sys.lock(path .. "/.lock")
    check.that(lock, "the killed search left its lock")
    check.error(function() train.run(settings(), options(path)) end, "holds search.json but no config.json")
  end)
end)

check.case("a trainer does not write over what another has done in its folder meanwhile", function()
  with_run(function(path)
    local mine = require("resmoon.train.run").reopen(path, {epochs = 5}, options())
    mine:fit()
    train.resume(path, {epochs = 7}, options())
    mine.epochs = 9
    refused(path, "is not as this training left it", function() mine:fit() end)
    local net = rm.models.mlp {input = {1, 6, 6}, num_classes = 2}
    local fresh = train.Trainer {net = net, optimizer = rm.optim.SGD(net:parameters()), progress = false, epochs = 1,
                                 train = rm.data.Loader(sets[1]), folder = path}
    refused(path, "holds a training already (last.safetensors)", function() fresh:fit() end)
  end)
end)

-- --- before the first step --------------------------------------------------------------------------------------

local function tiny(n)
  return {rm.data.Dataset.new {images = (rm.rand(n, 3, 8, 8) * 255):byte():contiguous(), name = "tiny",
                               labels = rm.ones(n):long(), classes = {"a", "b"}}}
end

local function refused_early(folder, more, n, words)
  local steps = 0
  local path = folder .. "/never"
  check.error(function()
    train.run(train.config.with({model = "resnet18", width = 4, epochs = 1, schedule = "constant", lr = 0.01,
                                 batch_size = 16, augment = false}, more),
              {folder = path, sets = tiny(n), progress = false, hooks = {on_step = function() steps = steps + 1 end}})
  end, words)
  check.equal(steps, 0)
  check.that(not sys.exists(path), "a run that could not begin left a folder")
end

check.case("a single image for a batch norm on 1 x 1 maps is caught before the first step, with a way out", function()
  program.with_folder(function(folder)
    refused_early(folder, {}, 33, "the last batch of an epoch has one image (33 images in batches of 16), and "
                  .. "layer4[1].bn1 of resnet18 is a batch norm on maps of 1 x 1")
    refused_early(folder, {}, 33, "--drop-last leaves it out, --batch-size 17 gives it others")
    refused_early(folder, {batch_size = 1}, 4, "batches are of one image")
    refused_early(folder, {accumulate = 8}, 24, "batches of 8 images in 8 parts come to parts of one image")
    local function runs(more, n)
      return train.run(train.config.with({model = "resnet18", width = 4, epochs = 1, schedule = "constant", lr = 0.01,
                                          batch_size = 16, augment = false}, more),
                       {sets = tiny(n), progress = false}).stopped
    end
    check.equal(runs({drop_last = true}, 33), "finished")
    check.equal(runs({batch_size = 17}, 33), "finished")
    check.equal(runs({accumulate = 8}, 32), "finished")
    local function without_norm(n)
      return train.run({model = "mlp", epochs = 1, schedule = "constant", lr = 0.01, batch_size = 16, augment = false},
                       {sets = tiny(n), progress = false}).stopped
    end
    check.equal(without_norm(17), "finished")
    -- Someone's own trainer is looked at as well, and nothing of it has changed.
    local net = rm.models.resnet18 {width = 4, num_classes = 2, input = {3, 8, 8}}
    local trainer = train.Trainer {net = net, optimizer = rm.optim.SGD(net:parameters()), epochs = 1, progress = false,
                                   train = rm.data.Loader(tiny(33)[1], {batch_size = 16})}
    local mean = net.bn1.running_mean:clone()
    check.error(function() trainer:fit() end, "has one image")
    check.equal(net.bn1.running_mean, mean)
  end)
end)

check.case("what makes no step or learns nothing is refused; what is hardly meant is said", function()
  program.with_folder(function(folder)
    refused_early(folder, {drop_last = true}, 12, "12 training images are fewer than one batch of 16")
    refused_early(folder, {lr = 0}, 32, "lr is 0: nothing would be learned")
    refused_early(folder, {lr = -1}, 32, "lr is -1")
    refused_early(folder, {lr = 0 / 0}, 32, "expected at least 0")
    refused_early(folder, {train_size = 0}, 32, "train_size is 0, expected at least 1")
    check.error(function() rm.optim.SGD({rm.ones(1, {requires_grad = true})}, {lr = -0.1}) end, "lr is -0.1")
    check.error(function() rm.optim.Adam({rm.ones(1, {requires_grad = true})}, {lr = 0 / 0}) end, "lr is ")
  end)
  local preflight = require "resmoon.train.preflight"
  local function notes(more, steps) return preflight.settings(train.config.complete(more), steps or 10) end
  check.equal(notes {schedule = "multistep", epochs = 164}, {})
  check.equal(notes {schedule = "multistep", epochs = 3}, {})
  check.equal(train.config.complete({schedule = "multistep", epochs = 3}).milestones, {1, 2})
  check.equal(train.config.complete({schedule = "multistep", epochs = 2}).milestones, {1})
  check.equal(train.config.complete({schedule = "multistep", epochs = 1}).milestones, {})
  check.that(notes({schedule = "multistep", epochs = 2})[1]:find("falls once, after epoch 1", 1, true))
  check.that(notes({schedule = "multistep", epochs = 1})[1]:find("stays as it is", 1, true))
  local function marked(...) return notes({schedule = "multistep", epochs = 9, milestones = {...}})[1] end
  check.that(marked(4, 4):find("milestone 4 is there more", 1, true))
  check.that(marked(4, 12):find("after epoch 12, but", 1, true))
  check.that(notes({schedule = "step", epochs = 4, step_size = 5})[1]:find("every 5 epochs, but", 1, true))
  check.that(notes({schedule = "constant", epochs = 2, warmup = 3})[1]:find("warm-up takes 3 epochs", 1, true))
  check.that(notes({schedule = "step", epochs = 9, gamma = 0})[1]:find("gamma is 0", 1, true))
  local few = preflight.settings(train.config.complete {schedule = "constant"}, 1, 60)
  check.equal(few, {"a batch of 128 takes all 60 training images: one step an epoch"})
  check.that(notes({schedule = "onecycle", epochs = 1}, 2)[1]:find("onecycle has 2 steps", 1, true))
end)

check.case("sets that number their classes in another way are refused before the first step", function()
  local a, b = easy(24, 1), easy(10, 2)
  b.classes = {"bright", "dark"}
  check.error(function() train.run(settings(), {sets = {a, b}, progress = false}) end,
              "the test images have other classes than the training images: dark, bright; bright, dark")
  check.error(function() train.run(settings(), {sets = {a, a, b}, progress = false}) end, "the validation images have")
end)

check.case("several trains nothing where one of its runs cannot be taken up", function()
  program.with_folder(function(folder)
    local function jobs(epochs)
      return {{name = "a", settings = settings {epochs = epochs}}, {name = "b", settings = settings {epochs = epochs}}}
    end
    local how = {folder = folder, sets = options().sets, progress = false}
    train.several(jobs(1), how)
    os.remove(folder .. "/b/last.safetensors")
    refused(folder .. "/a", "b: last.safetensors is missing", function() train.several(jobs(2), how) end)
  end)
end)

check.case("--drop-last is a setting, and an option of the command", function()
  program.with_folder(function(folder)
    local out, err, status = program.run {"train", "--model", "mlp", "--train-size", "50", "--test-size", "10",
      "--batch-size", "20", "--epochs", "1", "--schedule", "constant", "--lr", "0.01", "--drop-last", "--run",
      folder .. "/run"}
    check.equal(status, 0, out .. err)
    check.equal(train.Log.read(folder .. "/run/log.csv").rows[1].steps, 2)
    check.equal(folders.config(folder .. "/run").drop_last, true)
  end)
end)

-- --- NaN ----------------------------------------------------------------------------------------------------------

local NAN = 0 / 0

check.case("NaN is never the best: plateau, summary, tables", function()
  local opt = rm.optim.SGD({rm.ones(1, {requires_grad = true})}, {lr = 1})
  local schedule = rm.optim.schedule.Plateau(opt, {patience = 1, factor = 0.5})
  for _, metric in ipairs {NAN, NAN, 3, NAN, NAN} do schedule:step(metric) end
  check.equal({schedule.best, opt.lr}, {3, 0.25})   -- twice two epochs in a row without a better value
  local function row(epoch, err)
    return {epoch = epoch, seconds = 2, img_per_s = 10, train_loss = 1, train_error = 5, test_loss = 1,
            test_error = err}
  end
  local run = {name = "a", config = {}, rows = {row(1, NAN), row(2, 30), row(3, NAN)}}
  local s = folders.summary(run)
  check.equal({s.best, s.best_epoch, s.kept, s.kept_epoch, s.seconds}, {30, 2, 30, 2, 6})
  check.that(train.compare.topk({run})[3]:find("70.00%% %(2%)"))
  run.rows[4] = {epoch = 4, train_loss = NAN, train_error = 5, img_per_s = NAN}   -- without times
  s = folders.summary(run)
  check.equal({s.seconds, s.img_per_s, s.best_epoch}, {6, 10, 4})
  local none = {name = "b", config = {}, rows = {row(1, NAN)}}
  local lines = table.concat(train.compare.table {none}, "\n") .. table.concat((train.compare.topk {none}), "\n")
  check.that(not lines:lower():find("nan", 1, true) and not lines:find("inf", 1, true), lines)
end)

check.case("weights that became NaN in an epoch's last step do not replace the last good checkpoint", function()
  program.with_folder(function(folder)
    local path, steps = folder .. "/run", 0
    local result = train.run(settings(), options(path, {hooks = {on_step = function(trainer)
      steps = steps + 1
      if steps == 6 then rm.no_grad(function() trainer.net:parameters()[1]:fill_(NAN) end) end
    end}}))
    check.equal({result.stopped, result.epochs}, {"diverged", 1})
    local saved = train.checkpoint.load(path .. "/last.safetensors")
    check.equal(saved.state.epoch, 2)
    for name, tensor in pairs(saved.net) do
      local sum = tensor:float():sum():item()
      check.that(sum == sum, name)
    end
  end)
end)

check.case("a schedule that gives no rate is an error, not a step", function()
  local net = rm.models.mlp {input = {1, 6, 6}, num_classes = 2}
  local opt = rm.optim.SGD(net:parameters(), {lr = 0.1})
  local schedule = {optimizer = opt, step = function() opt.lr = NAN end, state_dict = function() return {} end}
  local trainer = train.Trainer {net = net, optimizer = opt, schedule = schedule, schedule_unit = "step", epochs = 1,
                                 train = rm.data.Loader(easy(24, 1), {batch_size = 8}), progress = false}
  check.error(function() trainer:fit() end, "the learning rate of step 2 is ")
end)
