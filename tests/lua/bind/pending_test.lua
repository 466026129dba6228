--- A batch norm that waits for what follows it: never to be noticed, except by its cost.
local check = require "support.check"
local rm    = require "resmoon"

local unpack = table.unpack

-- Inputs with gradients: x, shortcut, weight, bias; running statistics.
local function inputs()
  rm.manual_seed(3)
  local t = {rm.randn(3, 5, 6, 7), rm.randn(3, 5, 6, 7), rm.randn(5), rm.randn(5)}
  for i = 1, 4 do t[i]:requires_grad_(true) end
  return t, rm.zeros(5), rm.ones(5)
end

-- f(bn, x, shortcut) -> output; its values, and the gradients of sum(output * v).
local function run(f)
  local t, mean, var = inputs()
  local function bn(x) return x:batch_norm(t[3], t[4], mean, var, {training = true}) end
  local y = f(bn, t[1], t[2])
  rm.manual_seed(9)
  y:backward(rm.randn(y.shape))
  local results = {y:detach(), mean, var}
  for i = 1, 4 do results[3 + i] = t[i].grad or rm.zeros(1) end
  return results
end

-- What a user writes gives the same as the same with every step looked at.
local function same(written, apart)
  local a, b = run(written), run(apart)
  for i = 1, #b do check.close(a[i], b[i], {rtol = 1e-5, atol = 1e-6, message = "result " .. i}) end
end

local function look(x) return x, x.shape end  -- any field completes it

check.case("bn, then relu", function()
  same(function(bn, x) return bn(x):relu() end,
       function(bn, x) return look(bn(x)):relu() end)
end)

check.case("bn, then an addition from either side, then relu", function()
  local function apart(bn, x, s) return look(look(bn(x)) + s):relu() end
  same(function(bn, x, s) return (bn(x) + s):relu() end, apart)
  same(function(bn, x, s) return (s + bn(x)):relu() end, apart)
  same(function(bn, x, s) return rm.relu(rm.add(bn(x), s)) end, apart)
end)

check.case("two batch norms added", function()
  same(function(bn, x, s) return (bn(x) + bn(s)):relu() end,
       function(bn, x, s) return look(look(bn(x)) + look(bn(s))):relu() end)
end)

check.case("added to itself, or twice", function()
  same(function(bn, x) local z = bn(x); return z + z end,
       function(bn, x) local z = look(bn(x)); return look(z + z) end)
  same(function(bn, x, s) return (bn(x) + s + s):relu() end,
       function(bn, x, s) return look(look(look(bn(x)) + s) + s):relu() end)
end)

check.case("used twice: joined with relu, and on its own", function()
  same(function(bn, x) local z = bn(x); return z:relu() + z * 2 end,
       function(bn, x) local z = look(bn(x)); return z:relu() + z * 2 end)
end)

check.case("an addition that broadcasts, or adds a number, is an ordinary one", function()
  same(function(bn, x) return (bn(x) + rm.ones(7) + 1):relu() end,
       function(bn, x) return look(look(bn(x)) + rm.ones(7) + 1):relu() end)
end)

check.case("joined operations are one step of the tape", function()
  local t, mean, var = inputs()
  local z = t[1]:batch_norm(t[3], t[4], mean, var, {training = true})
  check.equal((z + t[2]):relu().op, "batch_norm")
  check.equal(z.op, "batch_norm")
  check.equal(z:relu().op, "relu")  -- z has been looked at
end)

check.case("statistics move when bn is called, not when the result is read", function()
  local t, mean, var = inputs()
  local z = t[1]:batch_norm(t[3], t[4], mean, var, {training = true})
  local moved = mean:clone()
  check.that(moved:abs():max():item() > 0)
  look(z)
  check.equal(mean, moved)
end)

check.case("a write in place into what it reads completes it first", function()
  local x, s = rm.randn(2, 3, 4, 4), rm.randn(2, 3, 4, 4)
  local plain = look(x:batch_norm(nil, nil, nil, nil, {training = true}))
  local expected = look(plain + s)
  local z = x:batch_norm(nil, nil, nil, nil, {training = true})
  local sum = z + s
  x[{1, 2}] = 7      -- a view of x
  s:mul_(0)
  check.equal(z, plain)
  check.equal(sum, expected)
end)

