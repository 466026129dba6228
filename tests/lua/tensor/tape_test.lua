local check = require "support.check"
local rm    = require "resmoon"

local function leaf(t) return rm.tensor(t, {requires_grad = true}) end

check.case("gradients accumulate until they are cleared", function()
  local x = leaf {1, 2, 3}
  for pass = 1, 2 do
    x[{{1, 2}}]:clone():backward(rm.tensor {5, 6})
    check.equal(x.grad:totable(), {5 * pass, 6 * pass, 0})
  end
  check.that(x.grad == x.grad)
  x.grad = nil
  check.that(x.grad == nil)
  x.grad = rm.ones(3)
  check.equal(x.grad:totable(), {1, 1, 1})
  check.error(function() x.grad = rm.ones(2) end, "grad: got float32 (2), expected float32 (3)")
  check.error(function() x.grad = 1 end, "tensor expected, got number")
end)

check.case("one tensor used twice gets both gradients", function()
  local x = leaf {{1, 2}, {3, 4}}
  rm.cat({x, x:t()}, 1):backward(rm.tensor {{1, 2}, {3, 4}, {10, 20}, {30, 40}})
  check.equal(x.grad:totable(), {{11, 32}, {23, 44}})
end)

check.case("backward a second time needs retain_graph the first time", function()
  local x = leaf {1}
  local y = x:clone()
  y:backward(nil, {retain_graph = true})
  y:backward {retain_graph = false}
  check.equal(x.grad:totable(), {2})
  check.error(function() y:backward() end, "clone was already differentiated")
  check.error(function() y:backward(nil, {retain = true}) end, "unknown option \"retain\"")
end)

check.case("what is no scalar needs a gradient of its shape", function()
  local x = leaf {1, 2}
  local y = x:clone()
  check.error(function() y:backward() end, "the tensor is (2), no scalar")
  check.error(function() y:backward(rm.ones(3)) end, "the gradient is float32 (3), expected float32 (2)")
  check.error(function() rm.ones(1):backward() end, "does not depend on anything that requires a gradient")
end)

check.case("a saved tensor that changed in place is refused", function()
  local x, w = leaf {{1, 2}}, rm.ones(2, 2)
  local y = x:matmul(w)
  w[1] = 5
  check.error(function() y:backward(rm.ones(1, 2)) end, "changed in place")
  check.that(x.grad == nil)
end)

check.case("writes that the tape would lose track of are refused", function()
  local x = leaf {1, 2}
  local y = x:clone()
  for name, write in pairs {
    fill_ = function(t) t:fill_(1) end, zero_ = function(t) t:zero_() end,
    copy_ = function(t) t:copy_(rm.ones(2)) end, normal_ = function(t) t:normal_() end,
    ["x[...] = value"] = function(t) t[1] = 1 end,
  } do
    check.error(function() write(x) end, name .. ": writes into a tensor that requires a gradient")
    check.error(function() write(y) end, name .. ": writes into a tensor that was computed on the tape")
    rm.no_grad(write, x)
  end
  local z = rm.zeros(3)
  check.error(function() z[{{1, 2}}] = x end, "the value carries a gradient")
  check.error(function() z:copy_(x[1]) end, "the value carries a gradient")
  z[{{1, 2}}] = x:detach()
end)

check.case("requires_grad is for leaves of float32", function()
  local x = rm.zeros(2)
  check.that(x:requires_grad_(true) == x and x.requires_grad and x.is_leaf)
  x.requires_grad = false
  check.that(not x.requires_grad and x:requires_grad_().requires_grad)
  local y = x:clone()
  check.that(y.requires_grad and not y.is_leaf and y.op == "clone")
  check.error(function() y.requires_grad = false end, "computed by clone")
  check.error(function() rm.zeros({2}, "int64"):requires_grad_() end, "int64, expected float32")
  check.error(function() x.requires_grad = 1 end, "requires_grad is set to a number, expected true or false")
  local d = y:detach()
  check.that(not d.requires_grad and d.is_leaf)
end)

check.case("no_grad passes arguments, results and errors, and puts the switch back", function()
  local x = leaf {1, 2}
  local a, b, c = rm.no_grad(function(p, q)
    check.that(not rm.is_grad_enabled() and not x:clone().requires_grad)
    check.that(rm.enable_grad(function() return x:clone().requires_grad end))
    check.that(not rm.is_grad_enabled())
    return p, q
  end, 1, nil)
  check.that(a == 1 and b == nil and c == nil)
  check.equal(select("#", rm.no_grad(function() end)), 0)
  check.that(rm.is_grad_enabled())
  local thrown = {}
  local ok, caught = pcall(rm.no_grad, error, thrown)
  check.that(not ok and caught == thrown and rm.is_grad_enabled())
  local _, trace = xpcall(rm.no_grad, debug.traceback, function() local function deep() error "x" end deep() end)
  check.that(trace:find("deep", 1, true), trace)  -- where it happened, not only where it passed
  check.equal(rm.no_grad(setmetatable({}, {__call = function(_, v) return v + 1 end}), 1), 2)
  check.error(function() rm.no_grad(5) end, "no_grad: expected a function, got number")
end)

check.case("dropping the end of a graph frees all of it", function()
  local function live()
    collectgarbage()
    collectgarbage()
    return rm.live_tensors()
  end
  local x = leaf {1, 2}
  local before = live()
  do
    local y = x
    for _ = 1, 1000 do y = y:clone() end
    check.that(rm.live_tensors() > before)
  end
  check.equal(live(), before)
  x:clone():matmul(rm.ones(2, 1)):backward()
  check.equal(live(), before + 1)  -- x.grad
end)

check.case("a hook of a leaf that uses the leaf is freed with it, and lives as long as the graph does", function()
  local function settle() for _ = 1, 4 do collectgarbage() end end
  settle()
  local before = rm.live_tensors()
  for _ = 1, 20 do
    local x = rm.ones(3):requires_grad_()
    x:register_hook(function(g) return g * x end)
  end
  settle()
  check.equal(rm.live_tensors(), before)

  -- Of x only the graph is left: its hook is called, and finds x as it was.
  do
    local seen
    local function graph()
      local x = rm.full({2}, 3):requires_grad_()
      x:register_hook(function(g) seen = {g:totable(), x:totable()} end)
      return (x * 5):sum()
    end
    local y = graph()
    settle()
    y:backward()
    check.equal(seen, {{5, 5}, {3, 3}})
  end
  settle()
  rm.ones(1):requires_grad_():sum():backward()   -- after which it is looked at who is held by nobody else
  settle()
  check.equal(rm.live_tensors(), before)

  -- Removed, or with its hook on a layer's weight.
  local layer = rm.nn.Linear(2, 2)
  local called = 0
  local handle = layer.weight:register_hook(function() called = called + 1 end)
  settle()
  layer(rm.ones(1, 2)):sum():backward()
  check.equal(called, 1)
  handle:remove()
  layer(rm.ones(1, 2)):sum():backward()
  check.equal(called, 1)
end)
