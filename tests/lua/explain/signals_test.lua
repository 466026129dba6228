--- Signals and gradients by layer: against sums by hand, during training, and in layers.csv.
local check = require "support.check"
local files = require "support.files"
local rm    = require "resmoon"
local Layers = require "resmoon.runs.layers"
local Watch = require "resmoon.metrics.signals"
local nn, signals = rm.nn, rm.signals

check.case("mean, std, dead units and gradients are those of sums by hand", function()
  local w1, w2 = {{1, -2}, {-1, -1}, {0.5, 1}}, {{1, 5, -1}, {0.5, 5, 2}}
  local net = nn.Sequential {nn.Linear(2, 3, {bias = false}), nn.ReLU(), nn.Linear(3, 2, {bias = false})}
  rm.no_grad(function()
    net[1].weight:copy_(rm.tensor(w1))
    net[3].weight:copy_(rm.tensor(w2))
  end)
  local x, y = {{1, 0}, {2, 1}}, {1, 2}
  -- h = relu(W1 x): (1, 0, 0.5) and (0, 0, 2): its second unit is dead. z = W2 h: (0.5, 1.5) and (-2, 4).
  local h, z, dz = {{1, 0, 0.5}, {0, 0, 2}}, {{0.5, 1.5}, {-2, 4}}, {}
  local loss = 0
  for i = 1, 2 do
    local a, b = math.exp(z[i][1]), math.exp(z[i][2])
    dz[i] = {(a / (a + b) - (y[i] == 1 and 1 or 0)) / 2, (b / (a + b) - (y[i] == 2 and 1 or 0)) / 2}
    loss = loss - math.log((y[i] == 1 and a or b) / (a + b)) / 2
  end
  local g1, g2 = 0, 0   -- squared norms
  for o = 1, 2 do
    for k = 1, 3 do g2 = g2 + (dz[1][o] * h[1][k] + dz[2][o] * h[2][k]) ^ 2 end
  end
  for k = 1, 3 do
    for c = 1, 2 do
      local sum = 0
      for i = 1, 2 do
        if h[i][k] > 0 then sum = sum + (dz[i][1] * w2[1][k] + dz[i][2] * w2[2][k]) * x[i][c] end
      end
      g1 = g1 + sum * sum
    end
  end
  local s = signals(net, {rm.tensor(x), rm.tensor(y, "int64")}, {name = "two layers"})
  check.equal(s.path, {"0", "2"})
  check.close(s.mean, {1, 3.5 / 6})
  check.close(s.std, {math.sqrt(0.5), math.sqrt(5.25 / 6 - (3.5 / 6) ^ 2)})
  check.that(s.dead[1] ~= s.dead[1])
  check.close(s.dead[2], 1 / 3)
  check.close(s.gradient, {math.sqrt(g1), math.sqrt(g2)})
  check.close(s.loss, loss)
  check.that(tostring(s):find "two layers, 2 layers with weights, 2 images", tostring(s))
end)

check.case("channels are units, and several calls count as one batch", function()
  local conv = nn.Conv2d(2, 1, 1)
  local net = nn.Sequential {nn.Identity(), nn.Conv2d(2, 2, 1), conv}
  net[2].weight:detach():copy_(rm.tensor {1, 0, 0, 0}:reshape(2, 2, 1, 1))
  net[2].bias:detach():copy_(rm.tensor {0, 0})
  local a, b = rm.zeros(2, 2, 3, 3), rm.zeros(1, 2, 3, 3)
  b[1][1] = 3
  local watch <close> = Watch.watch(net)
  net(a); net(b)
  local row = watch:rows()[2]
  check.equal(row.path, "2")
  check.close({row.mean, row.std}, {0.5, math.sqrt(27 * 3 / 18 / 3 - 0.25)})   -- 9 of 54 numbers are 3
  check.equal(row.dead, 0.5)   -- the first channel is not 0 in the second call
  check.that(row.gradient ~= row.gradient)
  watch:close()
  net(b)
  check.close(watch:rows()[2].mean, 0.5)
end)

check.case("the network is what it was: weights, statistics, gradients, modes, generators", function()
  local net = nn.Sequential {nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Dropout(0.5), nn.Flatten(),
                             nn.Linear(4 * 36, 5)}
  local x = rm.randn(4, 3, 8, 8)
  net(x):sum():backward()
  net:eval()
  local before, grad, state = net:hash(), net[1].weight.grad:clone(), rm.random.dropout:get_state()
  local s = signals(net, x)
  check.equal(net:hash(), before)
  check.equal(net[1].weight.grad, grad)
  check.equal({net.training, net[2].training}, {false, false})
  check.equal(rm.random.dropout:get_state(), state)
  check.equal(signals(net, x).gradient, s.gradient)
  net:register_forward_pre_hook(function() error "not today" end)
  check.error(function() signals(net, x) end, "not today")
  check.equal(net:hash(), before)
  check.equal(net[1].weight.grad, grad)
  check.error(function() signals(nn.ReLU(), x) end, "no Conv2d and no Linear layer")
  check.error(function() signals(net, 3) end, "argument 2 is a number")
  check.error(function() signals(x, x) end, "argument 1 is a tensor, expected a network")
end)

