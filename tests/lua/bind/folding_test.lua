--- In evaluation a convolution waits for the batch norm, the shortcut and relu that follow: never to be
-- noticed, except by its cost.
local check = require "support.check"
local rm    = require "resmoon"

local function look(x) return x, x.shape end  -- any field completes it

-- A batch norm with statistics and weights that are not the trivial ones.
local function batchnorm(channels)
  local bn = rm.BatchNorm2d(channels)
  rm.no_grad(function()
    bn.weight:uniform_(0.5, 2)
    bn.bias:normal_(0, 1)
    bn.running_mean:normal_(0, 1)
    bn.running_var:uniform_(0.5, 2)
  end)
  return bn:eval()
end

-- What is written gives the same as the same with every step looked at, to rounding.
local function same(written, apart, message)
  rm.no_grad(function()
    check.close(written(), apart(), {rtol = 1e-4, atol = 2e-5, message = message})
  end)
end

local shapes = {
  {3, 16, 3, {padding = 1}, 32}, {16, 16, 3, {padding = 1, bias = false}, 13}, {17, 21, 3, {padding = 1}, 10},
  {16, 32, 3, {stride = 2, padding = 1, bias = false}, 15}, {12, 24, 1, {stride = 2}, 9}, {8, 12, 3, {groups = 4}, 9},
  {5, 6, 5, {padding = 2}, 7}, {64, 64, 3, {padding = 1, bias = false}, 8},
  {130, 136, 3, {padding = 1}, 6},
  {64, 64, 1, {bias = false}, 5}, {64, 128, 1, {stride = 2}, 7}, {9, 6, 5, {padding = 2}, 8},
}

for _, method in ipairs {"automatic", "winograd", "strided", "strassen", "direct", "im2col", "naive"} do
  check.case("conv, batch norm, shortcut, relu as one: " .. method, function()
    rm.manual_seed(5)
    local before = rm.conv_method(method ~= "automatic" and method or nil)
    for i, s in ipairs(shapes) do
      if method ~= "naive" or s[1] * s[2] < 1000 then
        local conv, bn = rm.Conv2d(s[1], s[2], s[3], s[4]), batchnorm(s[2])
        local x = rm.randn(2, s[1], s[5], s[5])
        local shortcut = rm.randn(look(conv(x)).shape)
        local place = "shape " .. i
        same(function() return conv(x):relu() end, function() return look(conv(x)):relu() end, place)
        same(function() return (conv(x) + shortcut):relu() end, function() return (look(conv(x)) + shortcut):relu() end,
             place)
        same(function() return bn(conv(x)) end, function() return bn(look(conv(x))) end, place)
        same(function() return bn(conv(x)):relu() end, function() return look(bn(look(conv(x)))):relu() end, place)
        same(function() return (shortcut + bn(conv(x))):relu() end,
             function() return (shortcut + look(bn(look(conv(x))))):relu() end, place)
        same(function() return bn(conv(x)) + bn(conv(x)) end, function() return look(bn(look(conv(x)))) * 2 end, place)
      end
    end
    rm.conv_method(before)
  end)
end

check.case("relu lets NaN through", function()
  local conv = rm.Conv2d(16, 16, 3, {padding = 1})
  local x = rm.randn(1, 16, 8, 8)
  x[1][1][4][4] = 0 / 0
  local y = rm.no_grad(function() return conv(x):relu() end)
  check.that(y:sum():item() ~= y:sum():item())
end)

check.case("one activation is made, no other", function()
  local conv, bn = rm.Conv2d(4, 64, 3, {padding = 1, bias = false}), batchnorm(64)
  local x = rm.randn(8, 4, 32, 32)
  local function made(block)
    return rm.no_grad(function()
      block()  -- scratch memory
      collectgarbage()
      collectgarbage()
      collectgarbage("stop")
      local before = rm.memory().live
      local y = block()
      local grown = rm.memory().live - before
      collectgarbage("restart")
      return grown / (y:numel() * 4)
    end)
  end
  check.close(made(function() return bn(conv(x)):relu() end), 1, {atol = 0.1})
  check.that(made(function() return look(bn(look(conv(x)))):relu() end) > 1.9)  -- looked at, each is stored
end)

check.case("who writes first has it computed with the old values", function()
  local conv, bn = rm.Conv2d(3, 4, 3), batchnorm(4)
  local x = rm.randn(1, 3, 6, 6)
  rm.no_grad(function()
    for _, written in ipairs {x, conv.weight, conv.bias, bn.weight, bn.running_var} do
      local expected = bn(look(conv(x))):clone()
      local y, z = bn(conv(x)), conv(x)
      local plain = look(conv(x)):clone()
      written:mul_(3)
      check.close(y, expected, {rtol = 1e-4, atol = 1e-5})
      check.close(z, plain, {rtol = 1e-4, atol = 1e-5})
    end
  end)
end)

check.case("training statistics and gradients are as ever", function()
  local conv, bn = rm.Conv2d(3, 4, 3), rm.BatchNorm2d(4)
  local x = rm.randn(2, 3, 6, 6)
  local mean = rm.no_grad(function()
    bn(conv(x))
    return bn.running_mean:clone()
  end)
  check.that(mean:abs():max():item() > 0)  -- moved without being looked at
  local y = conv(x)
  check.equal(y.op, "conv2d")
  local waiting = rm.no_grad(function() return conv(x) end)
  check.that(bn(waiting):relu().requires_grad)  -- of bn's weights; the convolution was not recorded
  check.that(not waiting.requires_grad)
end)

check.case("wrong shapes are refused at the call", function()
  local conv, bn = rm.Conv2d(3, 4, 3), batchnorm(5)
  rm.no_grad(function()
    check.error(function() conv(rm.randn(1, 2, 6, 6)) end, "conv2d: x has 2 channels, weight expects 3")
    check.error(function() conv(rm.randn(3, 6)) end, "expected 4 dimensions")
    check.error(function() conv(rm.randn(1, 3, 2, 2)) end, "covers 3 x 3 pixels")
    local y = conv(rm.randn(1, 3, 6, 6))
    check.error(function() bn(y) end, "BatchNorm2d: x has 4 channels, expected 5")
    bn.running_mean, bn.weight = rm.zeros(5), rm.ones(5)
    check.equal(look(y).shape[2], 4)
  end)
end)

check.case("never looked at, it is collected like anything else", function()
  local conv, bn = rm.Conv2d(3, 4, 3), batchnorm(4)
  local function batch()
    rm.no_grad(function()
      for _ = 1, 50 do
        local _ = bn(conv(rm.randn(4, 3, 8, 8))) + rm.ones(4, 4, 6, 6)
      end
    end)
    collectgarbage()
    collectgarbage()
    return rm.memory().live
  end
  local before, tensors = batch(), rm.live_tensors()
  check.equal(batch(), before)
  check.equal(rm.live_tensors(), tensors)
end)
