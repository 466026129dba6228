--- Grad-CAM by hand, saliency against differences, occlusion against a loop.
local check = require "support.check"
local files = require "support.files"
local rm    = require "resmoon"
local nn    = rm.nn

-- One convolution of two channels, the mean of each map, and a linear layer: everything can be computed by hand.
local function tiny()
  local net = nn.Sequential {nn.Conv2d(1, 2, 1, {bias = false}), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
                             nn.Linear(2, 2)}
  rm.no_grad(function()
    net[1].weight:copy_(rm.tensor({2, -1}):reshape(2, 1, 1, 1))
    net[4].weight:copy_(rm.tensor {{3, 1}, {-2, 4}})
    net[4].bias:zero_()
  end)
  return net
end

check.case("Grad-CAM by hand: weights are means of gradients, the map is the relu of the weighted sum", function()
  local net, x = tiny(), rm.tensor {{{{1, 2}, {0, -4}}}}
  -- A_1 = 2x, A_2 = -x; the score of class 1 is 3 mean(A_1) + mean(A_2), so a = (3, 1) / 4; the sum is 5/4 x.
  local map, info = rm.gradcam(net, x, {class = 1, layer = "0"})
  check.equal(info.layer, "0")
  check.close(info.weights, rm.tensor {{0.75, 0.25}})
  check.close(map, rm.tensor {{{1.25, 2.5}, {0, 0}}})
  -- Class 2: a = (-2, 4) / 4, the sum is -x - x.
  check.close((rm.gradcam(net, x, {class = 2, layer = "0"})), rm.tensor {{{0, 0}, {0, 8}}})
  -- By default the class that the network says; its mean of x is -0.25: scores -1.75 and 2.
  local _, said = rm.gradcam(net, x)
  check.equal(said.class[1]:item(), 2)
end)

check.case("a map is resized as by PyTorch 1.13's interpolate(mode = 'bilinear', align_corners = False)", function()
  local net = nn.Sequential {nn.Conv2d(1, 1, 2, {stride = 2, bias = false}), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
                             nn.Linear(1, 1)}
  rm.no_grad(function()
    net[1].weight:fill_(0.25)
    net[4].weight:fill_(4)
    net[4].bias:zero_()
  end)
  local x = rm.tensor {{{{1, 1, 2, 2}, {1, 1, 2, 2}, {3, 3, 4, 4}, {3, 3, 4, 4}}}}
  local map = rm.gradcam(net, x, {class = 1, layer = "0"})
  check.close(map, rm.tensor {{{1, 1.25, 1.75, 2}, {1.5, 1.75, 2.25, 2.5}, {2.5, 2.75, 3.25, 3.5}, {3, 3.25, 3.75, 4}}})
end)

check.case("the default layer is the last feature map of a convolution that is larger than a pixel", function()
  local models, x = rm.models, rm.randn(1, 3, 32, 32)
  local function layer(net, image) return select(2, rm.gradcam(net, image or x)).layer end
  check.equal(layer(models.resnet20()), "layer3")
  check.equal(layer(models.lenet5(), rm.randn(1, 3, 32, 32)), "conv2")
  check.equal(layer(models.googlenet {num_classes = 10, input = {3, 32, 32}}, rm.randn(1, 3, 64, 64)), "inception5b")
  check.error(function() rm.gradcam(models.mlp(), x) end, "gradcam: mlp has no convolution")
  check.error(function() rm.gradcam(models.resnet20(), x, {layer = "layer9"}) end, "no layer 'layer9', did you mean")
  check.error(function() rm.gradcam(models.resnet20(), x, {layer = "fc"}) end, "'fc' gives (1, 10), expected maps")
  check.error(function() rm.gradcam(models.resnet20(), x, {class = 11}) end,
              "class is 11, expected a whole number from 1")
end)

check.case("saliency is the largest magnitude of numeric gradients", function()
  local net = nn.Sequential {nn.Conv2d(3, 4, 3), nn.Tanh(), nn.Flatten(), nn.Linear(4 * 9, 3)}
  local x = rm.randn(1, 3, 5, 5)
  local map = rm.saliency(net, x, {class = 2})
  for _, at in ipairs {{1, 1}, {3, 4}, {5, 2}} do
    local most = 0
    for c = 1, 3 do
      local function score(step)
        local moved = x:clone()
        moved[1][c][at[1]]:narrow(1, at[2], 1):add_(step)
        return rm.no_grad(net, moved)[1][2]:item()
      end
      most = math.max(most, math.abs(score(0.01) - score(-0.01)) / 0.02)
    end
    check.close(map[1][at[1]][at[2]]:item(), most, {rtol = 1e-2, atol = 1e-4})
  end
end)

check.case("occlusion is the mean drop of all patches that cover a pixel", function()
  local net = nn.Sequential {nn.Conv2d(2, 3, 3), nn.ReLU(), nn.Flatten(), nn.Linear(3 * 5 * 3, 4)}
  local x = rm.randn(2, 2, 7, 5)
  local maps, info = rm.occlusion(net, x, {size = 3, step = 2, value = {0.5, -1}})
  for n = 1, 2 do
    local class = info.class[n]:item()
    local function probability(image) return rm.no_grad(net, image:unsqueeze(1)):softmax(2)[1][class]:item() end
    local whole, sum, count = probability(x[n]), {}, {}
    check.close(info.probability[n], whole)
    for top = 1, 5, 2 do
      for left = 1, 3, 2 do
        local image = x[n]:clone()
        for row = top, top + 2 do
          for column = left, left + 2 do
            image[1][row]:narrow(1, column, 1):fill_(0.5)
            image[2][row]:narrow(1, column, 1):fill_(-1)
          end
        end
        local drop = whole - probability(image)
        for row = top, top + 2 do
          for column = left, left + 2 do
            local k = row * 10 + column
            sum[k], count[k] = (sum[k] or 0) + drop, (count[k] or 0) + 1
          end
        end
      end
    end
    for row = 1, 7 do
      for column = 1, 5 do
        local k = row * 10 + column
        check.close(maps[n][row][column]:item(), sum[k] / count[k], {rtol = 1e-3, atol = 1e-6})
      end
    end
  end
  check.error(function() rm.occlusion(net, x, {size = 6}) end, "occlusion: a patch of 6")
end)

check.case("the network is as it was, and its gradients", function()
  local net = rm.models.resnet20()
  local x = rm.randn(2, 3, 32, 32)
  net(x):sum():backward()
  local hash, grad = net:hash(), net.conv1.weight.grad:clone()
  local l = rm.look(net, x, {truth = {1, 2}, size = 16, step = 16})
  check.equal(net:hash(), hash)
  check.equal(net.training, true)
  check.equal(net.conv1.weight.grad:eq(grad):all():item(), 1)
  check.equal(net.conv1.weight.requires_grad, true)
  check.equal(rawget(net, "_hooks"), nil)
  check.that(tostring(l):find "Grad%-CAM of layer3")
  check.error(function() rm.look(net, x, {truth = {1}}) end, "look: truth: 2 images, 1 labels")
  files.with_folder(function(folder)
    if not require("resmoon.plot.gnuplot").find() then return end
    rm.plot.look(l, {file = folder .. "/look.png"})
    check.that(#files.read(folder .. "/look.png") > 1000)
  end)
end)
