-- Lesson 01. Training: forward, loss, backward, step. Here the four points of XOR, which no straight line parts.
--
-- Run it: resmoon examples/01_xor.lua. It prints:
--   a line: loss 0.7014, after 200 steps 0.6931
--   two layers: loss 0.7284, after 200 steps 0.0003
--   0 xor 0 = 0
--   0 xor 1 = 1
--   1 xor 0 = 1
--   1 xor 1 = 0
local rm        = require "resmoon"
local nn, optim = rm.nn, rm.optim

rm.manual_seed(1)
local x = rm.tensor {{0, 0}, {0, 1}, {1, 0}, {1, 1}}
local y = rm.tensor({1, 2, 2, 1}, "int64")  -- class 1 is "0", class 2 is "1"

--- Trains a network on the four points, and says what it answers.
local function train(name, net)
  local opt = optim.SGD(net:parameters(), {lr = 0.5, momentum = 0.9})
  local first, loss
  for _ = 1, 200 do
    opt:zero_grad()                       -- gradients of the step before are gone
    loss = net(x):cross_entropy(y)        -- forward: scores of both classes, and how wrong they are
    loss:backward()                       -- backward: d loss / d w for every weight w
    opt:step()                            -- each weight goes a little against its gradient
    first = first or loss:item()
  end
  print(("%s: loss %.4f, after 200 steps %.4f"):format(name, first, loss:item()))
  return net(x):argmax(2)
end

-- One linear layer is a straight line: it cannot do better than guess.
train("a line", nn.Linear(2, 2))

-- A layer more, with a bent function in between, can.
local answer = train("two layers", nn.Sequential {nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 2)})
for i = 1, 4 do
  print(("%d xor %d = %d"):format(x[i][1]:item(), x[i][2]:item(), answer[i]:item() - 1))
end
