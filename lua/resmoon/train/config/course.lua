--- The course of a training's rate, computed without training.
local check       = require "resmoon.base.check"
local build       = require "resmoon.train.config.build"
local complete    = require "resmoon.train.config.complete"
local momentum_of = require "resmoon.optim.momentum"
local core        = require "resmoon.core"
local shown       = require "resmoon.base.shown"

--- Learning rate and momentum (of Adam beta1) during each step of a training, without training: what plot.schedule
-- draws. A momentum that never moves is left out.
-- Call: train.config.course(config, steps_per_epoch) -> {rate = numbers, momentum = numbers or nil}
-- Errors: as those of schedule and optimizer.
-- Example:
--   > settings = {schedule = "onecycle", lr = 0.4, epochs = 4}
--   > settings.cycle_momentum = true
--   > course = train.config.course(train.config.complete(settings), 25)
--   > #course.rate, math.max(table.unpack(course.rate))
--   100  0.4
--   > course.momentum[1], course.momentum[25]
--   0.95  0.85
return function(c, steps_per_epoch)
  check("train.config.course(settings: table?, steps_per_epoch: count)", c, steps_per_epoch)
  c = complete(c)
  local optimizer = build.optimizer(c, {core.zeros(1, {requires_grad = true})})
  local schedule, unit = build.schedule(c, optimizer, steps_per_epoch)
  local course, moves = {rate = {}, momentum = {}}, false
  for step = 1, c.epochs * steps_per_epoch do
    course.rate[step], course.momentum[step] = optimizer.lr, momentum_of(optimizer)
    moves = moves or course.momentum[step] ~= course.momentum[1]
    if schedule and (unit == "step" or step % steps_per_epoch == 0) then schedule:step() end
  end
  if not moves then course.momentum = nil end
  return shown.mark(course)
end
