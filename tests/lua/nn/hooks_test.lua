--- Hooks of modules, layers and tensors.
local check = require "support.check"
local rm    = require "resmoon"
local nn    = rm.nn
local class = nn.class

local function pair() return nn.Sequential {nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2)} end

local Double = class("Double", nn.Module)
function Double:forward(x) return x * 2 end

check.case("forward hooks: on layers and modules, in order, removed one by one", function()
  for _, module in ipairs {rm.Linear(3, 3), nn.Sequential {nn.Linear(3, 3)}, Double()} do
    local seen = {}
    local function note(m, x, y)
      seen[#seen + 1] = {m, x, y}
      if #seen == 1 then return y * 0 end
    end
    local first, second = module:register_forward_hook(note), module:register_forward_hook(note)
    local x = rm.ones(2, 3)
    check.equal(module(x):detach(), rm.zeros(2, 3))
    check.that(seen[1][1] == module and seen[1][2] == x and seen[2][3]:abs():sum():item() == 0)
    first:remove()
    first:remove()
    module(x)
    check.equal(#seen, 3)
    second:remove()
    module(x)
    check.equal(#seen, 3)
  end
end)

check.case("a hook may remove itself, or register another, while it runs", function()
  local fc, calls = rm.Linear(2, 2), {}
  local handle
  handle = fc:register_forward_hook(function()
    calls[#calls + 1] = "first"
    handle:remove()
    fc:register_forward_hook(function() calls[#calls + 1] = "second" end)
  end)
  fc(rm.ones(1, 2))
  fc(rm.ones(1, 2))
  check.equal(calls, {"first", "second"})
end)

check.case("pre-hooks see the inputs and may replace them", function()
  local fc = rm.Linear(2, 2)
  local x = rm.randn(3, 2)
  local plain = fc(x * 3):detach()
  do
    local _ <close> = fc:register_forward_pre_hook(function(m, given)
      check.that(m == fc and given == x)
      return given * 3
    end)
    check.equal(fc(x):detach(), plain)
  end
  check.equal(fc(x * 3):detach(), plain)
  local Add = class("Add", nn.Module)
  function Add:forward(a, b) return a + b end
  local add = Add()
  add:register_forward_pre_hook(function(_, a, b) return b, a * 10 end)
  check.equal(add(rm.ones(1), rm.ones(1) * 2):totable(), {12})
end)

check.case("what a hook is given of a batch norm is an ordinary tensor; the net computes the same", function()
  local net = nn.Sequential {nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU()}
  local x = rm.randn(2, 3, 6, 6)
  local plain = net(x):detach()
  local kept
  net[2]:register_forward_hook(function(_, _, y) kept = y end)
  check.close(net(x):detach(), plain, {atol = 1e-6})
  check.that(kept.op == "batch_norm" and kept.requires_grad)
  check.close(kept:relu():detach(), plain, {atol = 1e-6})
end)

check.case("a tensor's hook sees its gradient and may replace it", function()
  local x = rm.tensor({1, 2, 3}, {requires_grad = true})
  local y = x * 2
  local seen
  y:register_hook(function(g) seen = g:totable() end)
  y:register_hook(function(g) return g * 10 end)
  local both = y + y * 3  -- the hook sees the sum, once
  both:sum():backward()
  check.equal(seen, {4, 4, 4})
  check.equal(x.grad:totable(), {80, 80, 80})
end)

check.case("a leaf's hook sees what is added, in every backward, until it is removed", function()
  local x = rm.tensor({1, 2}, {requires_grad = true})
  local calls = {}
  local handle = x:register_hook(function(g)
    calls[#calls + 1] = g:totable()
    return g:clamp(-1, 1)
  end)
  local function pass() (x * 5 + x):sum():backward() end
  pass()
  pass()
  check.equal(calls, {{6, 6}, {6, 6}})
  check.equal(x.grad:totable(), {2, 2})
  handle:remove()
  pass()
  check.equal(#calls, 2)
  check.equal(x.grad:totable(), {8, 8})
  check.error(function() rm.ones(2):register_hook(print) end, "register_hook: the tensor (2) requires no gradient")
end)

check.case("an error in a hook ends backward with no gradient changed, and is raised as it is", function()
  local x = rm.tensor({1, 2}, {requires_grad = true})
  x.grad = rm.ones(2)
  local y = x * 2
  local thrown = {}
  y:register_hook(function() error(thrown) end)
  local ok, caught = pcall(function() (y * x):sum():backward() end)
  check.that(not ok and caught == thrown)
  check.equal(x.grad:totable(), {1, 1})
  check.that(rm.is_grad_enabled())
  local z = x * 2
  z:register_hook(function() return rm.ones(3) end)
  check.error(function() z:sum():backward() end, "the hook returned float32 (3), expected float32 (2)")
  z = x * 2
  z:register_hook(function() return 1 end)
  check.error(function() z:sum():backward() end, "the hook returned a number, expected a tensor or nothing")
  check.equal(x.grad:totable(), {1, 1})
end)

check.case("a hook may go backward through another graph, but not through its own", function()
  local x, w = rm.tensor({1}, {requires_grad = true}), rm.tensor({3}, {requires_grad = true})
  local y = x * 2
  y:register_hook(function() rm.enable_grad(function() (w * 7):backward() end) end)
  y:backward()
  check.equal({x.grad:item(), w.grad:item()}, {2, 7})
  local z = x * 2
  local loss = z * 1
  local _ <close> = z:register_hook(function() loss:backward() end)  -- else it keeps the graph that keeps it
  check.error(function() loss:backward() end, "called by a hook of the same backward")
end)

check.case("hooks go with the graph, even those that hold on to it", function()
  local x = rm.tensor({1, 2}, {requires_grad = true})
  local function live()
    collectgarbage()
    collectgarbage()
    return rm.live_tensors()
  end
  x:sum():backward()
  local before = live()
  for _ = 1, 50 do
    local y = x * 2
    y:register_hook(function(g) return y:detach() * g end)  -- y, its node, the hook, y
    y:sum():backward()
  end
  check.equal(live(), before)
end)

check.case("backward hooks: gradients of input and output of the call, for layers and modules", function()
  local net = pair()
  local x = rm.randn(5, 3):requires_grad_()
  local seen = {}
  for name, module in net:named_modules() do
    module:register_full_backward_hook(function(m, dx, dy)
      check.that(m == module)
      seen[#seen + 1] = name
      seen[name] = {dx, dy}
    end)
  end
  local y = net(x)
  y:sum():backward()
  check.equal({table.unpack(seen)}, {"2", "1", "0", ""})
  check.equal(seen[""][2], rm.ones(5, 2))
  check.equal(seen[""][1], x.grad)
  check.equal(seen["2"][2], seen[""][2])
  check.equal(seen["0"][1], seen[""][1])
  check.equal(seen["1"][1], seen["0"][2])
  check.close(seen["2"][1], rm.ones(5, 2):matmul(net[3].weight:detach()))
end)

check.case("backward hooks: an input without gradient, a replaced gradient, a module that returns its input", function()
  local fc, given = rm.Linear(3, 2), "nothing"
  fc:register_full_backward_hook(function(_, dx, dy) given = {dx, dy:totable()} end)
  fc(rm.ones(1, 3)):sum():backward()
  check.equal(given, {nil, {{1, 1}}})
  local x = rm.ones(2):requires_grad_()
  local same = nn.Identity()
  same:register_full_backward_hook(function(_, dx) return dx * 5 end)
  local y = same(x) * 2
  y:sum():backward()
  check.equal(x.grad:totable(), {10, 10})
  x.grad = nil
  rm.no_grad(function() same(x) end)
  y = same(x) + x  -- the way around the module is not its gradient
  y:sum():backward()
  check.equal(x.grad:totable(), {6, 6})
end)

check.case("backward hooks do not change what a residual net learns", function()
  local net = rm.models.resnet20 {width = 4}
  local x, y = rm.randn(4, 3, 16, 16), rm.tensor({1, 2, 3, 4}, "int64")
  net(x):cross_entropy(y):backward()
  local plain = net.conv1.weight.grad
  net:zero_grad()
  local calls = 0
  for _, module in net:named_modules() do
    module:register_full_backward_hook(function() calls = calls + 1 end)
  end
  net(x):cross_entropy(y):backward()
  check.close(net.conv1.weight.grad, plain, {tolerance = 1e-4})
  check.equal(calls, #net:modules())
end)

check.case("what is not a function is refused", function()
  for _, name in ipairs {"register_forward_pre_hook", "register_forward_hook", "register_full_backward_hook"} do
    local fc = rm.Linear(2, 2)
    check.error(function() fc[name](fc, 3) end, name .. ": the hook is a number, expected a function")
  end
end)
