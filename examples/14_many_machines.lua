-- Lesson 14. Many machines: each process has a share of the images, and all take the mean of their gradients.
--
-- Run it: resmoon examples/14_many_machines.lua, or with four processes mpirun -n 4 resmoon ..., which print the same,
-- but for their number and the last digits of the loss. It prints:
--   processes: 1
--   four shares of 16 images: their mean differs from the gradient of all 64 by less than 1e-6: true
--   step  1: loss 2.350
--   step 20: loss 1.021
--   step 40: loss 0.431
--   all have the same weights: true
local rm   = require "resmoon"
local dist = rm.dist

local rank, size = dist.rank(), dist.size()
local function say(...) if rank == 0 then print(string.format(...)) end end
say("processes: %d", size)

local set = rm.data.shapes10({train = true, size = 64, seed = 1}):shrunk(16)
local images, labels = set:batch(64)
local x = images:normalize(set.mean, set.std):flatten(2)

local function network()
  rm.manual_seed(1)
  return rm.nn.Sequential {rm.nn.Linear(768, 32), rm.nn.Tanh(), rm.nn.Linear(32, 10)}
end

--- The gradient of the first weight for the images from `first` on.
local function gradient(net, first, count)
  net:zero_grad()
  net(x:narrow(1, first, count)):cross_entropy(labels:narrow(1, first, count)):backward()
  return net[1].weight.grad:clone()
end

-- Why it works: the loss is a mean over images, so its gradient is the mean of the gradients of equal shares.
local net = network()
local whole = gradient(net, 1, 64)
local shares = rm.zeros(32, 768)
for part = 0, 3 do shares = shares + gradient(net, 1 + 16 * part, 16) / 4 end
say("four shares of 16 images: their mean differs from the gradient of all 64 by less than 1e-6: %s",
  (whole - shares):abs():max():item() < 1e-6)

-- A loop of one's own becomes parallel by two calls.
net:zero_grad()
dist.broadcast(net)                                     -- everybody begins with the weights of process 0
local opt = rm.optim.SGD(net:parameters(), {lr = 0.1})
local count = 64 // size
local first = 1 + rank * count
for step = 1, 40 do
  opt:zero_grad()
  local loss = net(x:narrow(1, first, count)):cross_entropy(labels:narrow(1, first, count))
  loss:backward()
  dist.average_gradients(net)                           -- the mean over all processes
  opt:step()
  local mean = dist.all_reduce(loss:item(), "mean")     -- everybody calls it, one prints
  if step == 1 or step % 20 == 0 then say("step %2d: loss %.3f", step, mean) end
end
say("all have the same weights: %s", dist.all_reduce(net[1].weight:sum():item(), "max") == net[1].weight:sum():item())
