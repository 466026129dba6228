-- Large outputs of batch norm (+ shortcut) (+ relu) are not kept for the convolution behind, but computed again in
-- backward.
local check = require "support.check"
local rm    = require "resmoon"

local function live()
  collectgarbage()
  return rm.memory().live
end

-- conv(relu(bn(x))) on 16 MiB, from fixed values. look(h), if given, sees what is between.
local function forward(look)
  rm.manual_seed(3)
  local net = {
    x = rm.randn(8, 32, 128, 128, {requires_grad = true}),
    scale = rm.randn(32, {requires_grad = true}),
    shift = rm.randn(32, {requires_grad = true}),
    kernel = rm.randn(4, 32, 1, 1, {requires_grad = true}),
  }
  local h = net.x:batch_norm(net.scale, net.shift, nil, nil, {training = true}):relu()
  local y = h:conv2d(net.kernel)
  if look then look(h) end
  return net, y:square():mean()
end

local function gradients(net, loss, options)
  loss:backward(nil, options)
  return {net.x.grad, net.scale.grad, net.shift.grad, net.kernel.grad}
end

local function same(a, b)
  for i = 1, 4 do check.equal((a[i] - b[i]):abs():max():item(), 0, "gradient " .. i) end
end

check.case("whether the output is still there makes no bit of difference", function()
  local kept
  local a = gradients(forward(function(h) kept = h end))
  local net, loss = forward()
  collectgarbage()
  same(gradients(net, loss), a)
  check.equal(kept.shape, {8, 32, 128, 128})
end)

check.case("an output that nobody holds takes no memory", function()
  local kept = {}
  local before = live()
  local a, aloss = forward(function(h) kept.h = h end)
  local with = live() - before
  check.equal(kept.h.shape, {8, 32, 128, 128})
  kept.h = nil
  local without = live() - before
  check.close(with - without, 16 * 2 ^ 20, {atol = 4096})
  gradients(a, aloss)
end)

check.case("a write in place is found, whether the tensor is still there or not", function()
  local kept = {}
  local function spoil(h)
    kept.h = h
    rm.no_grad(function() h:mul_(2) end)
  end
  local _, loss = forward(spoil)
  check.error(function() loss:backward() end, "changed in place")
  _, loss = forward(spoil)
  kept.h = nil
  check.equal(kept, {})
  collectgarbage()
  check.error(function() loss:backward() end, "changed in place")
end)

check.case("what was changed in place before it is used is not computed again", function()
  local function kernel_gradient(factor)
    rm.manual_seed(3)
    local x, kernel = rm.randn(8, 32, 128, 128, {requires_grad = true}), rm.ones(1, 32, 1, 1, {requires_grad = true})
    local h = x:batch_norm(nil, nil, nil, nil, {training = true}):relu()
    rm.no_grad(function() h:mul_(factor) end)
    local loss = h:conv2d(kernel):mean()
    h = nil
    collectgarbage()
    loss:backward()
    return kernel.grad
  end
  check.equal((kernel_gradient(2) - kernel_gradient(1) * 2):abs():max():item(), 0)
end)

check.case("a graph that is retained can be gone through again", function()
  local net, loss = forward()
  local once = gradients(net, loss, {retain_graph = true})
  for i = 1, 4 do once[i] = once[i]:clone() end
  local twice = gradients(net, loss)
  for i = 1, 4 do once[i] = once[i] * 2 end
  same(twice, once)
end)

-- --- residual blocks: what a block gives follows from its convolution and from what the block before gave ----------

local BLOCKS, MIB = 6, 2 ^ 20

-- h = relu(bn(conv(h)) + h), several times, 2 MiB each. look(h), if given, sees what every block gives.
local function residual(look)
  rm.manual_seed(5)
  local h = rm.randn(4, 128, 32, 32)
  local leaves, kernels = {}, {}
  for i = 1, BLOCKS + 1 do
    kernels[i] = (rm.randn(128, 128, 1, 1) * 0.1):requires_grad_()
    leaves[i] = kernels[i]
  end
  h = h:conv2d(kernels[BLOCKS + 1]):batch_norm(nil, nil, nil, nil, {training = true}):relu()
  for i = 1, BLOCKS do
    local weight, bias = rm.rand(128, {requires_grad = true}), rm.randn(128, {requires_grad = true})
    table.move({weight, bias}, 1, 2, #leaves + 1, leaves)
    h = (h:conv2d(kernels[i]):batch_norm(weight, bias, nil, nil, {training = true}) + h):relu()
    if look then look(h) end
  end
  return leaves, h:conv2d(rm.ones(1, 128, 1, 1)):square():mean()
end

local function residual_gradients(leaves, loss, options)
  loss:backward(nil, options)
  local list = {}
  for i, leaf in ipairs(leaves) do list[i] = leaf.grad end
  return list
end

local function all_same(a, b)
  check.equal(#a, 3 * BLOCKS + 1)
  for i = 1, #a do check.equal((a[i] - b[i]):abs():max():item(), 0, "gradient " .. i) end
end

check.case("a chain of blocks is computed again with the same bits", function()
  local kept = {}
  local a = residual_gradients(residual(function(h) kept[#kept + 1] = h end))
  local leaves, loss = residual()
  collectgarbage()
  all_same(residual_gradients(leaves, loss), a)
  check.equal(#kept, BLOCKS)
end)

check.case("of a chain of blocks, the input, the convolutions' outputs and every fifth output are kept", function()
  local before = live()
  local leaves, loss = residual()
  local without = live() - before
  check.close(without / (2 * MIB), 1 + (BLOCKS + 1) + 1, {atol = 0.75}) -- a bit for each value; weights
  residual_gradients(leaves, loss)
end)

check.case("a graph of blocks that is retained can be gone through again", function()
  local leaves, loss = residual()
  local once = residual_gradients(leaves, loss, {retain_graph = true})
  for i = 1, #once do once[i] = once[i]:clone() end
  local twice = residual_gradients(leaves, loss)
  for i = 1, #once do once[i] = once[i] * 2 end
  all_same(twice, once)
end)

check.case("a block's output that was changed in place is refused", function()
  local kept = {}
  local _, loss = residual(function(h) kept[#kept + 1] = h end)
  rm.no_grad(function() kept[2]:mul_(2) end)
  kept = nil
  collectgarbage()
  check.error(function() loss:backward() end, "changed in place")
end)
