--- The moving average of weights: its formula, swapping, states, and a training that keeps one.
local check = require "support.check"
local files = require "support.files"
local rm    = require "resmoon"
local nn, optim, train = rm.nn, rm.optim, rm.train

local function set(net, w, b)
  rm.no_grad(function()
    net.weight:copy_(rm.tensor {w})
    net.bias:copy_(rm.tensor {b})
  end)
end

check.case("it is PyTorch's AveragedModel with avg_fn decay * average + (1 - decay) * weight", function()
  local net = nn.Linear(2, 1)
  local ema = optim.EMA(net, {decay = 0.9})
  -- PyTorch 1.13: AveragedModel(net, avg_fn = lambda a, p, n: 0.9 * a + 0.1 * p) on the same weights.
  local steps = {{{1, 2}, 3}, {{-1, 0.5}, 4}, {{0.25, 8}, -2}, {{5, -5}, 0}}
  local expected = {{1, 2, 3}, {0.8, 1.85, 3.1}, {0.745, 2.465, 2.59}, {1.1705, 1.7185, 2.331}}
  for i, step in ipairs(steps) do
    set(net, step[1], step[2])
    ema:update()
    local w, b = ema.averages.weight:totable()[1], ema.averages.bias:totable()
    check.close({w[1], w[2], b[1]}, expected[i], {rtol = 1e-6})
  end
  check.equal(ema.updates, 4)
end)

check.case("warmup: the decay of update n is at most (1 + n) / (10 + n)", function()
  local net, a = nn.Linear(1, 1), nil
  local ema = optim.EMA(net, {decay = 0.3, warmup = true})
  for n, w in ipairs {1, 2, 4, 8, 16, 32} do
    set(net, {w}, 0)
    ema:update()
    local decay = math.min(0.3, n / (9 + n))   -- n counts from 1 here
    a = a and decay * a + (1 - decay) * w or w
    check.close(ema.averages.weight:item(), a, {rtol = 1e-6})
  end
end)

check.case("float buffers are averaged, or copied; others are copied", function()
  local x = rm.randn(8, 3, 4, 4) * 3 + 1
  for _, averaged in ipairs {true, false} do
    local net = nn.BatchNorm2d(3)
    local ema = optim.EMA(net, {decay = 0.5, use_buffers = averaged})
    ema:update()
    local before = net.running_mean:clone()
    net(x)
    ema:update()
    local now = net.running_mean
    check.close(ema.averages.running_mean:totable(), (averaged and (before + now) * 0.5 or now):totable())
    check.that(ema.averages.num_batches_tracked:eq(net.num_batches_tracked):all():item() == 1)
  end
end)

check.case("swap puts the average in the network, and back to the same bits, after an error, too", function()
  local net = nn.Sequential {nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2)}
  local ema = optim.EMA(net, {decay = 0.7})
  check.error(function() ema:swap() end, "there is no average")
  ema:update()
  rm.no_grad(function()
    for _, p in net:named_parameters() do p:mul_(1.1) end
  end)
  ema:update()
  local function bits()
    local list = {}
    for name, p in net:named_parameters() do list[#list + 1] = name .. rm.json.encode(p:totable()) end
    return table.concat(list)
  end
  local raw, x = bits(), rm.randn(5, 3)
  local y = net(x):detach()
  local averaged = ema:apply(function() return net(x):detach() end)
  check.that(y:eq(averaged):all():item() == 0, "the average is the network")
  check.equal(bits(), raw)
  check.error(function() ema:apply(function() error "no" end) end, "no")
  check.equal(bits(), raw)
  ema:swap()
  check.that(bits() ~= raw)
  ema:swap()
  check.equal(bits(), raw)
end)

check.case("a state goes over to another; what does not fit changes nothing", function()
  local net = nn.Linear(2, 3)
  local ema, other = optim.EMA(net), optim.EMA(nn.Linear(2, 3))
  ema:update()
  ema:update()
  other:load_state_dict(ema:state_dict())
  check.equal({other.updates, other.averages.weight:totable()}, {2, ema.averages.weight:totable()})
  local small = optim.EMA(nn.Linear(2, 2))
  check.error(function() small:load_state_dict(ema:state_dict()) end, "average of weight is float32 %(3, 2%), expected")
  check.equal(small.updates, 0)
  check.error(function() small:load_state_dict {numbers = {updates = 1}, tensors = {}} end, "lacks the average of")
  check.error(function() optim.EMA(net, {decay = 1}) end, "decay is 1, expected a number from 0 to below 1")
end)

check.case("a network that is changed: what is new begins as a copy", function()
  local net = nn.Sequential {nn.Linear(2, 3), nn.Linear(3, 2)}
  local ema = optim.EMA(net, {decay = 0.9})
  ema:update()
  net:replace("1", nn.Linear(3, 5))
  check.error(function() ema:swap() end, "was changed since the last update")
  ema:update()
  check.equal(ema:apply(function() return net(rm.ones(1, 2)).shape end), {1, 5})
end)

