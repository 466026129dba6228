-- Lesson 03. A multi-layer perceptron: every pixel is an input of its own, and it does not know which are neighbors.
--
-- Run it: resmoon examples/03_mlp.lua. It prints:
--   600 drawings to train, 300 to test, 256 numbers each
--   20868 parameters, of which the first layer has 16448
--   epoch  1: error on training drawings 65.5 %, on test drawings 74.7 %
--   epoch 10: error on training drawings 28.7 %, on test drawings 67.3 %
--   epoch 40: error on training drawings 4.0 %, on test drawings 68.0 %
--   pixels and weights shuffled alike: the scores differ by less than 0.001: true
local rm        = require "resmoon"
local nn, optim = rm.nn, rm.optim

-- Four kinds of drawings, gray, 16 x 16 pixels.
local function drawings(train, size)
  local all = rm.data.shapes10({train = train, size = size}):shrunk(16)
  local x, y = all:batch(size)
  local keep = {}
  for i, label in ipairs(y:totable()) do
    if label <= 4 then keep[#keep + 1] = i end
  end
  keep = rm.tensor(keep, "int64")
  x = x:float():mean(2)[keep]:flatten(2)
  return (x - x:mean()) / x:std(), y[keep]
end
local x, y = drawings(true, 1500)
local tx, ty = drawings(false, 750)
print(("%d drawings to train, %d to test, %d numbers each"):format(#x, #tx, x.shape[2]))

local function percent_wrong(net, images, labels)
  return rm.no_grad(function() return 100 * net(images):argmax(2):ne(labels):float():mean():item() end)
end

-- A class has its layers in init, and what is computed in forward.
local MLP = nn.class("MLP", nn.Module)

function MLP:init(inputs, hidden, classes)
  self.fc1 = nn.Linear(inputs, hidden)
  self.fc2 = nn.Linear(hidden, hidden)
  self.fc3 = nn.Linear(hidden, classes)
end

function MLP:forward(v)
  v = self.fc1(v):relu()
  v = self.fc2(v):relu()
  return self.fc3(v)                 -- scores; cross_entropy has the softmax in itself
end

rm.manual_seed(1)
local net = MLP(256, 64, 4)
print(("%d parameters, of which the first layer has %d"):format(net:summary({256}).parameters,
  net.fc1.weight:numel() + net.fc1.bias:numel()))

local opt = optim.Adam(net:parameters(), {lr = 0.002})
for epoch = 1, 40 do
  for first = 1, #x - 31, 32 do
    opt:zero_grad()
    net(x:narrow(1, first, 32)):cross_entropy(y:narrow(1, first, 32)):backward()
    opt:step()
  end
  if epoch == 1 or epoch == 10 or epoch == 40 then
    print(("epoch %2d: error on training drawings %.1f %%, on test drawings %.1f %%"):format(epoch,
      percent_wrong(net, x, y), percent_wrong(net, tx, ty)))
  end
end

-- The same shuffle of all pixels and of the first layer's columns: nothing changes, though nobody can read such images.
local order = rm.randperm(256)
local before = net(tx)
rm.no_grad(function() net.fc1.weight:copy_(net.fc1.weight:index_select(2, order)) end)
print(("pixels and weights shuffled alike: the scores differ by less than 0.001: %s"):format(
  (net(tx:index_select(2, order)) - before):abs():max():item() < 1e-3))
