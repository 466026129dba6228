-- Looking inside a trained network: what its layers answer, where gradients go, what it confuses, where it looks.
-- (Saliency: Simonyan et al. 2014, arXiv:1312.6034, section 3.)
--
-- Run it: resmoon examples/more/looking_inside.lua. It trains runs/ten, unless that is there; figures go into the
-- folder inside. It prints:
--   68050 parameters, 2562368 multiply-accumulates for an image
--   layer1.0 {32, 8, 16, 16}
--   layer2.0 {32, 16, 8, 8}
--   layer3.0 {32, 32, 4, 4}
--   each block answers 0 somewhere, and none answers 0 everywhere: true
--   gradients of 19 convolutions, the least of them above 0: true
--   the confusion matrix counts 500 images, and its diagonal is the accuracy: true
--   8 images with the largest losses, the worst first: true
--   every pixel has a saliency: {16, 16}, none below 0: true
--   confusion.png gradients.png maps.png saliency.png worst.png
local rm = require "resmoon"
local data, metrics, plot, train = rm.data, rm.metrics, rm.plot, rm.train

train.run({
  model = "resnet20", width = 8, size = 16, train_size = 4000, test_size = 500, epochs = 4, batch_size = 32,
  augment = false, optimizer = "adam", lr = 0.005, schedule = "onecycle",
}, {folder = "runs/ten", resume = true, progress = false})
local net, _, mean, std = train.load "runs/ten"
local test = data.shapes10({train = false, size = 500}):shrunk(16)
local images, y = test:batch(32)
local x = images:normalize(mean, std)
rm.sys.mkdir_p "inside"

local summary = net:summary {3, 16, 16}
print(("%d parameters, %d multiply-accumulates for an image"):format(summary.parameters, summary.macs))

-- A hook sees what a layer returns, until it is removed.
local zeros, handles = {}, {}
for _, name in ipairs {"layer1.0", "layer2.0", "layer3.0"} do
  handles[#handles + 1] = net:get_submodule(name):register_forward_hook(function(_, _, out)
    print(name, out.shape)
    zeros[#zeros + 1] = out:eq(0):float():mean():item()
  end)
end
net(x)
for _, handle in ipairs(handles) do handle:remove() end
print("each block answers 0 somewhere, and none answers 0 everywhere:",
  math.min(table.unpack(zeros)) > 0 and math.max(table.unpack(zeros)) < 1)
plot.feature_maps(net, x[1], {layer = "layer1.0", file = "inside/maps.png"})

-- Gradients, layer by layer.
net(x):cross_entropy(y):backward()
local names, norms = {}, {}
for name, p in net:named_parameters() do
  if name:find "conv" then names[#names + 1], norms[#norms + 1] = name:match "(.*)%.weight", p.grad:norm():item() end
end
print(("gradients of %d convolutions, the least of them above 0: %s"):format(#names, math.min(table.unpack(norms)) > 0))
plot.bars(names, norms, {ylabel = "norm of the gradient", file = "inside/gradients.png"})
net:zero_grad()

-- What it confuses, and where it is most wrong.
local matrix = metrics.confusion(test.classes)
rm.no_grad(function()
  for a, b in data.Loader(test, {batch_size = 100, mean = mean, std = std}):epoch(1) do matrix:add(net(a), b) end
end)
local diagonal = 0
for i = 1, 10 do diagonal = diagonal + matrix.counts[i][i] end
print(("the confusion matrix counts %d images, and its diagonal is the accuracy: %s"):format(matrix:total(),
  diagonal / matrix:total() == matrix:accuracy()))
plot.confusion(matrix, {file = "inside/confusion.png"})
local worst = metrics.top_losses(net, test, {k = 8, mean = mean, std = std})
print(("%d images with the largest losses, the worst first: %s"):format(#worst, worst[1].loss >= worst[8].loss))
plot.top_losses(worst, test, {file = "inside/worst.png"})

-- Where it looks: how much the score of the true class changes with each pixel.
local image = x[{{1, 1}}]:clone():requires_grad_()
net(image)[{1, y[1]:item()}]:backward()
local saliency = image.grad:abs():max(2)[1]
print(("every pixel has a saliency: %s, none below 0: %s"):format(saliency.shape, saliency:min():item() >= 0))
plot.heatmap(saliency, {title = "saliency", file = "inside/saliency.png"})
print(table.concat(rm.sys.list "inside", " "))
