-- A training loop of your own: mixup, a schedule, clipping, averaged weights, and a checkpoint to go on from.
-- Sources: mixup, Zhang et al. 2018, arXiv:1710.09412; the rate, Loshchilov and Hutter 2017, arXiv:1608.03983.
--
-- Run it: resmoon examples/more/own_loop.lua. It writes own_loop.safetensors. It prints:
--   rates at the beginning of the epochs: 0.000048 0.006000 0.004500 0.001500
--   the loss fell: true, gradients were clipped: true
--   the averaged network is right more often than by chance: true
--   stopped after epoch 3 and taken up again, it comes to the same weights: true
local rm = require "resmoon"
local data, optim, checkpoint = rm.data, rm.optim, rm.train.checkpoint

local epochs = 4
local training = data.shapes10({size = 4000}):shrunk(16)
local test = data.shapes10({train = false, size = 500}):shrunk(16)

local function begin()
  rm.manual_seed(1)
  local net = rm.models.resnet20 {layers = {1, 1, 1}, width = 8}
  local loader = data.Loader(training, {batch_size = 32, shuffle = true, seed = 1})
  local opt = optim.AdamW(net:parameters(), {lr = 0.006, weight_decay = 0.01})
  local warm, all = #loader, epochs * #loader              -- in steps: up in the first epoch, then half a cosine
  local schedule = optim.schedule.LambdaLR(opt, function(t)
    return t < warm and (t + 1) / warm or (1 + math.cos(math.pi * (t - warm) / (all - warm))) / 2
  end)
  return {net = net, average = net:clone(), loader = loader, opt = opt, schedule = schedule, rates = {}, losses = {}}
end

-- Each image blended with another one of the batch, and the labels in the same proportion: soft targets (n, 10).
local function mixup(x, y)
  local share, partner, target = 1 - rm.rand(1):item() / 4, rm.randperm(x.shape[1]), y:one_hot(10):float()
  return share * x + (1 - share) * x[partner], share * target + (1 - share) * target[partner]
end

-- The statistics of batch norms are averaged like weights; how many batches they have seen is a whole number.
local function follow(average, net, decay)
  local means, now = average:state_dict(), net:state_dict()
  rm.no_grad(function()
    for _, name in ipairs(now) do
      if now[name].dtype == "float32" then means[name]:mul_(decay):add_((1 - decay) * now[name]) end
    end
  end)
end

local function train(t, first, last)
  for epoch = first, last do
    t.rates[epoch], t.losses[epoch] = t.opt.lr, 0
    for x, y in t.loader:epoch(epoch) do
      local mixed, target = mixup(x, y)
      local loss = t.net(mixed):cross_entropy(target)
      t.opt:zero_grad()
      loss:backward()
      t.norm = math.max(t.norm or 0, optim.clip_grad_norm(t.net:parameters(), 1))   -- gives the norm before
      t.opt:step()
      t.schedule:step()
      follow(t.average, t.net, 0.98)
      t.losses[epoch] = t.losses[epoch] + loss:item() * #x / #training
    end
  end
  return t
end

local whole = train(begin(), 1, epochs)
print(("rates at the beginning of the epochs: %.6f %.6f %.6f %.6f"):format(table.unpack(whole.rates)))
print(("the loss fell: %s, gradients were clipped: %s"):format(whole.losses[4] < whole.losses[1], whole.norm > 1))

local x, y = test:batch(#test)
local scores = rm.no_grad(whole.average:eval(), x:normalize(training.mean, training.std))
print("the averaged network is right more often than by chance:", rm.metrics.accuracy(scores, y) > 0.15)

-- A checkpoint holds weights, what the optimizer keeps, and whatever else there is to go on from.
local half = train(begin(), 1, 3)
checkpoint.save("own_loop.safetensors", half.net, half.opt,
                {schedule = half.schedule:state_dict(), generators = checkpoint.generators()})
local again, file = begin(), checkpoint.load "own_loop.safetensors"
again.net:load_state_dict(file.net)
again.opt:load_state_dict(file.optimizer)
again.schedule:load_state_dict(file.state.schedule)
checkpoint.set_generators(file.state.generators)
train(again, 4, 4)
print("stopped after epoch 3 and taken up again, it comes to the same weights:", again.net:hash() == whole.net:hash())
