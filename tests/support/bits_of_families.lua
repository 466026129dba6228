--- What runs come to, as digests, for every family of networks in a small form and every layer whose sums go over
-- images: tests/lua/dist/bits_test.lua runs this with one process and with several, and compares. A batch has 16 images
-- in the first steps of an epoch and 4 in the last, so that eight processes compute that one each.
-- Prints a line for each: name, digest of weights and losses. Process 0 alone prints.
local rm = require "resmoon"
local nn, models, train, data = rm.nn, rm.models, rm.train, rm.data

local PLAIN = {train_size = 36, test_size = 12, batch_size = 16, epochs = 1, size = 16, lr = 0.01, augment = false,
               schedule = "constant", drawing = {}}
local function with(settings)
  local all = {}
  for _, list in ipairs {PLAIN, settings} do
    for name, value in pairs(list) do all[name] = value end
  end
  return all
end

local Twice = nn.class("Twice", nn.Module)   -- images of twice the height and width
function Twice.forward(_, x)
  x = rm.cat({x, x}, 3)
  return rm.cat({x, x}, 4)
end

local function small(name, options)
  options.num_classes, options.input = 10, options.input or {3, 32, 32}
  return models[name](options)
end

local function head(channels) return nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, 10) end

-- Layers of all kinds, each with what it learns.
local function mixture()
  return nn.Sequential {
    nn.Conv2d(3, 8, 3, {padding = 1}), nn.GroupNorm(2, 8), nn.PReLU(8), nn.Conv2d(8, 8, 3, {padding = 1, groups = 8}),
    nn.InstanceNorm2d(8, {affine = true, track_running_stats = true}), nn.PReLU(), nn.Dropout2d(0.2),
    nn.Conv2d(8, 12, 3, {padding = 2, dilation = 2, groups = 4, bias = false}), nn.BatchNorm2d(12), nn.SiLU(),
    nn.StochasticDepth(0.3, "batch"), nn.StochasticDepth(0.2, "row"), nn.Conv2d(12, 16, 5, {stride = 2}),
    nn.LayerNorm {16, 6, 6}, nn.GELU(), nn.Flatten(), nn.Linear(576, 32), nn.BatchNorm1d(32), nn.Maxout(2),
    nn.LayerNorm {16}, nn.Dropout(0.3), nn.Linear(16, 10)}
end

-- Convolutions of many weights under few pixels, with each method: their sums go over the images of all processes.
local function wide()
  return nn.Sequential {
    nn.Conv2d(3, 96, 3, {padding = 1, stride = 2}), nn.BatchNorm2d(96), nn.ReLU(),
    nn.Conv2d(96, 128, 3, {padding = 1, bias = false}), nn.BatchNorm2d(128), nn.ReLU(),
    nn.Conv2d(128, 128, 3, {stride = 2, padding = 1, bias = false}), nn.BatchNorm2d(128), nn.ReLU(),
    nn.Conv2d(128, 320, 1, {bias = false}), nn.BatchNorm2d(320), nn.ReLU(),
    nn.Conv2d(320, 128, 1, {bias = false}), nn.ReLU(), nn.Conv2d(128, 33, 5, {padding = 2}), nn.ReLU(), head(33)}
end

-- A weight that stands outside of layers, broadcast over images, and one that is used twice.
local Own = nn.class("Own", nn.Module)
function Own:init()
  self.conv = nn.Conv2d(3, 3, 3, {padding = 1})
  self.scale = rm.ones(3, 1, 1):requires_grad_()
  self.shift = rm.zeros(3, 16, 16):requires_grad_()
  self.linear = nn.Linear(3, 10)
end
function Own:forward(x)
  local y = self.conv(self.conv(x) * self.scale + self.shift)
  return self.linear(nn.checkpoint(function(z) return (z * self.scale):relu() end)(y):mean {3, 4})
end

