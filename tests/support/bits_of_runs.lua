--- What runs come to, as digests: 20 steps each of every family of networks, every optimizer, and the data, settings
-- and schedules of the labs, made small. A digest is over the hash of the weights and the losses of training and test.
-- tests/lua/train/bits_test.lua runs this file with each instruction set and compares what it prints with
-- tests/reference/bits/runs.txt. Arguments: numbers of threads.
local rm  = require "resmoon"
local lab = {}
for _, name in ipairs {"a", "b", "c", "d", "e"} do lab[name] = require("resmoon.labs." .. name).about.embedded end
local train = rm.train

local PLAIN = {train_size = 80, test_size = 20, batch_size = 4, epochs = 1, size = 16, drawing = {}, lr = 0.01,
               schedule = "constant", augment = false}
local function with(...)
  local all = {}
  for _, list in ipairs {PLAIN, ...} do
    for name, value in pairs(list) do all[name] = value end
  end
  return all
end

-- The settings of a lab in 20 steps.
local function of_lab(name, more)
  return with(lab[name], {train_size = 80, test_size = 20, batch_size = 4, epochs = 1}, more)
end

local cases = {
  {"mlp", {model = "mlp"}},
  {"lenet5", {model = "lenet5", size = 32}},
  {"highway19", {model = "highway19", width = 8}},
  {"resnet20", {model = "resnet20"}},
  {"resnet20 of 8 channels, with B", {model = "resnet20", width = 8, shortcut = "B"}},
  {"resnet20 of bottlenecks, with C", {model = "resnet20", width = 8, block = "bottleneck", shortcut = "C"}},
  {"resnet20 with group norm and stochastic depth",
   {model = "resnet20", width = 8, norm = "group", stochastic_depth = 0.2}},
  {"resnet20 with instance norm", {model = "resnet20", width = 8, norm = "instance"}},
  {"plain20", {model = "plain20", width = 8}},
  {"resnet18", {model = "resnet18", width = 16}},
  {"resnet18 of 20 channels", {model = "resnet18", width = 20}},
  {"resnet50", {model = "resnet50", width = 16}},
  {"resnet50, with D and a deep stem", {model = "resnet50", width = 8, shortcut = "D", stem = "deep", size = 32}},
  {"sgd with nesterov", {model = "mlp", nesterov = true, weight_decay = 1e-3, momentum = 0.8}},
  {"adam", {model = "lenet5", size = 32, optimizer = "adam", lr = 0.003}},
  {"adamw", {model = "lenet5", size = 32, optimizer = "adamw", lr = 0.003, weight_decay = 0.1}},
  {"rmsprop", {model = "lenet5", size = 32, optimizer = "rmsprop", lr = 0.001}},
  {"shift and flip, cosine", {model = "lenet5", size = 32, augment = true, schedule = "cosine"}},
  {"a random part, onecycle", {model = "lenet5", size = 32, augment = "imagenet", schedule = "onecycle"}},
  {"step, warmup", {model = "mlp", schedule = "step", step_size = 1, warmup = 1, epochs = 2, batch_size = 8}},
  {"smoothed labels, clipped, parts, restricted",
   {model = "mlp", label_smoothing = 0.1, clip = 0.5, accumulate = 2, max_norm = 0.4}},
  {"average of weights, balanced", {model = "mlp", ema = 0.9, sampling = "balanced", val_split = 0.25}},
  {"colors, rotation, erasing, mixup and cutmix",
   {model = "lenet5", size = 32, augment = true, color_jitter = 0.4, rotation = 15, random_erasing = 0.5, mixup = 0.4,
    cutmix = 1}},
  {"cyclic rates", {model = "mlp", schedule = "cyclic", cycle_mode = "exp_range", gamma = 0.5, epochs = 2,
                    batch_size = 8}},
  {"sigmoid", {model = "mlp", activation = "sigmoid"}},
  {"tanh", {model = "lenet5", size = 32, activation = "tanh"}},
  {"maxout", {model = "mlp", activation = "maxout"}},
  {"elu", {model = "mlp", activation = "elu", init = "xavier"}},
  {"silu", {model = "mlp", activation = "silu"}},
  {"gelu", {model = "mlp", activation = "gelu", init = "he"}},
  {"lab a", of_lab("a", {model = "plain18", width = 8})},
  {"lab b", of_lab("b", {model = "resnet20", width = 8})},
  {"lab c", of_lab("c", {model = "resnet18", width = 8})},
  {"lab d", of_lab("d", {width = 8})},
  {"lab e", of_lab("e", {model = "mlp", activation = "leaky_relu"})},
}

-- Networks that training takes in full size only, made smaller, in few steps.
local built = {
  {"alexnet", 4, 64, {hidden = 40}},
  {"vgg16", 2, 32, {hidden = 40, batch_norm = true}},
  {"googlenet", 4, 32, {}},
}
local images, labels = rm.data.shapes10({size = 64}):batch((function()
  local which = {}
  for i = 1, 32 do which[i] = i end
  return which
end)())

local function of_built(case)
  local name, steps, size, options = table.unpack(case)
  rm.manual_seed(1)
  options.num_classes, options.input = 10, {3, size, size}
  local net = rm.models[name:match "^%w+"](options)
  local optimizer = rm.optim.SGD(net:parameters(), {lr = 0.01, momentum = 0.9})
  local loss
  for step = 1, steps do
    local x = images:narrow(1, 2 * step - 1, 2):float() / 255
    if size == 64 then x = rm.cat({rm.cat({x, x}, 3), rm.cat({x, x}, 3)}, 4) end
    optimizer:zero_grad()
    loss = net(x):cross_entropy(labels:narrow(1, 2 * step - 1, 2))
    loss:backward()
    optimizer:step()
  end
  return ("%s %.17g"):format(net:hash(), loss:item())
end

local function of_run(case)
  local result = train.run(with(case[2]), {progress = false})
  local row = result.last
  local all = ("%s %.17g %.17g"):format(result.net:hash(), row.train_loss, row.test_loss)
  return result.ema and all .. (" %.17g"):format(row.val_ema_loss) or all
end

for _, threads in ipairs(arg) do
  rm.set_num_threads(math.tointeger(threads))
  for i, list in ipairs {cases, built} do
    for _, case in ipairs(list) do
      print(("%s\t%s"):format(case[1], rm.sha256((i == 1 and of_run or of_built)(case)):digest():sub(1, 16)))
      if os.getenv "BITS_TIME" then io.stderr:write(("%.2f %s\n"):format(os.clock(), case[1])) end
    end
  end
end