check.case("weights may change in between", function()
  local x, w, b = rm.randn(4, 3), rm.ones(3), rm.zeros(3)
  local expected = look(x:batch_norm(w, b, nil, nil, {training = true})):clone()
  local z = x:batch_norm(w, b, nil, nil, {training = true})
  w:fill_(100)
  check.equal(z, expected)
end)

check.case("no_grad in between: as if each operation had run at its place", function()
  local x = rm.randn(4, 3):requires_grad_(true)
  local z = x:batch_norm(nil, nil, nil, nil, {training = true})
  local y = rm.no_grad(function() return z:relu() end)
  check.that(not y.requires_grad and z.requires_grad)
  local inside = rm.no_grad(function() return x:batch_norm(nil, nil, nil, nil, {training = true}) end)
  local outside = inside:relu()
  check.that(not inside.requires_grad and not outside.requires_grad)
end)

check.case("requires_grad set afterwards does not reach back", function()
  local x = rm.randn(4, 3)
  local z = x:batch_norm(nil, nil, nil, nil, {training = true})
  x.requires_grad = true
  check.that(not z.requires_grad)
  local w = rm.ones(3):requires_grad_(true)
  z = x:detach():batch_norm(w, nil, nil, nil, {training = true})
  w:requires_grad_(false)
  check.that(z.requires_grad)
end)

check.case("never looked at, it is collected like anything else", function()
  local function batch()
    for _ = 1, 100 do
      local _ = rm.randn(8, 16, 8, 8):batch_norm(nil, nil, nil, nil, {training = true})
      local _ = _ + rm.ones(8, 16, 8, 8)
    end
    collectgarbage()
    collectgarbage()
    return rm.memory().live
  end
  local before, tensors = batch(), rm.live_tensors()
  check.equal(batch(), before)
  check.equal(rm.live_tensors(), tensors)
end)

check.case("bn(conv(x)):relu() makes no batch-norm output, and none at all for a convolution", function()
  local conv, bn = rm.Conv2d(4, 64, 3, {padding = 1, bias = false}), rm.BatchNorm2d(64)
  local x = rm.randn(8, 4, 32, 32)
  -- With the collector stopped, all that was made is still there: how many activations.
  local function made(block)
    block()  -- scratch memory
    collectgarbage()
    collectgarbage()
    collectgarbage("stop")
    local before = rm.memory().live
    local y = block()
    local grown = rm.memory().live - before
    collectgarbage("restart")
    return grown / (y:numel() * 4)
  end
  check.close(made(function() return bn(conv(x)):relu() end), 1, {atol = 0.1})
  check.close(made(function() return look(bn(conv(x)):relu()) end), 2, {atol = 0.1})
  check.close(made(function() return look(look(bn(conv(x))):relu()) end), 3, {atol = 0.1})
  -- A 3x3 convolution of many channels works out what it reads: there are its own output and that of the first.
  local next_conv = rm.Conv2d(64, 64, 3, {padding = 1, bias = false})
  check.close(made(function() return next_conv(bn(conv(x)):relu()) end), 2, {atol = 0.1})
  check.close(made(function() local y = conv(x) return (bn(y) + y):relu() end), 2, {atol = 0.1})
end)

check.case("the ReLU layer joins too", function()
  local net = {rm.BatchNorm2d(3), rm.ReLU()}
  local y = net[2](net[1](rm.randn(2, 3, 4, 4)))
  check.equal(y.op, "batch_norm")
end)

check.case("an error leaves no trace", function()
  collectgarbage()
  local tensors = rm.live_tensors()
  local x = rm.randn(4, 3)
  check.error(function() x:batch_norm(rm.ones(2)) end, "batch_norm: x has 3 channels, weight is (2)")
  check.error(function() unpack {x:batch_norm(nil, nil, rm.ones(3)), 1} end, "come together")
  x = nil  -- luacheck: ignore
  collectgarbage()
  check.equal(rm.live_tensors(), tensors)
end)
