--- Learning-rate schedules: made with an optimizer and options, moved on by :step().
--
--     schedule = optim.schedule.MultiStep(opt, {milestones = {81, 122}, gamma = 0.1})
--     schedule = optim.schedule.Warmup(schedule, {warmup_steps = 5})
--
-- Between two calls of :step() the rate stays as it is; a rate written to the optimizer by
-- hand lasts until the next call.
--
-- Call: optim.schedule
-- Errors: each raises for an unknown option, or one that is missing.
-- Example:
--   > opt = optim.SGD({rm.ones(1, {requires_grad = true})}, {lr = 0.1})
--   > cosine = optim.schedule.Cosine(opt, {T_max = 10})
--   > schedule = optim.schedule.Warmup(cosine, {warmup_steps = 2})
--   > opt.lr
--   0.01
local Cyclic  = require "resmoon.optim.schedule.cyclic"
local decay   = require "resmoon.optim.schedule.decay"
local Lambda  = require "resmoon.optim.schedule.lambda"
local library = require "resmoon.base.library"

return library("optim.schedule", {
  Cyclic      = Cyclic,
  CyclicLR    = Cyclic,
  Lambda      = Lambda,
  LambdaLR    = Lambda,
  Step        = decay.Step,
  MultiStep   = decay.MultiStep,
  Exponential = decay.Exponential,
  Cosine      = decay.Cosine,
  OneCycle    = require "resmoon.optim.schedule.onecycle",
  Plateau     = require "resmoon.optim.schedule.plateau",
  Warmup      = require "resmoon.optim.schedule.warmup",
})
