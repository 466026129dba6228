local check = require "support.check"
local rm    = require "resmoon"
local optim = rm.optim

for i, name in ipairs {"sgd", "sgd", "sgd", "sgd", "sgd", "sgd", "sgd", "sgd", "adam", "adam", "adam", "adamw", "adamw",
                       "rmsprop", "rmsprop", "rmsprop"} do
  check.reference(("optim/optim_%02d_%s"):format(i, name))
end
for i = 1, 4 do check.reference(("optim/clip_grad_norm_%02d"):format(i)) end
for i = 5, 7 do check.reference(("optim/max_norm_%02d"):format(i)) end

local function parameter(...) return rm.randn(...):requires_grad_(true) end

-- One step on the gradient of sum(p^2) / 2, which is p.
local function step(opt, params)
  opt:zero_grad()
  local loss = 0
  for _, p in ipairs(params) do loss = loss + (p * p):sum() / 2 end
  loss:backward()
  opt:step()
end

local kinds = {
  SGD = {lr = 0.1, momentum = 0.9, nesterov = true}, Adam = {lr = 0.1}, AdamW = {lr = 0.1},
  RMSprop = {lr = 0.01, momentum = 0.5, centered = true}, LARS = {lr = 0.1, trust = 0.02, weight_decay = 0.01},
}

check.case("a saved and reloaded optimizer goes on bit for bit", function()
  for kind, options in pairs(kinds) do
    local p = {parameter(3, 4), parameter(5)}
    local q = {p[1]:detach():clone():requires_grad_(true), p[2]:detach():clone():requires_grad_(true)}
    local a, b = optim[kind](p, options), optim[kind](q, options)
    for _ = 1, 3 do step(a, p) end
    rm.no_grad(function() for i = 1, 2 do q[i]:copy_(p[i]) end end)
    local state = a:state_dict()
    local numbers = rm.json.decode(rm.json.encode(state.numbers))  -- through a file
    b:load_state_dict {optimizer = state.optimizer, tensors = state.tensors, numbers = numbers}
    for _ = 1, 3 do
      step(a, p)
      step(b, q)
    end
    for i = 1, 2 do check.equal(p[i]:detach(), q[i]:detach(), kind) end
  end
end)

-- Values of a NumPy 1.24 program in float64 that follows algorithm 1 of You et al. 2017, for three steps with the rates
-- 1, 1 and 0.5; momentum 0.9, weight decay 0.01, trust 0.02. The bias has the rate of SGD, and no weight decay.
check.case("LARS makes the steps of the paper's algorithm 1", function()
  local w = rm.tensor({{0.5, -1, 2}, {1.5, 0.25, -0.75}}, {requires_grad = true})
  local b = rm.tensor({0.3, -0.2}, {requires_grad = true})
  local opt = optim.LARS({w, b}, {lr = 1, momentum = 0.9, weight_decay = 0.01, trust = 0.02})
  local gradients = {
    {{{0.1, 0.2, -0.3}, {0.4, -0.5, 0.6}}, {1, 2}}, {{{-0.2, 0.1, 0.5}, {0.3, 0.2, -0.1}}, {0.5, -0.5}},
    {{{0.7, 0, 0.1}, {-0.4, 0.3, 0.2}}, {0.1, 0.1}},
  }
  for t, g in ipairs(gradients) do
    opt.lr = t < 3 and 1 or 0.5
    w.grad, b.grad = rm.tensor(g[1]), rm.tensor(g[2])
    opt:step()
  end
  check.close(w:detach(), {{0.4923754919646887, -1.0436985272310642, 1.958513887374067},
                           {1.39715564487693, 0.28697743883374827, -0.8321440455122712}}, {rtol = 1e-6, atol = 1e-6})
  check.close(b:detach(), {-3.41, -4.72}, {rtol = 1e-6, atol = 1e-6})
end)

check.case("LARS: a weight of zeros moves as with SGD, and without a gradient it stays", function()
  local w, still = rm.zeros(2, 2):requires_grad_(), rm.ones(2, 2):requires_grad_()
  local opt = optim.LARS({w, still}, {lr = 0.5, momentum = 0})
  w.grad = rm.ones(2, 2)
  opt:step()
  check.equal(w:detach():totable(), {{-0.5, -0.5}, {-0.5, -0.5}})
  check.equal(still:detach():totable(), {{1, 1}, {1, 1}})
end)

