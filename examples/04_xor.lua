-- Training: forward, loss, backward, step. Here the four points of XOR.
--
-- Run it: resmoon examples/04_xor.lua. It prints:
--   0 xor 0 = 0
--   0 xor 1 = 1
--   1 xor 0 = 1
--   1 xor 1 = 0
local rm        = require "resmoon"
local nn, optim = rm.nn, rm.optim

rm.manual_seed(1)
local x = rm.tensor {{0, 0}, {0, 1}, {1, 0}, {1, 1}}
local y = rm.tensor({1, 2, 2, 1}, "int64")  -- class 1 is "0", class 2 is "1"

local net = nn.Sequential {nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 2)}
local opt = optim.SGD(net:parameters(), {lr = 0.5, momentum = 0.9})
for _ = 1, 200 do
  opt:zero_grad()
  net(x):cross_entropy(y):backward()
  opt:step()
end

local answer = net(x):argmax(2)
for i = 1, 4 do
  print(("%d xor %d = %d"):format(x[i][1]:item(), x[i][2]:item(), answer[i]:item() - 1))
end
