-- Fine-tuning: a network that was trained for ten classes learns three others, first its head alone, then more of it.
--
-- Run it: resmoon examples/more/fine_tuning.lua. It trains runs/ten, unless that is there, and then goes on. It prints:
--   loaded: resnet20, 10 classes
--   other images: 600 to train, 600 to test, of ring, star, spiral
--   frozen but for the head: 99 of 67819 parameters are trained
--   what is frozen stays as it was, and so do the statistics of its batch norms: true
--   unfrozen from layer3 on: 51171 parameters, rates 0.002 and 0.01
--   layer3 has learned, layer1 has not: true true
--   the error is below that of guessing, and the loss lower than with the head alone: true true
local rm = require "resmoon"
local nn, data, optim, train = rm.nn, rm.data, rm.optim, rm.train

train.run({
  model = "resnet20", width = 8, size = 16, train_size = 4000, test_size = 500, epochs = 4, batch_size = 32,
  augment = false, optimizer = "adam", lr = 0.005, schedule = "onecycle",
}, {folder = "runs/ten", resume = true, progress = false})
local net, config, mean, std = train.load "runs/ten"
print(("loaded: %s, %d classes"):format(config.name, #config.classes))

-- The images of some classes as a data set of their own, with labels 1, 2, ...
local function only(all, names)
  local label, indices, labels = {}, {}, {}
  for i, name in ipairs(names) do label[name] = i end
  for i, y in ipairs(all:all_labels():totable()) do
    local new = label[all.classes[y]]
    if new then indices[#indices + 1], labels[#labels + 1] = i, new end
  end
  return data.from_tensors(all:subset(indices):all_images(), rm.tensor(labels, "int64"), {classes = names})
end
local names = {"ring", "star", "spiral"}
local training = only(data.shapes10({size = 2000, seed = 2}):shrunk(16), names)
local test = only(data.shapes10({train = false, size = 2000, seed = 2}):shrunk(16), names)
print(("other images: %d to train, %d to test, of %s"):format(#training, #test, table.concat(names, ", ")))

-- Images are normalized as those of the run were.
local loader = data.Loader(training, {batch_size = 32, shuffle = true, mean = mean, std = std, seed = 1})
local tester = data.Loader(test, {mean = mean, std = std})
local function fit(optimizer)
  return train.Trainer({net = net, optimizer = optimizer, train = loader, test = tester, epochs = 3,
                        progress = false}):fit()
end
local function trained()
  local n = 0
  for _, p in ipairs(net:parameters()) do n = n + (p.requires_grad and p:numel() or 0) end
  return n
end

-- 1. Another head; all else is frozen, the running statistics of batch norms included.
rm.manual_seed(1)
net:replace("fc", nn.Linear(net.fc.in_features, #names))
net:freeze({batchnorm = true}):unfreeze "fc"
print(("frozen but for the head: %d of %d parameters are trained"):format(trained(),
  net:summary({3, 16, 16}).parameters))
local before = net:clone()
local head = fit(optim.SGD(net.fc:parameters(), {lr = 0.05, momentum = 0.9}))
local same = net.conv1.weight:eq(before.conv1.weight):all():item() == 1
print("what is frozen stays as it was, and so do the statistics of its batch norms:",
  same and net.bn1.running_mean:eq(before.bn1.running_mean):all():item() == 1)

-- 2. The last stage as well, more carefully: a group of parameters may have a rate of its own.
net:unfreeze "layer3"
local groups = {{params = net.layer3:parameters(), lr = 0.002}, {params = net.fc:parameters()}}
local opt = optim.SGD(groups, {lr = 0.01, momentum = 0.9})
print(("unfrozen from layer3 on: %d parameters, rates %g and %g"):format(trained(), opt.groups[1].lr,
  opt.groups[2].lr))
local more = fit(opt)
local function moved(path)
  return net:get_submodule(path).weight:ne(before:get_submodule(path).weight):any():item() == 1
end
print("layer3 has learned, layer1 has not:", moved "layer3.0.conv1", not moved "layer1.0.conv1")
print("the error is below that of guessing, and the loss lower than with the head alone:", more.last.test_error < 50,
  more.last.train_loss < head.last.train_loss)