check.case("a training with ema logs both errors, keeps the averaged weights, and is taken up", function()
  files.with_folder(function(folder)
    local settings = {model = "lenet5", epochs = 4, train_size = 300, test_size = 100, ema = 0.9, schedule = "constant",
                      lr = 0.05, val_split = 0.2}
    local whole = train.run(settings, {folder = folder .. "/whole", progress = false})
    local log = train.folder.read(folder .. "/whole")
    for _, row in ipairs(log.rows) do check.that(row.test_ema_error and row.val_ema_error and row.test_error) end
    check.that(log.rows[1].test_ema_loss ~= log.rows[1].test_loss)
    local best = whole.best
    check.equal({best.error, best.averaged}, {log.rows[best.epoch].val_ema_error, true})
    -- what best.safetensors holds has the error that the log says, and so has the summary
    local net, c, mean, std = train.load(folder .. "/whole")
    local _, test = train.config.open(c)
    local at_best = log.rows[best.epoch]
    local measured = train.evaluate(net, rm.data.Loader(test, {mean = mean, std = std}))
    check.close({measured.error, measured.loss}, {at_best.test_ema_error, at_best.test_ema_loss})
    check.equal(train.folder.summary(log).kept, log.rows[best.epoch].test_ema_error)
    settings.epochs = 2
    train.run(settings, {folder = folder .. "/parts", progress = false})
    local parts = train.resume(folder .. "/parts", {epochs = 4}, {progress = false})
    for _, name in ipairs {"train_loss", "test_loss", "test_ema_loss", "val_ema_error"} do
      check.equal(parts.last[name], whole.last[name], name)
    end
    check.equal(parts.ema.updates, whole.ema.updates)
    check.that(table.concat(train.compare.table {log}, "\n"):find "averaged %(EMA%)")
    check.error(function() train.resume(folder .. "/parts", {epochs = 5, ema = 0.5}) end, "was begun with ema = 0.9")
  end)
end)

-- What a training does with an rm.interrupt that answers as if Ctrl-C had come during step n.
local function interrupted_at(n, f)
  local steps, real = 0, rm.interrupt
  rm.interrupt = {hold = function() end, clear = function() end, pending = function() return steps >= n end}
  local ok, result = pcall(f, {on_step = function() steps = steps + 1 end})
  rm.interrupt = real
  if not ok then error(result, 0) end
  return result
end

check.case("Ctrl-C in the middle of an epoch, or of an evaluation, keeps weights and average", function()
  files.with_folder(function(folder)
    local settings = {model = "lenet5", epochs = 2, train_size = 160, test_size = 40, batch_size = 16, ema = 0.8}
    local whole = train.run(settings, {folder = folder .. "/whole", progress = false})
    for _, n in ipairs {13, 10} do   -- 10 steps are an epoch: then it is the evaluation that stops
      local path = folder .. "/part" .. n
      local part = interrupted_at(n, function(hooks)
        return train.run(settings, {folder = path, progress = false, hooks = hooks})
      end)
      check.equal(part.stopped, "interrupted")
      local rest = train.resume(path, nil, {progress = false})
      check.equal({rest.last.test_loss, rest.last.test_ema_loss}, {whole.last.test_loss, whole.last.test_ema_loss})
    end
  end)
end)

check.case("a checkpoint without an average, an average of another network", function()
  local function trainer(ema)
    local net = rm.models.mlp {hidden = {8}}
    return train.Trainer {net = net, optimizer = optim.SGD(net:parameters()), epochs = 1, progress = false,
                          train = rm.data.Loader(rm.data.shapes10 {size = 10}),
                          ema = ema == true and optim.EMA(net) or ema or nil}
  end
  files.with_folder(function(folder)
    local path = folder .. "/a.safetensors"
    trainer():save(path)
    check.error(function() trainer(true):resume(path) end, "has no average of the weights, which this training keeps")
    trainer(true):save(path)
    check.error(function() trainer():resume(path) end, "has an average of the weights, but this training keeps none")
    trainer(true):resume(path)
  end)
  check.error(function() trainer(optim.EMA(rm.models.mlp())) end, "ema is the average of another network")
end)

check.case("evaluate and report say that what they measured is the averaged network", function()
  files.with_folder(function(folder)
    local path = folder .. "/run"
    local settings = {model = "lenet5", epochs = 2, train_size = 64, test_size = 40, ema = 0.9, mixup = 0.2,
                      optimizer = "adam", schedule = "cyclic", name = "both"}
    train.run(settings, {folder = path, progress = false})
    check.equal(select(5, train.load(path)), true)
    check.equal(select(5, train.load(path .. "/last.safetensors")), nil)
    require("resmoon.report").write({path}, {out = folder .. "/r.html", evaluation = true})
    local file <close> = assert(io.open(folder .. "/r.md"))
    local page = file:read "a"
    check.that(page:find("both: with averaged weights the error is", 1, true), page)
    check.that(page:find("trained on mixed images, which have no training error", 1, true), page)
    check.that(not page:find("training error (dashed)", 1, true), page)
  end)
end)

check.case("apply wants a function", function()
  local net = rm.nn.Linear(2, 2)
  local ema = rm.optim.EMA(net)
  ema:update()
  check.error(function() ema:apply() end, "EMA.apply: f is nil, expected a function")
end)
