-- Lesson 07. ResNet-20 against plain-20: the same layers, the same weights to begin with, with and without shortcuts.
--
-- Can a network learn a few drawings by heart? What a deeper plain one cannot is no overfitting: it is the training
-- error itself that rises. The paper calls it degradation.
-- Source: He et al. 2016, arXiv:1512.03385, section 4.2 and figure 6.
--
-- Run it: resmoon examples/07_resnet20.lua. It prints:
--   plain-8, 19218 parameters: loss 2.120 1.332 0.379 0.263; training error 0.0 %
--   resnet-8, 19218 parameters: loss 2.128 1.417 0.500 0.355; training error 0.3 %
--   plain-20, 68050 parameters: loss 2.268 2.083 1.750 1.398; training error 35.7 %
--   resnet-20, 68050 parameters: loss 1.797 0.736 0.113 0.079; training error 0.0 %
--   plain-32, 116882 parameters: loss 2.312 2.266 2.137 2.111; training error 74.0 %
--   resnet-32, 116882 parameters: loss 1.933 0.995 0.138 0.085; training error 0.0 %
local rm          = require "resmoon"
local data, train = rm.data, rm.train

local images = data.shapes10({train = true, size = 300}):shrunk(16)
local EPOCHS = 20

--- Trains a network of 6n + 2 layers, and prints its losses and what it still gets wrong.
local function learn(name, n)
  rm.manual_seed(1)
  local net = rm.models[name] {width = 8, layers = {n, n, n}}
  local loader = data.Loader(images, {batch_size = 32, shuffle = true, seed = 1})
  local optimizer = rm.optim.Adam(net:parameters(), {lr = 0.005})
  local trainer = train.Trainer {
    net = net, optimizer = optimizer, train = loader, epochs = EPOCHS, progress = false, schedule_unit = "step",
    schedule = rm.optim.schedule.OneCycle(optimizer, {max_lr = 0.005, total_steps = EPOCHS * #loader}),
  }
  local rows, losses = trainer:fit().log.rows, {}
  for epoch = 5, EPOCHS, 5 do losses[#losses + 1] = ("%.3f"):format(rows[epoch].train_loss) end
  local left = train.evaluate(net, data.Loader(images, {batch_size = 100}))
  print(("%s-%d, %d parameters: loss %s; training error %.1f %%"):format(name:match "%a+", 6 * n + 2,
    net:summary(images.shape).parameters, table.concat(losses, " "), left.error))
end

for _, n in ipairs {1, 3, 5} do
  learn("plain20", n)
  learn("resnet20", n)
end
