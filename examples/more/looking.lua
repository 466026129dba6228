-- Looking into a network and changing it while it lives: what each layer returns, which one made a NaN, whether it
-- can learn a few images by heart, another layer put in, and training that goes on.
--
-- Run it: resmoon examples/more/looking.lua. It prints:
--   layer1.0  BasicBlock  4 x 16 x 16
--   layer2.0  BasicBlock  8 x 8 x 8
--   gradient of the first block's output: 4 x 16 x 16
--   forward: layer2.0.conv2 (Conv2d) made the first NaN or infinity
--   learns one batch: true
--   tensors that came and went: 1 1
--   the loss goes on falling: true
local rm = require "resmoon"

rm.manual_seed(1)
local net = rm.models.resnet20 {layers = {1, 1}, width = 4}
local images, labels = rm.data.shapes10 {train = true, size = 16, seed = 1}:batch(16)
local x = ((images:float() - 128) / 64):avg_pool2d(2)

local function sizes(t) return table.concat({table.unpack(t.shape, 2)}, " x ") end

-- Every result by its path in a checkpoint; with grad, the gradients as well once backward has run.
local acts, y = rm.activations(net, x, {match = "^layer%d%.0$", grad = true})
for _, path in ipairs(acts) do
  print(path .. "  " .. rm.nn.Module.type_of(net:get_submodule(path)) .. "  " .. sizes(acts[path]))
end
y:cross_entropy(labels):backward()
print("gradient of the first block's output: " .. sizes(acts.grad["layer1.0"]))

-- A weight that is not a number, and who is to blame.
do
  local guard <close> = rm.nan_guard(net)
  local weight = net.layer2[1].conv2.weight
  local value = weight[{1, 1, 1, 1}]:item()
  rm.no_grad(function() weight[{1, 1, 1, 1}] = 0 / 0 end)
  local _, message = pcall(net, x)
  print((message:match "nan_guard: (.-infinity)"))
  rm.no_grad(function() weight[{1, 1, 1, 1}] = value end)
  assert(guard.net == net)
end

print("learns one batch:", rm.overfit_one_batch(net, {x, labels}).ok)

-- Training, a change, and training that goes on: what stays keeps its momentum.
local opt = rm.optim.SGD(net:parameters(), {lr = 0.05, momentum = 0.9})
local function train(steps)
  local loss
  for _ = 1, steps do
    opt:zero_grad()
    loss = net(x):cross_entropy(labels)
    loss:backward()
    opt:step()
  end
  return loss:item()
end
local before = train(10)
net:replace("layer1.0.conv2", rm.nn.Conv2d(4, 4, 5, {padding = 2, bias = false}))
net:insert("layer2.0", rm.nn.Dropout(0))
print("tensors that came and went:", opt:follow(net))
print("the loss goes on falling:", train(20) < before)
