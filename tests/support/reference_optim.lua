--- Reference cases of optimizers, gradient norms, schedules and initializers.
local rm        = require "resmoon"
local reference = require "support.reference"

local runners = {}

-- "param.0", "param.1", ... of a file, as a list.
local function numbered(file, name)
  local list = {}
  while file[name .. "." .. #list] do list[#list + 1] = file[name .. "." .. #list] end
  return list
end

function runners.optim(case)
  local file, c = rm.load(case.path), case.config
  local params, grads, expected = numbered(file, "param"), numbered(file, "grad"), numbered(file, "trajectory")
  for _, p in ipairs(params) do p:requires_grad_(true) end
  local opt = rm.optim[c.optimizer](params, c.arguments)
  for step = 1, c.steps do
    if c.lr_per_step then opt.lr = c.lr_per_step[step] end
    for k, p in ipairs(params) do p.grad = grads[k][step]:clone() end
    opt:step()
    for k, p in ipairs(params) do
      reference.agree(("trajectory.%d at step %d"):format(k - 1, step), p, expected[k][step], case.tolerance)
    end
  end
end

function runners.clip_grad_norm(case)
  local file, c = rm.load(case.path), case.config
  local params = {}
  for k, grad in ipairs(numbered(file, "grad")) do
    params[k] = rm.zeros(grad.shape):requires_grad_(true)
    params[k].grad = grad
  end
  local norm_type = c.norm_type == "inf" and math.huge or c.norm_type
  local norm = rm.optim.clip_grad_norm(params, c.max_norm, {norm_type = norm_type})
  reference.agree("total_norm", rm.tensor({norm}), file.total_norm, case.tolerance)
  for k, clipped in ipairs(numbered(file, "clipped")) do
    reference.agree("clipped." .. k - 1, params[k].grad, clipped, case.tolerance)
  end
end

function runners.max_norm(case)
  local file = rm.load(case.path)
  reference.agree("output", rm.optim.max_norm(file.weight, case.config.c), file.output, case.tolerance)
end

-- PyTorch's name and arguments -> a schedule of ours.
local schedules = {
  StepLR            = function(s, opt, a) return s.Step(opt, {step_size = a.step_size, gamma = a.gamma}) end,
  MultiStepLR       = function(s, opt, a) return s.MultiStep(opt, {milestones = a.milestones, gamma = a.gamma}) end,
  ExponentialLR     = function(s, opt, a) return s.Exponential(opt, {gamma = a.gamma}) end,
  CosineAnnealingLR = function(s, opt, a) return s.Cosine(opt, {T_max = a.T_max, eta_min = a.eta_min}) end,
  OneCycleLR        = function(s, opt, a) return s.OneCycle(opt, a) end,
  CyclicLR          = function(s, opt, a) return s.CyclicLR(opt, a) end,
  LambdaLR          = function(s, opt, a)
    return s.LambdaLR(opt, {lr_lambda = function(t) return a.factor ^ t / (1 + a.decay * t) end})
  end,
  WarmupMultiStepLR = function(s, opt, a)
    return s.Warmup(s.MultiStep(opt, {milestones = a.milestones, gamma = a.gamma}),
                    {warmup_steps = a.warmup_steps, start_factor = a.warmup_start_factor})
  end,
  ReduceLROnPlateau = function(s, opt, a)
    local options = {}
    for key, value in pairs(a) do
      if key ~= "lr" and key ~= "losses" then options[key] = value end
    end
    return s.Plateau(opt, options)
  end,
}

function runners.schedule(case)
  local c = case.config
  local a, file = c.arguments, rm.load(case.path)
  local opt = rm.optim.SGD({rm.zeros(1):requires_grad_(true)}, {lr = a.lr or 0.1, momentum = 0.9})
  local schedule = schedules[c.schedule](rm.optim.schedule, opt, a)
  local lr, momentum, after = {}, {}, {}
  for t = 1, c.steps do
    lr[t], momentum[t] = opt.lr, opt.momentum
    schedule:step(a.losses and a.losses[t])
    after[t] = opt.lr
  end
  reference.agree_numbers("lr", lr, c.lr_exact, case.tolerance)
  reference.agree("lr", rm.tensor(lr), file.lr, case.tolerance)
  if file.momentum then reference.agree_numbers("momentum", momentum, c.momentum_exact, case.tolerance) end
  if file.lr_after then reference.agree("lr_after", rm.tensor(after), file.lr_after, case.tolerance) end
end

-- The formulas, and the numbers that are then really drawn.
function runners.init(case)
  local file, init = rm.load(case.path), rm.nn.init
  local rows = {fan_in = {}, fan_out = {}, gain = {}, std = {}, bound = {}}
  for i, each in ipairs(case.config.cases) do
    local w = rm.zeros(each.shape)
    local kind, distribution = each.init:match("^(%a+)_(%a+)$")
    rows.fan_in[i], rows.fan_out[i] = init.calculate_fan(w)
    rows.gain[i] = init.calculate_gain(each.nonlinearity, each.a)
    local options = kind == "kaiming" and {mode = each.mode, nonlinearity = each.nonlinearity, a = each.a}
                                       or {gain = rows.gain[i]}
    rows.std[i] = init[kind .. "_std"](w, options)
    rows.bound[i] = distribution == "uniform" and math.sqrt(3) * rows.std[i] or 0
    init[each.init .. "_"](w, options)
    local largest = w:abs():max():item()
    if distribution == "uniform" and largest > rows.bound[i] * 1.000001 then
      error(("case %d: %g drawn, bound %g"):format(i, largest, rows.bound[i]), 0)
    elseif w:numel() >= 2000 and math.abs(w:std():item() / rows.std[i] - 1) > 0.1 then
      error(("case %d: standard deviation %g drawn, expected %g"):format(i, w:std():item(), rows.std[i]), 0)
    end
  end
  for name, values in pairs(rows) do
    local actual = rm.tensor(values, file[name].dtype)
    reference.agree(name, actual, file[name], case.tolerance)
  end
end

return runners
