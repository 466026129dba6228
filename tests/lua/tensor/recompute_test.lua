-- Large outputs of batch norm (+ relu) are not kept for the convolution behind, but computed again in backward.
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

check.case("a graph that is retained can be gone through again", function()
  local net, loss = forward()
  local once = gradients(net, loss, {retain_graph = true})
  for i = 1, 4 do once[i] = once[i]:clone() end
  local twice = gradients(net, loss)
  for i = 1, 4 do once[i] = once[i] * 2 end
  same(twice, once)
end)
