-- Lesson 12. The rate: a finder that says where to begin, and one cycle that goes higher and comes down again.
--
-- Sources: Smith 2017, arXiv:1506.01186, section 3.3; Smith and Topin 2018, arXiv:1708.07120.
--
-- Run it: resmoon examples/12_one_cycle.lua. It prints:
--   the finder suggests 0.057; the network is as before: true
--   constant, a hundredth of it  : loss 2.327 2.306 2.298 2.293 2.290 2.287 2.283 2.279 2.278 2.273, test error 86.2 %
--   constant, the suggestion     : loss 2.341 2.202 2.003 1.922 1.813 1.732 1.646 1.533 1.473 1.364, test error 56.4 %
--   constant, three times as high: loss 2.347 2.275 2.168 2.035 1.926 1.835 1.734 1.645 1.596 1.452, test error 59.0 %
--   one cycle up to that         : loss 2.328 2.267 2.095 1.952 1.809 1.677 1.557 1.357 1.187 1.021, test error 54.6 %
local rm          = require "resmoon"
local data, train = rm.data, rm.train

local training = data.shapes10({train = true, size = 3000}):shrunk(16)
local test = data.shapes10({train = false, size = 500}):shrunk(16)

local function begin(rate)
  rm.manual_seed(1)
  local net = rm.models.resnet20 {layers = {1, 1, 1}, width = 8}
  local loader = data.Loader(training, {batch_size = 32, shuffle = true, seed = 1})
  return net, rm.optim.SGD(net:parameters(), {lr = rate, momentum = 0.9}), loader
end

-- The finder trains for a few steps while the rate grows, looks where the loss falls and where it explodes, and puts
-- everything back.
local net, optimizer, loader = begin(0.1)
local hash = net:hash()
local found = train.lrfind(net, optimizer, loader, {from = 1e-4, to = 10, steps = 60})
print(("the finder suggests %.3f; the network is as before: %s"):format(found.suggestion, net:hash() == hash))
rm.plot.lrfind(found, {file = "rate.png"})

local EPOCHS = 10

--- Trains with a rate, constant or in one cycle; prints the losses of the epochs and the error.
local function learn(name, rate, cycle)
  net, optimizer, loader = begin(rate)
  local schedule = cycle and rm.optim.schedule.OneCycle(optimizer, {max_lr = rate, total_steps = EPOCHS * #loader})
  local result = train.Trainer({
    net = net, optimizer = optimizer, train = loader, schedule = schedule, schedule_unit = schedule and "step",
    test = data.Loader(test, {mean = training.mean, std = training.std}), epochs = EPOCHS, progress = false,
  }):fit()
  local losses = {}
  for i, row in ipairs(result.log.rows) do losses[i] = ("%.3f"):format(row.train_loss) end
  print(("%s: loss %s, test error %.1f %%"):format(name, table.concat(losses, " "), result.last.test_error))
end

learn("constant, a hundredth of it  ", found.suggestion / 100)
learn("constant, the suggestion     ", found.suggestion)
learn("constant, three times as high", 3 * found.suggestion)
learn("one cycle up to that         ", 3 * found.suggestion, true)
