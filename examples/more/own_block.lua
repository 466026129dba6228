-- A block of your own: squeeze-and-excitation in a small residual network, trained into a run.
--
-- Each channel is multiplied by a number from 0 to 1 that is computed from the means of all channels.
-- Source: Hu et al. 2018, arXiv:1709.01507, section 3 and figure 3.
--
-- Run it: resmoon examples/more/own_block.lua. It trains for some seconds and leaves runs/senet, where a copy of this
-- file is what builds the network. Whatever can be done with a run can be done with this one:
--     resmoon evaluate runs/senet                        resmoon train --run runs/senet --resume
--     resmoon report runs/senet                          resmoon predict runs/senet IMAGE.png
--     resmoon compare runs/senet resnet20                resmoon train --model examples/more/own_block.lua:senet
-- It prints:
--   logits {2, 10}; 20696 parameters
--   weights of the channels {2, 32}, between 0 and 1: true
--   training finished after epoch 4; the loss fell: true
--   the run builds its network again: 20696 parameters, and the error of its best epoch: true
local rm = require "resmoon"
local nn, data, train = rm.nn, rm.data, rm.train

local SE = nn.class("SE", nn.Module)

function SE:init(channels, reduction)
  local hidden = channels // (reduction or 4)
  self.fc1 = nn.Linear(channels, hidden)
  self.fc2 = nn.Linear(hidden, channels)
end

function SE:weights(x)                                    -- x (N, C, H, W)
  local means = x:mean(3, 4)                              -- squeeze: (N, C)
  return self.fc2(self.fc1(means):relu()):sigmoid()       -- excitation: (N, C)
end

function SE:forward(x)
  return x * self:weights(x):unsqueeze(3):unsqueeze(4)    -- (N, C, 1, 1) is the same for all pixels
end

local SEBlock = nn.class("SEBlock", nn.Module)

function SEBlock:init(cin, cout, stride)
  self.conv1 = nn.Conv2d(cin, cout, 3, {stride = stride, padding = 1, bias = false})
  self.bn1 = nn.BatchNorm2d(cout)
  self.conv2 = nn.Conv2d(cout, cout, 3, {padding = 1, bias = false})
  self.bn2 = nn.BatchNorm2d(cout)
  self.se = SE(cout)
  self.downsample = nn.shortcut(cin, cout, stride, "B")   -- nil where x fits as it is
end

function SEBlock:forward(x)
  local y = self.bn1(self.conv1(x)):relu()
  y = self.se(self.bn2(self.conv2(y)))
  return (y + (self.downsample and self.downsample(x) or x)):relu()
end

-- A function of what is known of the data: with it, whoever opens the run can build the network again.
local function senet(options)
  return nn.Sequential {
    nn.Conv2d(options.input[1], 8, 3, {padding = 1, bias = false}), nn.BatchNorm2d(8), nn.ReLU(),
    SEBlock(8, 8, 1), SEBlock(8, 16, 2), SEBlock(16, 32, 2),
    nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(32, options.num_classes),
  }
end

local net = senet {input = {3, 16, 16}, num_classes = 10}
local summary = net:summary {3, 16, 16}                   -- print(summary) shows it layer by layer
print(("logits %s; %d parameters"):format(net(rm.randn(2, 3, 16, 16)).shape, summary.parameters))
local w = net[6].se:weights(rm.randn(2, 32, 4, 4))
print(("weights of the channels %s, between 0 and 1: %s"):format(w.shape, w:min():item() > 0 and w:max():item() < 1))

-- resume: where the run is there already, it is taken up, and a finished one is left as it is.
local result = train.run({
  model = senet, name = "senet", size = 16, train_size = 4000, test_size = 500, epochs = 4, batch_size = 32,
  augment = false, optimizer = "adam", lr = 0.005, schedule = "onecycle",
}, {folder = "runs/senet", resume = true, progress = false})
local rows = result.log.rows
print(("training %s after epoch %d; the loss fell: %s"):format(result.stopped, result.epochs,
  rows[result.epochs].train_loss < rows[1].train_loss))

local loaded, config, mean, std = train.load "runs/senet"
local test = data.Loader(data.shapes10({train = false, size = 500}):shrunk(16), {mean = mean, std = std})
print(("the run builds its network again: %d parameters, and the error of its best epoch: %s"):format(
  config.parameters, math.abs(train.evaluate(loaded, test).error - result.best.error) < 1))
