local check    = require "support.check"
local rm       = require "resmoon"
local optim    = rm.optim
local schedule = optim.schedule

for i, name in ipairs {"multisteplr", "steplr", "steplr", "exponentiallr", "cosineannealinglr", "cosineannealinglr",
                       "onecyclelr", "onecyclelr", "onecyclelr", "reducelronplateau", "reducelronplateau",
                       "warmupmultisteplr", "cycliclr", "cycliclr", "cycliclr", "lambdalr"} do
  check.reference(("schedules/schedule_%02d_%s"):format(i, name))
end

local function optimizer() return optim.SGD({rm.zeros(1):requires_grad_(true)}, {lr = 0.1, momentum = 0.9}) end

local makers = {
  Step        = function(o) return schedule.Step(o, {step_size = 2}) end,
  MultiStep   = function(o) return schedule.MultiStep(o, {milestones = {3, 5}}) end,
  Exponential = function(o) return schedule.Exponential(o, {gamma = 0.9}) end,
  Cosine      = function(o) return schedule.Cosine(o, {T_max = 8}) end,
  OneCycle    = function(o) return schedule.OneCycle(o, {max_lr = 1, total_steps = 8}) end,
  Plateau     = function(o) return schedule.Plateau(o, {patience = 1}) end,
  Lambda      = function(o) return schedule.LambdaLR(o, function(t) return 1 / (1 + t) end) end,
  Cyclic      = function(o)
    return schedule.CyclicLR(o, {base_lr = 0.1, max_lr = 1, step_size_up = 3, mode = "triangular2"})
  end,
  Warmup      = function(o) return schedule.Warmup(schedule.Plateau(o, {patience = 1}), {warmup_steps = 5}) end,
}

check.case("a schedule resumed in the middle goes on the same", function()
  for name, make in pairs(makers) do
    local a, b = optimizer(), optimizer()
    local first, second = make(a), make(b)
    for _ = 1, 4 do first:step(1) end
    second:load_state_dict(rm.json.decode(rm.json.encode(first:state_dict())))
    for _ = 1, 5 do
      check.equal({b.lr, b.momentum}, {a.lr, a.momentum}, name)
      first:step(1)
      second:step(1)
    end
  end
end)

check.case("every group keeps its share of the rate", function()
  local p, q = rm.zeros(1):requires_grad_(true), rm.zeros(1):requires_grad_(true)
  local opt = optim.SGD({{params = {p}}, {params = {q}, lr = 1.0}}, {lr = 0.1})
  local s = schedule.Warmup(schedule.Step(opt, {step_size = 4, gamma = 0.5}), {warmup_steps = 2, start_factor = 0.5})
  check.close({opt.groups[1].lr, opt.groups[2].lr}, {0.05, 0.5})
  for _ = 1, 4 do s:step() end
  check.close({opt.groups[1].lr, opt.groups[2].lr}, {0.05, 0.5})
end)

check.case("one cycle turns Adam's first beta, and stays at its end", function()
  local opt = optim.Adam({rm.zeros(1):requires_grad_(true)})
  local s = schedule.OneCycle(opt, {max_lr = 1, total_steps = 10})
  check.close({opt.lr, opt.betas[1], opt.betas[2]}, {0.04, 0.95, 0.999})
  for _ = 1, 9 do s:step() end
  local last = opt.lr
  check.close({last, opt.betas[1]}, {4e-6, 0.95}, {atol = 1e-9})
  s:step()
  check.equal(opt.lr, last)
end)

check.case("plateau with mode max waits for a rise", function()
  local opt = optimizer()
  local s = schedule.Plateau(opt, {mode = "max", patience = 0})
  for _, metric in ipairs {0.5, 0.6, 0.7} do s:step(metric) end
  check.equal(opt.lr, 0.1)
  s:step(0.7)
  check.close({opt.lr}, {0.01})
  s:step(0 / 0)  -- a loss that is not a number is no progress
  check.close({opt.lr}, {0.001})
end)

check.case("errors name what was wrong", function()
  local opt = optimizer()
  check.error(function() schedule.Step(opt, {}) end, "Step: step_size is nil, expected a number")
  check.error(function() schedule.Step(opt, {step_size = 1, size = 2}) end, "unknown option 'size'")
  check.error(function() schedule.Step({}, {step_size = 1}) end, "expected an optimizer")
  check.error(function() schedule.OneCycle(opt, {max_lr = 1, total_steps = 5, anneal_strategy = "log"}) end,
              "expected 'cos' or 'linear'")
  check.error(function() schedule.Plateau(opt, {mode = "low"}) end, "expected 'min' or 'max'")
  check.error(function() schedule.Plateau(opt):step() end, "metric is nil")
  check.error(function() schedule.Warmup(opt, {warmup_steps = 3}) end, "expected a schedule")
end)

check.case("a schedule of one's own: one function, or one for each group, refused where it gives no rate", function()
  local p, q = rm.zeros(1):requires_grad_(true), rm.zeros(1):requires_grad_(true)
  local opt = optim.SGD({{params = {p}}, {params = {q}, lr = 1.0}}, {lr = 0.1})
  local function half(t) return 0.5 ^ t end
  local s = schedule.Lambda(opt, {lr_lambda = {half, function(t) return 1 + t end}})
  s:step()
  check.close({opt.groups[1].lr, opt.groups[2].lr}, {0.05, 2})
  check.error(function() schedule.LambdaLR(opt, {half}) end, "lr_lambda is a nil, expected a function")
  check.error(function() schedule.LambdaLR(opt, {lr_lambda = {half}}) end, "1 functions, but the optimizer has 2")
  check.error(function() schedule.LambdaLR(opt, function() return "x" end) end, "lr_lambda%(0%) is x")
  check.equal(opt.groups[2].lr, 2.0)   -- what was refused has changed nothing
end)

check.case("cyclic rates turn Adam's first beta; sizes and modes that are none are refused", function()
  local opt = optim.Adam({rm.zeros(1):requires_grad_(true)})
  local s = schedule.CyclicLR(opt, {base_lr = 0.1, max_lr = 0.5, step_size_up = 2, step_size_down = 4})
  s:step()
  check.close({opt.lr, opt.betas[1], opt.betas[2]}, {0.3, 0.85, 0.999})
  for _ = 1, 5 do s:step() end
  check.close({opt.lr, opt.betas[1]}, {0.1, 0.9})
  check.error(function() schedule.CyclicLR(opt, {base_lr = 0.1, max_lr = 1, mode = "square"}) end, "mode is square")
  check.error(function() schedule.CyclicLR(opt, {base_lr = 0.1, max_lr = 1, step_size_up = 0}) end, "step_size_up is 0")
  check.error(function() schedule.CyclicLR(opt, {base_lr = 0.1}) end, "max_lr is nil")
end)

check.case("a schedule is shown by its settings, its step and the rate in effect", function()
  local opt = optim.SGD({rm.zeros(1):requires_grad_(true)}, {lr = 1})
  local s = schedule.MultiStep(opt, {milestones = {1, 3}})
  s:step()
  check.equal(tostring(s), "MultiStep{gamma = 0.1, milestones = {1, 3}}  step 1, lr 0.1")
  check.equal(tostring(schedule.Warmup(s, {warmup_steps = 2, start_factor = 0.5})),
              "Warmup{start_factor = 0.5, warmup_steps = 2}  of MultiStep{gamma = 0.1, milestones = {1, 3}}  "
              .. "step 1, lr 0.05")
end)
