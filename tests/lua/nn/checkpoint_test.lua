local check = require "support.check"
local rm    = require "resmoon"
local nn    = rm.nn

-- A step of a small network with batch norm and dropout: loss, gradients, buffers, the state of the generators.
local function step(mark, again)
  rm.manual_seed(5)
  local function block(n)
    return nn.Sequential {nn.BasicBlock(n, n), nn.Dropout(0.3), nn.Conv2d(n, n, 3, {padding = 1}), nn.ReLU()}
  end
  local net = nn.Sequential {nn.Conv2d(3, 8, 3, {padding = 1}), block(8), block(8), nn.AdaptiveAvgPool2d(1),
                             nn.Flatten(), nn.Linear(8, 4)}
  if mark then mark(net) end
  local x = rm.randn(6, 3, 9, 9, {requires_grad = true})
  local losses = {}
  for i = 1, again or 1 do
    local loss = net(x):cross_entropy(rm.tensor({1, 2, 3, 4, 1, 2}, "int64"))
    loss:backward()
    losses[i] = loss:item()
  end
  local state = {loss = losses, x = x.grad, random = rm.random.dropout.state.position}
  for name, p in net:named_parameters() do state[name] = p.grad end
  for name, b in net:named_buffers() do state[name] = b:clone() end
  return state
end

local function same(a, b)
  local names = 0
  for name, value in pairs(a) do
    check.equal(b[name], value, name)
    names = names + 1
  end
  for name in pairs(b) do check.that(a[name] ~= nil, name) end
  check.that(names > 20)
end

local function both(net) for i = 2, 3 do check.that(nn.checkpoint(net[i]) == net[i]) end end

check.case("gradients, statistics and generators: the same bits", function()
  same(step(both), step())
  same(step(both, 3), step(nil, 3))  -- gradients add up
end)

check.case("one inside another, and the whole network as a function", function()
  same(step(function(net)
    both(net)
    nn.checkpoint(net[2][1])
  end), step())
  same(step(function(net)
    nn.checkpoint(net[2])
    nn.checkpoint(net[2], false)
  end), step())
  local w = rm.randn(4, 4, {requires_grad = true})
  local f = nn.checkpoint(function(x, factor) return (x:matmul(w) * factor):tanh() end)
  local x = rm.randn(3, 4)
  f(x, 2):sum():backward()  -- x requires no gradient, w does
  local got = w.grad
  w.grad = nil
  ;(x:matmul(w) * 2):tanh():sum():backward()
  check.equal(got, w.grad)
end)

check.case("a parameter that is used inside and outside gets one sum", function()
  local w = rm.randn(4, 4, {requires_grad = true})
  local x = rm.randn(3, 4)
  local function run(f) return f(f(x:matmul(w)):matmul(w)):sum() end
  local function f(v) return v:matmul(w):sigmoid() end
  run(f):backward()
  local expected = w.grad
  w.grad = nil
  run(nn.checkpoint(f)):backward()
  check.equal(w.grad, expected)
end)

check.case("what is inside is not kept", function()
  local function kept(mark)
    local net = nn.Sequential()
    for _ = 1, 8 do net:append(mark(nn.Sequential {nn.Conv2d(8, 8, 1), nn.Tanh(), nn.Conv2d(8, 8, 1), nn.Tanh()})) end
    local x = rm.randn(8, 8, 64, 64)
    rm.no_grad(net, x)  -- scratch memory
    collectgarbage()
    local before = rm.memory().live
    local y = net(x)
    collectgarbage()
    return (rm.memory().live - before) / (y:numel() * 4)
  end
  check.close(kept(function(m) return m end), 17, {atol = 0.5})  -- two a block, and x in channels-last order
  check.close(kept(nn.checkpoint), 8, {atol = 0.5})
end)

check.case("names, state_dict and printing stay", function()
  local net = nn.BasicBlock(4, 4)
  local text, names = tostring(net), net:state_dict()
  nn.checkpoint(net)
  check.equal(tostring(net), text)
  check.equal(#net:state_dict(), #names)
  check.that(not rm.no_grad(net, rm.ones(1, 4, 4, 4)).requires_grad)
end)

check.case("the graph can be dropped, and gone through twice", function()
  local function live()
    collectgarbage()
    collectgarbage()
    return rm.live_tensors()
  end
  local w = rm.randn(4, 4, {requires_grad = true})
  local f = nn.checkpoint(function(x) return x:matmul(w):tanh() end)
  f(rm.ones(1, 4)):sum():backward()
  w.grad = nil
  local before = live()
  do f(f(rm.ones(1, 4))) end
  f(rm.ones(1, 4)):sum():backward()
  w.grad = nil
  check.equal(live(), before)
  local y = f(rm.ones(1, 4)):sum()
  y:backward(nil, {retain_graph = true})
  local once = w.grad:clone()
  y:backward()
  check.equal(w.grad, once * 2)
end)

check.case("errors", function()
  check.error(function() nn.checkpoint(nn.ReLU()) end, "checkpoint: expected a module or a function, got a ReLU")
  check.error(function() nn.checkpoint(5) end, "checkpoint: expected a module or a function, got a number")
  check.error(function() nn.checkpoint(function() return 5 end)(rm.ones(2)) end,
    "checkpoint: the function returned a number, expected one tensor")
  local w = rm.ones(2):requires_grad_()
  check.error(function() nn.checkpoint(function(x, v) return x * v end)(rm.ones(2), w) end,
    "checkpoint: argument 2 requires a gradient; only the first one may")
  local x = rm.ones(2):requires_grad_()
  local z = nn.checkpoint(function(v) return v * w end)(x)
  rm.no_grad(function() x:mul_(2) end)
  check.error(function() z:sum():backward() end, "changed in place")
end)

check.case("a failure in the second call leaves no gradient behind", function()
  local w, calls = rm.ones(2):requires_grad_(), 0
  do
    local y = nn.checkpoint(function(x)
      calls = calls + 1
      if calls == 2 then error("on purpose", 0) end
      return x * w
    end)(rm.ones(2))
    check.error(function() (y * w):sum():backward() end, "on purpose")
    check.equal(w.grad, nil)
  end
  collectgarbage()
  rm.ones(1):requires_grad_():sum():backward()  -- lets go of functions whose graph is gone
end)
