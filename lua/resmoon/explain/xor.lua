--- The four points of XOR, and training on them.
local core  = require "resmoon.core"
local optim = require "resmoon.optim"

local xor = {points = {{0, 0}, {0, 1}, {1, 0}, {1, 1}}, labels = {1, 2, 2, 1}}

--- Trains a network of two inputs and two classes on the four points. each(step, loss) is called behind each step.
-- options: steps (400), lr (0.3), momentum (0.9).
function xor.train(net, each, options)
  options = options or {}
  local x, y = core.tensor(xor.points), core.tensor(xor.labels, "int64")
  local optimizer = optim.SGD(net:parameters(), {lr = options.lr or 0.3, momentum = options.momentum or 0.9})
  for step = 1, options.steps or 400 do
    optimizer:zero_grad()
    local loss = net(x):cross_entropy(y)
    loss:backward()
    optimizer:step()
    each(step, loss)
  end
  return net(x):argmax(2):totable()
end

return xor
