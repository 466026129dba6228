local check = require "support.check"
local rm    = require "resmoon"
local train, sys = rm.train, rm.sys

local function with_folder(f)
  local folder = sys.mkdtemp("/tmp/resmoon-train-")
  local ok, message = xpcall(f, debug.traceback, folder)
  sys.run({"rm", "-rf", folder})
  if not ok then error(message, 0) end
end

-- Images that a small net learns in a moment: noise, and brighter in the channel of their class.
local function easy(n, seed)
  local g = rm.generator(seed)
  local images = rm.rand(n, 3, 32, 32, {generator = g}) * 100
  local labels = {}
  for i = 1, n do
    labels[i] = (i - 1) % 3 + 1
    images[{i, labels[i]}] = images[{i, labels[i]}] + 60
  end
  return rm.data.Dataset.new {images = images:byte():contiguous(), labels = rm.tensor(labels, "int64"), name = "easy",
                              classes = {"red", "green", "blue"}}
end

local sets
local function small_sets()
  sets = sets or {easy(96, 1), easy(40, 2)}
  return sets
end

local function config(changes)
  local c = {model = "lenet5", epochs = 3, batch_size = 16, lr = 0.02, schedule = "onecycle", drawing = {}}
  for key, value in pairs(changes or {}) do c[key] = value end
  return c
end

local function options(folder, more)
  local o = {folder = folder, progress = false, sets = small_sets()}
  for key, value in pairs(more or {}) do o[key] = value end
  return o
end

local function content(path)
  local f <close> = assert(io.open(path, "rb"))
  return f:read("a")
end

-- All that has to be the same in a run that was taken up again: every tensor of the checkpoint, the
-- log without its times, the places of generators and loader.
local function compare(a, b)
  local x, y = train.checkpoint.load(a .. "/last.safetensors"), train.checkpoint.load(b .. "/last.safetensors")
  for name, tensor in pairs(x.net) do check.equal(y.net[name], tensor, name) end
  for name, tensor in pairs(x.optimizer.tensors) do check.equal(y.optimizer.tensors[name], tensor, name) end
  check.that(next(x.optimizer.tensors), "no optimizer state was saved")
  x.state.config, y.state.config = nil, nil
  check.equal(rm.json.encode(y.state), rm.json.encode(x.state))
  local function log(path)
    local columns = train.Log.read(path .. "/log.csv"):by_column()
    columns.seconds, columns.img_per_s = nil, nil
    return rm.json.encode({columns.epoch, columns.steps, columns.lr, columns.train_loss, columns.train_error,
                           columns.test_loss, columns.test_error})
  end
  check.equal(log(b), log(a))
end

-- An rm.interrupt for one run: Ctrl-C during step n.
local function interrupt_at(n, f)
  local steps, real = 0, rm.interrupt
  rm.interrupt = {hold = function() end, clear = function() end, pending = function() return steps >= n end}
  local ok, result = pcall(f, {on_step = function() steps = steps + 1 end})
  rm.interrupt = real
  if not ok then error(result, 0) end
  return result
end

