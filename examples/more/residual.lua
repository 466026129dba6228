-- The idea of the paper: with shortcuts, depth stops hurting.
--
-- Thirty layers with and without shortcuts look at the same few images. The plain stack has to carry
-- everything through every layer; the residual one only has to add a correction to what is there.
-- Source: He et al. 2016, arXiv:1512.03385, section 3.
--
-- Run it: resmoon examples/more/residual.lua. It prints:
--   after 60 steps on 20 images, 32 layers deep:
--   with shortcuts the loss is lower: true
local rm    = require "resmoon"
local optim = rm.optim

local images, labels = rm.data.shapes10 {train = true, size = 20, seed = 1}:batch(20)
local x = (images:float() - 128) / 64

--- The training loss of a network after a few steps on one batch.
local function train(net, steps)
  local opt = optim.SGD(net:parameters(), {lr = 0.05, momentum = 0.9})
  local loss
  for _ = 1, steps do
    opt:zero_grad()
    loss = net(x):cross_entropy(labels)
    loss:backward()
    opt:step()
  end
  return loss:item()
end

rm.manual_seed(1)
local plain = train(rm.models.plain32 {width = 4}, 60)
rm.manual_seed(1)
local residual = train(rm.models.resnet32 {width = 4}, 60)
print "after 60 steps on 20 images, 32 layers deep:"
print("with shortcuts the loss is lower:", residual < plain)