check.case("gradients explode through 56 plain layers, and do not through shortcuts", function()
  rm.manual_seed(1)
  local x = rm.randn(8, 3, 16, 16)
  local plain, residual = signals(rm.models.plain56(), x), signals(rm.models.resnet56(), x)
  check.that(plain.gradient[1] > 100 * plain.gradient[55])
  check.that(residual.gradient[1] < 30 * residual.gradient[55])
end)

local function settings(more)
  local s = {model = "resnet20", width = 4, train_size = 96, test_size = 20, size = 16, batch_size = 8, epochs = 3}
  for key, value in pairs(more or {}) do s[key] = value end
  return s
end

check.case("watching layers changes no bit, and layers.csv has each epoch", function()
  files.with_folder(function(folder)
    local bare = rm.train.run(settings(), {folder = folder .. "/a", progress = false})
    local watched = rm.train.run(settings {watch_layers = true}, {folder = folder .. "/b", progress = false})
    check.equal(watched.net:hash(), bare.net:hash())
    check.that(not rm.sys.exists(folder .. "/a/layers.csv"))
    local layers = Layers.read(folder .. "/b/layers.csv")
    local values, epochs = layers:matrix "gradient"
    check.equal(epochs, {0, 2, 3})   -- of 12 steps each second epoch, and the last
    check.equal(#values, 20)
    local numbers = layers.epochs[3].rows[5]
    check.that(numbers.path == "layer1.1.conv2" and numbers.std > 0 and numbers.gradient > 0 and numbers.dead >= 0)
    -- The signals of the first step are those of the network before training, on its first batch.
    check.equal(layers.epochs[1].rows[1].dead ~= layers.epochs[1].rows[1].dead, true)
  end)
end)

check.case("a watched run that is taken up has what it would have had", function()
  files.with_folder(function(folder)
    local more = {watch_layers = true, schedule = "constant", train_size = 128}   -- 16 steps: each epoch is watched
    rm.train.run(settings(more), {folder = folder .. "/whole", progress = false})
    more.epochs = 2
    rm.train.run(settings(more), {folder = folder .. "/part", progress = false})
    -- What stands there of an epoch that is made again goes.
    local kept = Layers.read(folder .. "/part/layers.csv")
    kept:add(7, kept.epochs[1].rows)
    kept:write(folder .. "/part/layers.csv")
    rm.train.resume(folder .. "/part", {epochs = 3}, {progress = false})
    check.equal(files.read(folder .. "/part/layers.csv"), files.read(folder .. "/whole/layers.csv"))
    files.write(folder .. "/part/layers.csv", "epoch,layer\n")
    check.error(function() rm.train.resume(folder .. "/part", {epochs = 4}, {progress = false}) end,
                "layers.csv:1: expected the head")
    rm.train.resume(folder .. "/part", {epochs = 4, watch_layers = false}, {progress = false})
  end)
end)

check.case("layers.csv is read as it was written, and nothing else is", function()
  files.with_folder(function(folder)
    local path, nan = folder .. "/layers.csv", 0 / 0
    local layers = Layers()
    layers:add(0, {{path = "a", mean = -1, std = 2, dead = nan, gradient = math.huge}})
    layers:add(3, {{path = "a", mean = 1e-9, std = 0.5, dead = 0.25, gradient = 3}})
    layers:write(path)
    local text = files.read(path)
    check.equal(tostring(Layers.read(path)), text)
    check.equal(text, "epoch,layer,path,mean,std,dead,gradient\n0,1,a,-1,2,,inf\n3,1,a,1e-09,0.5,0.25,3\n")
    local head = "epoch,layer,path,mean,std,dead,gradient\n"
    for bad, message in pairs {
      [""] = "layers.csv: is empty", ["x\n"] = "layers.csv:1: expected the head",
      [head .. "1,1,a,1,2,3\n"] = ":2: expected epoch, layer, path and four numbers",
      [head .. "1,1,a,x,2,3,4\n"] = ":2: mean is not a number", [head .. "1,2,a,1,2,3,4\n"] = ":2: a layer is missing",
      [head .. "1,1,a,1,2,3,0x4\n"] = ":2: gradient is not a number",
      [head .. "2,1,a,1,2,3,4\n1,1,a,1,2,3,4\n"] = ":3: epoch 1 after epoch 2",
      [head .. "1,1,a,1,2,3,4\n1,2,b,1,2,3,4\n2,1,a,1,2,3,4\n"] = "epoch 2 has 1 layers, the first 2",
      [head .. "99999999999999999999,1,a,1,2,3,4\n"] = ":2: expected epoch",
    } do
      files.write(path, bad)
      check.error(function() Layers.read(path) end, message)
    end
  end)
end)