check.case("a run leaves config, log, checkpoints; the loss falls", function()
  with_folder(function(folder)
    local path = folder .. "/a"
    local result = train.run(config {epochs = 8, lr = 0.05}, options(path))
    check.equal(result.stopped, "finished")
    check.equal(sys.list(path), {"best.safetensors", "config.json", "data.json", "last.safetensors", "log.csv"})
    local log = train.Log.read(path .. "/log.csv")
    check.equal(#log.rows, 8)
    check.equal(log.rows[8].steps, 48)
    check.that(log.rows[8].train_loss < 0.5 * log.rows[1].train_loss)
    check.that(log.rows[8].test_error < 20)
    for _, row in ipairs(log.rows) do
      check.that(row.test_error >= 0 and row.test_error <= 100 and row.img_per_s > 0 and not row.val_error)
    end
    local lines = content(path .. "/log.csv")
    check.equal(lines:match("^[^\n]*"), table.concat(train.Log.columns, ",") .. ",hash")
    check.equal(rm.json.decode(content(path .. "/config.json")).schedule, "onecycle")
  end)
end)

for _, schedule in ipairs {"onecycle", "multistep"} do
  check.case("stopped in the middle of an epoch, a run goes on bit for bit: " .. schedule, function()
    with_folder(function(folder)
      local c = config {schedule = schedule, milestones = {1, 2}, warmup = 1, augment = true}
      if schedule == "onecycle" then c.milestones, c.warmup = nil, nil end
      train.run(c, options(folder .. "/whole"))
      local part = interrupt_at(9, function(hooks) return train.run(c, options(folder .. "/part", {hooks = hooks})) end)
      check.equal(part.stopped, "interrupted")
      check.equal(part.epochs, 1)
      rm.manual_seed(999)  -- another process has other generators
      local rest = train.resume(folder .. "/part", nil, options())
      check.equal(rest.stopped, "finished")
      compare(folder .. "/whole", folder .. "/part")
    end)
  end)
end

check.case("stopped while it is tested, and killed between epochs, a run goes on bit for bit", function()
  with_folder(function(folder)
    local c = config()
    train.run(c, options(folder .. "/whole"))
    -- Ctrl-C after the last step of epoch 1
    local part = interrupt_at(6, function(hooks) return train.run(c, options(folder .. "/part", {hooks = hooks})) end)
    check.equal(part.epochs, 0)
    train.resume(folder .. "/part", nil, options())
    compare(folder .. "/whole", folder .. "/part")
    -- kill -9 in epoch 3: only what the end of epoch 2 left is there, and a row too many in the log
    check.error(function()
      train.run(c, options(folder .. "/killed", {hooks = {on_step = function(trainer)
        if trainer.steps == 15 then error("killed") end
      end}}))
    end, "killed")
    local log = content(folder .. "/killed/log.csv")
    rm.write_atomic(folder .. "/killed/log.csv", log .. "3,18,0.1,0.9,1,1,,,,,1,1,1,1,1,1,\n")
    train.resume(folder .. "/killed", nil, options())
    compare(folder .. "/whole", folder .. "/killed")
  end)
end)

check.case("the same seed gives the same bits, another seed others", function()
  with_folder(function(folder)
    local c = config {epochs = 1}
    train.run(c, options(folder .. "/a"))
    train.run(c, options(folder .. "/b"))
    compare(folder .. "/a", folder .. "/b")
    c.seed = 2
    train.run(c, options(folder .. "/c"))
    check.error(function() compare(folder .. "/a", folder .. "/c") end)
  end)
end)

check.case("a run is not overwritten, and resumed only as it was begun", function()
  with_folder(function(folder)
    local c = config {epochs = 1}
    train.run(c, options(folder .. "/a"))
    local before = content(folder .. "/a/last.safetensors")
    check.error(function() train.run(c, options(folder .. "/a")) end, "already holds a run")
    check.that(content(folder .. "/a/last.safetensors") == before)
    check.error(function() train.resume(folder .. "/a", {lr = 1.0}, options()) end, "begun with lr = 0.02")
    check.error(function() train.resume(folder .. "/a", {epochs = 9}, options()) end, "schedule ends at epoch 1")
    check.error(function() train.resume(folder .. "/b", nil, options()) end, "is not a run")
  end)
end)

check.case("early stopping watches the validation images", function()
  with_folder(function(folder)
    local c = config {epochs = 50, lr = 1e-30, schedule = "constant", early_stop = 3, val_split = 0.25, momentum = 0.0,
                      weight_decay = 0.0, train_size = 96, test_size = 40, augment = false}
    local result = train.run(c, {folder = folder .. "/a", progress = false})
    check.equal(result.stopped, "early")
    check.equal(result.epochs, 4)
    check.equal(result.best.epoch, 1)
    local kept = train.checkpoint.load(folder .. "/a/best.safetensors").state
    check.equal({kept.epoch, kept.best.error}, {2, result.log.rows[1].val_error})   -- as epoch 1 left it
    check.that(result.last.val_error and result.last.test_error)
  end)
end)

check.case("a loss that is not a number ends the run and spares the last good checkpoint", function()
  with_folder(function(folder)
    local c = config {schedule = "constant", epochs = 4}
    local result = train.run(c, options(folder .. "/a", {hooks = {on_epoch = function(trainer)
      if trainer.epoch == 3 then
        rm.no_grad(function() trainer.net:parameters()[1]:fill_(0 / 0) end)
      end
    end}}))
    check.equal(result.stopped, "diverged")
    check.equal(result.epochs, 2)
    local saved = train.checkpoint.load(folder .. "/a/last.safetensors")
    check.equal(saved.state.epoch, 3)
    for name, tensor in pairs(saved.net) do
      if tensor.dtype == "float32" then check.that(tensor:sum():item() == tensor:sum():item(), name) end
    end
  end)
end)

check.case("a trained network is loaded by the name of its run, and tests as the log says", function()
  with_folder(function(folder)
    train.run(config(), options(folder .. "/a"))
    local net, c = train.load(folder .. "/a")
    check.equal(c.model, "lenet5")
    local measured = train.evaluate(net, rm.data.Loader(small_sets()[2], {batch_size = 7}), {scores = true})
    local best = train.folder.summary(train.folder.read(folder .. "/a")).best
    check.close(measured.error, best, {atol = 1e-9})
    check.close(rm.metrics.accuracy(measured.scores, measured.labels), 1 - best / 100, {atol = 1e-9})
  end)
end)

check.case("a batch in parts makes the step of the whole batch", function()
  with_folder(function(folder)
    -- lenet5 has no batch norm; 96 images in batches of 40, 40 and 16, in parts of 8 and of 5 and 6.
    local function weights(name, accumulate)
      local path = folder .. "/" .. name
      train.run(config {epochs = 1, batch_size = 40, accumulate = accumulate, clip = 1}, options(path))
      return train.checkpoint.load(path .. "/last.safetensors").net, train.Log.read(path .. "/log.csv").rows[1]
    end
    local whole, row = weights("whole", 1)
    for _, parts in ipairs {3, 5} do
      local net, log = weights("parts" .. parts, parts)
      for name, tensor in pairs(whole) do check.close(net[name], tensor, {rtol = 1e-4, atol = 1e-6}) end
      check.close(log.train_loss, row.train_loss, {rtol = 1e-5})
      check.equal(log.train_error, row.train_error)
    end
    weights("single", 1000)  -- never more parts than images
  end)
end)

-- The longest row of a weight (out, ...).
local function longest(weight) return (weight * weight):flatten(2):sum(2):sqrt():max():item() end

check.case("weight restriction holds after every step, also in a run that was taken up again", function()
  with_folder(function(folder)
    local c, steps = config {max_norm = 0.3, init = "xavier"}, 0
    local hooks = {on_step = function(trainer)
      for name, p in trainer.net:named_parameters() do
        if #p.shape >= 2 then check.that(longest(p) <= 0.3 * (1 + 1e-5), name .. " is longer") end
      end
      steps = steps + 1
    end}
    train.run(c, options(folder .. "/whole", {hooks = hooks}))
    check.equal(steps, 18)
    interrupt_at(9, function(stop) return train.run(c, options(folder .. "/part", {hooks = stop})) end)
    train.resume(folder .. "/part", nil, options())
    compare(folder .. "/whole", folder .. "/part")
    train.run(config {init = "xavier"}, options(folder .. "/free"))
    check.that(longest(train.load(folder .. "/free").fc1.weight) > 0.3)
  end)
end)

check.case("activation and initialization of a run are those of its settings; a run knows its device", function()
  with_folder(function(folder)
    local c = config {epochs = 1, lr = 1e-30, momentum = 0.0, weight_decay = 0.0, activation = "maxout", init = "he"}
    train.run(c, options(folder .. "/a"))
    local net, saved = train.load(folder .. "/a")
    check.close(net.fc1.weight:std():item(), 1 / math.sqrt(400), {rtol = 0.02})
    check.equal(net.fc1.weight.shape, {240, 400})
    check.that(saved.device:find(", %d+ threads?$"), saved.device)
    saved = rm.json.decode(content(folder .. "/a/config.json"))
    saved.device = "another, 1 thread"    -- as if it had been begun elsewhere
    rm.write_atomic(folder .. "/a/config.json", rm.json.encode(saved))
    check.error(function() train.resume(folder .. "/a", {activation = "elu"}, options()) end, "begun with activation")
    check.equal(train.resume(folder .. "/a", nil, options()).config.device, "another, 1 thread")
  end)
end)

check.case("without standardization pixels are 0 to 1, in training and wherever the run is loaded", function()
  with_folder(function(folder)
    local seen
    local c = config {epochs = 1, standardize = false, augment = false}
    local trainer = train.run(c, options(folder .. "/a", {hooks = {on_step = function(t) seen = t end}})) and seen
    for x in trainer.train:epoch(1) do
      check.that(x:min():item() >= 0 and x:max():item() <= 1)
      check.close((x * 255):round(), x * 255, {atol = 1e-3})
    end
    local net, _, mean, std = train.load(folder .. "/a")
    check.equal({mean, std}, {{0, 0, 0}, {1, 1, 1}})
    local loader = rm.data.Loader(small_sets()[2], {mean = mean, std = std})
    check.close(train.evaluate(net, loader).error, trainer.log.rows[1].test_error)
  end)
end)

check.case("a step decay multiplies the rate by gamma every step_size epochs", function()
  local result = train.run(config {epochs = 5, lr = 0.02, schedule = "step", step_size = 2, gamma = 0.5}, options())
  check.close(result.log:by_column().lr, {0.02, 0.02, 0.01, 0.01, 0.005}, {rtol = 1e-9})
end)

check.case("settings that make no sense are named", function()
  local function refused(changes, message)
    check.error(function() train.run(config(changes), options()) end, message)
  end
  refused({epochs = 0}, "epochs is 0, expected at least 1")
  refused({epochs = 1.5}, "epochs is 1.5, expected a whole number")
  refused({accumulate = 0}, "accumulate is 0, expected at least 1")
  refused({schedule = "zigzag"}, "one of multistep, onecycle")
  refused({init = "random"}, "init is random, expected one of xavier, xavier_normal, he")
  refused({activation = "rleu"}, "train: activation is rleu, did you mean 'relu'?")
  refused({max_norm = -1}, "max_norm is -1, expected at least 0")
  refused({model = "resnet20", activation = "elu"}, "models.resnet20: unknown option 'activation'")
  refused({lr = "fast"}, "lr is 'fast', expected a number")
  refused({learning_rate = 1}, "unknown setting 'learning_rate'")
  refused({model = "resnet21"}, "did you mean 'resnet20'")
  check.error(function() train.Trainer {net = 1} end, "'optimizer' is missing")
end)

check.case("a damaged checkpoint is refused and named", function()
  with_folder(function(folder)
    train.run(config {epochs = 1}, options(folder .. "/a"))
    local path = folder .. "/a/last.safetensors"
    rm.write_atomic(path, content(path):sub(1, -100))
    check.error(function() train.resume(folder .. "/a", nil, options()) end, "last.safetensors")
    rm.write_atomic(folder .. "/a/log.csv", "epoch,steps,train_loss,train_error\n1,x,1,1\n")
    check.error(function() train.folder.read(folder .. "/a") end, "log.csv:2: steps is 'x', which is not a number")
  end)
end)

check.case("an option that is unknown, or missing", function()
  check.error(function() train.Trainer {net = 1, optimzer = 2} end,
              "Trainer: unknown option 'optimzer', did you mean 'optimizer'?; it takes net, optimizer, schedule")
  check.error(function() train.Trainer {net = 1, optimizer = 2} end, "Trainer: option 'train' is missing")
end)