local function rows(width, outputs)
  rm.manual_seed(7)
  local x = rm.randn(36, width)
  local y = outputs and rm.randn(36, outputs) or rm.randint(1, 4, {36})
  return {data.from_tensors(x, y), data.from_tensors(x:narrow(1, 1, 12), y:narrow(1, 1, 12))}
end

local function weighted(logits, labels)
  return logits:cross_entropy(labels, {weight = rm.arange(1, 10), label_smoothing = 0.1})
end

local cases = {
  {"mlp", {model = "mlp"}},
  {"mlp, regression", {model = function() return nn.Sequential {nn.Linear(5, 8), nn.Tanh(), nn.Linear(8, 3)} end},
   rows(5, 3)},
  {"lenet5", {model = "lenet5", size = 32}},
  {"highway", {model = "highway19", width = 8}},
  {"plain", {model = "plain20", width = 8}},
  {"cifar resnet", {model = "resnet20", augment = true}},
  {"cifar resnet, wide, shortcut A", {model = "resnet20", width = 24, shortcut = "A"}},
  {"cifar resnet, bottlenecks", {model = "resnet20", width = 8, block = "bottleneck"}},
  {"cifar resnet, group norm, stochastic depth",
   {model = "resnet20", width = 8, norm = "group", stochastic_depth = 0.2}},
  {"cifar resnet, instance norm", {model = "resnet20", width = 8, norm = "instance"}},
  {"resnet18", {model = "resnet18", size = 32}},
  {"resnet50", {model = "resnet50", width = 16, size = 32}},
  {"resnet50, deep stem, shortcut D", {model = "resnet50", width = 8, stem = "deep", shortcut = "D", size = 32}},
  {"alexnet", {model = function()
    return nn.Sequential {Twice(), small("alexnet", {hidden = 40, input = {3, 64, 64}})}
  end, size = 32}},
  {"vgg", {model = function() return small("vgg16", {hidden = 40, batch_norm = true}) end, size = 32}},
  {"googlenet, with heads",
   {model = function() return small("googlenet", {aux = true}) end, size = 32}},
  {"layers of all kinds", {model = mixture}},
  {"many weights", {model = wide, size = 32}},
  {"weights outside of layers", {model = function() return Own() end}},
  {"mixed images", {model = "lenet5", size = 32, mixup = 0.4, cutmix = 1, random_erasing = 0.5, color_jitter = 0.3}},
  {"averages, balanced, clipped", {model = "mlp", ema = 0.9, sampling = "balanced", clip = 0.5, val_split = 0.2}},
  {"lars", {model = "lenet5", size = 32, optimizer = "lars", trust = 0.02}},
  {"adam", {model = "lenet5", size = 32, optimizer = "adam", lr = 0.003}},
}

local function digest(case)
  local result = train.run(with(case[2]), {progress = false, sets = case[3]})
  local row = result.last
  local text = ("%s %.17g %.17g %s"):format(result.net:hash(), row.train_loss, row.test_loss or 0, row.train_error)
  return rm.sha256(text):digest():sub(1, 16)
end

-- A loss with weights of classes: the mean is over the weights of all images.
local function by_hand()
  rm.manual_seed(1)
  local net = small("lenet5", {})
  local sets = {data.shapes10 {size = 36}, data.shapes10 {size = 12, seed = 2}}
  local trainer = train.Trainer {
    net = net, optimizer = rm.optim.SGD(net:parameters(), {lr = 0.01, momentum = 0.9}), loss = weighted, epochs = 1,
    train = data.Loader(sets[1], {batch_size = 16, shuffle = true}), test = data.Loader(sets[2], {batch_size = 6}),
    progress = false}
  trainer:fit()
  return rm.sha256(("%s %.17g"):format(net:hash(), trainer.log.rows[1].train_loss)):digest():sub(1, 16)
end

local only = arg[1]
local function show(name, f)
  if only and not name:find(only, 1, true) then return end
  local text = f()
  if rm.dist.rank() == 0 then print(name .. "\t" .. text) end
end
for _, case in ipairs(cases) do show(case[1], function() return digest(case) end) end
show("weights of classes, by hand", by_hand)
