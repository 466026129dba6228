-- Lesson 15. How large may a batch be? Many machines share a batch, so it grows with them; what does the training say?
--
-- Sources: Goyal et al. 2017, arXiv:1706.02677, section 2 (the rate grows with the batch, after a warm-up);
-- You, Gitman, Ginsburg 2017, arXiv:1708.03888 (LARS).
--
-- Run it: resmoon examples/15_large_batches.lua. It prints:
--   SGD, rate 0.1     batch   64, 256 steps: test error 74.2 %
--   SGD, rate 0.1     batch  256,  64 steps: test error 86.8 %
--   SGD, rate 0.1     batch 1024,  16 steps: test error 86.8 %
--   SGD, rate grows   batch   64, 256 steps: test error 71.6 %
--   SGD, rate grows   batch  256,  64 steps: test error 78.6 %
--   SGD, rate grows   batch 1024,  16 steps: test error 84.0 %
--   LARS, rate grows  batch   64, 256 steps: test error 70.8 %
--   LARS, rate grows  batch  256,  64 steps: test error 72.0 %
--   LARS, rate grows  batch 1024,  16 steps: test error 85.6 %
local rm = require "resmoon"
local data, optim, train = rm.data, rm.optim, rm.train

local training = data.shapes10({train = true, size = 2048}):shrunk(16)
local test = data.shapes10({train = false, size = 500}):shrunk(16)
local EPOCHS, BASE = 8, 64   -- all trainings see each image 8 times; rates are said for batches of 64

--- Trains with batches of that size; the rate climbs for `warm` epochs, then falls along half a cosine. Returns the
-- test error and the number of steps.
local function learn(batch, make, rate, warm)
  rm.manual_seed(1)
  local net = rm.models.resnet20 {layers = {1, 1, 1}, width = 8}
  local loader = data.Loader(training, {batch_size = batch, shuffle = true, seed = 1})
  local optimizer, steps = make(net:parameters(), rate), EPOCHS * #loader
  local schedule = optim.schedule.Cosine(optimizer, {T_max = steps})
  if warm > 0 then
    schedule = optim.schedule.Warmup(schedule, {warmup_steps = warm * #loader, start_factor = 0.01})
  end
  local result = train.Trainer({
    net = net, optimizer = optimizer, train = loader, schedule = schedule, schedule_unit = "step", epochs = EPOCHS,
    test = data.Loader(test, {mean = training.mean, std = training.std}), progress = false,
  }):fit()
  return result.last.test_error, steps
end

local function sgd(parameters, rate) return optim.SGD(parameters, {lr = rate, momentum = 0.9}) end
local function lars(parameters, rate) return optim.LARS(parameters, {lr = rate, momentum = 0.9, trust = 0.05}) end

local ways = {
  {"SGD, rate 0.1", function(batch) return learn(batch, sgd, 0.1, 0) end},
  {"SGD, rate grows", function(batch) return learn(batch, sgd, 0.1 * batch / BASE, 2) end},
  {"LARS, rate grows", function(batch) return learn(batch, lars, 0.2 * batch / BASE, 2) end},
}

local curves = {}
for i, way in ipairs(ways) do
  curves[i] = {x = {}, y = {}, title = way[1]}
  for k, batch in ipairs {64, 256, 1024} do
    local wrong, steps = way[2](batch)
    curves[i].x[k], curves[i].y[k] = math.log(batch, 2), wrong
    print(("%-16s  batch %4d, %3d steps: test error %.1f %%"):format(way[1], batch, steps, wrong))
  end
end
rm.plot.lines(curves, {file = "batches.png", title = "8 epochs with batches of 64, 256 and 1,024",
                       xlabel = "log2 of the images in a batch", ylabel = "test error, %"})