check.case("the tensors of a state are named after state and parameter", function()
  local p = {parameter(2), parameter(3)}
  local opt = optim.SGD({{params = {p[1]}}, {params = {p[2]}}}, {lr = 0.1, momentum = 0.9})
  step(opt, p)
  check.shape(opt:state_dict().tensors["velocity.1"], {2})
  check.shape(opt:state_dict().tensors["velocity.2"], {3})
end)

check.case("groups have their own options; lr of the optimizer reaches all", function()
  local p, q = parameter(2), parameter(2)
  local opt = optim.SGD({{params = {p}}, {params = {q}, lr = 0.5}}, {lr = 0.1, momentum = 0.9})
  check.equal({opt.lr, opt.groups[2].lr, opt.groups[2].momentum}, {0.1, 0.5, 0.9})
  opt.lr = 0.01
  check.equal({opt.lr, opt.groups[1].lr, opt.groups[2].lr}, {0.01, 0.01, 0.01})
end)

check.case("a parameter without gradient stays, and its first step comes later", function()
  local p, q = parameter(3), parameter(3)
  local before = q:detach():clone()
  local opt = optim.Adam({p, q}, {lr = 0.1})
  step(opt, {p})
  check.equal(q:detach(), before)
  check.equal(opt.groups[1].steps, {1, 0})
  step(opt, {p, q})
  check.equal(opt.groups[1].steps, {2, 1})
  check.close(q:detach(), before - before:sign() * 0.1, {atol = 1e-4})  -- Adam's first step is lr * sign(g)
end)

check.case("parameters in channels-last memory", function()
  local w = parameter(4, 3, 3, 3)
  local last = w:detach():clone():permute(1, 3, 4, 2):contiguous():permute(1, 4, 2, 3):requires_grad_(true)
  local a, b = optim.SGD({w}, kinds.SGD), optim.SGD({last}, kinds.SGD)
  for _ = 1, 2 do
    step(a, {w})
    step(b, {last})
  end
  check.equal(last:detach():contiguous(), w:detach())
end)

check.case("a step writes leaves although recording is on, and leaves them leaves", function()
  local p = parameter(2)
  step(optim.SGD({p}, {lr = 0.1}), {p})
  check.that(p.requires_grad and p.is_leaf)
end)

check.case("errors name what was wrong", function()
  local p = parameter(2)
  check.error(function() optim.SGD({p, p}) end, "parameter 2 appears twice")
  check.error(function() optim.SGD({p}, {rate = 1}) end, "unknown option 'rate'; it takes dampening, lr")
  check.error(function() optim.SGD({p}, {lr = "1"}) end, "lr is '1', expected a number")
  check.error(function() optim.SGD({p * 2}) end, "parameter 1 is computed")
  check.error(function() optim.SGD({}) end, "no parameters")
  check.error(function() optim.SGD(p) end, "expected a list of parameters")
  check.error(function() optim.SGD({1}) end, "parameter 1 is a number")
  check.error(function() optim.SGD({p}, {nesterov = true}) end,
              "with nesterov, momentum is 0.0, expected a number above 0")
  check.error(function() optim.clip_grad_norm({p}, 1, {norm_type = 3}) end, "norm_type is 3")
  check.error(function() optim.max_norm(p, -1) end, "c must be positive")
  local adam = optim.Adam({p})
  check.error(function() adam:load_state_dict(optim.SGD({p}):state_dict()) end, "the state is of SGD")
  local message = check.error(function() optim.SGD({p}, {rate = 1}) end, "optim_test.lua:")
  check.that(message:find("^[^:]*optim_test.lua:%d+: optim.SGD"), "the user's line comes first: " .. message)
end)

check.case("printing shows the options", function()
  check.that(tostring(optim.SGD({parameter(2, 3)}, {lr = 0.25})):find("lr = 0.25.*1 tensors, 6 numbers"))
end)
