--- Optimisers, gradient clipping and learning-rate schedules.
--
--     opt = optim.SGD(net:parameters(), {lr = 0.1, momentum = 0.9, weight_decay = 1e-4})
--     schedule = optim.schedule.MultiStep(opt, {milestones = {81, 122}})
--     for x, y in loader:epoch(1) do
--       opt:zero_grad()
--       net(x):cross_entropy(y):backward()
--       opt:step()
--     end
--     schedule:step()
local core = require "resmoon.core"
local fail = require "resmoon.fail"

local optim = {
  Optimizer = require "resmoon.optim.optimizer",
  SGD       = require "resmoon.optim.sgd",
  Adam      = require "resmoon.optim.adam",
  AdamW     = require "resmoon.optim.adamw",
  RMSprop   = require "resmoon.optim.rmsprop",
  schedule  = require "resmoon.optim.schedule",
}

--- Scales all gradients together so that their norm is at most max_norm.
-- options.norm_type: 2 (Euclidean, the default) or math.huge (the largest absolute value).
-- Returns the norm before. A norm that is not a number leaves the gradients as they are.
-- Source: Pascanu et al. 2013, arXiv:1211.5063, algorithm 1.
function optim.clip_grad_norm(params, max_norm, options)
  local norm_type = options and options.norm_type or 2
  if norm_type ~= 2 and norm_type ~= math.huge then
    fail("clip_grad_norm: norm_type is %s, expected 2 or math.huge", tostring(norm_type))
  end
  return core.no_grad(function() return core.clip_grad_norm(params, max_norm, norm_type == math.huge) end)
end

--- Restricts weights in place: each row (one output unit) is scaled by min(1, c / its norm).
-- Shapes: w (out, ...); returns w.
-- Source: Srebro and Shraibman 2005; Srivastava et al. 2014 (dropout), section 5.1.
function optim.max_norm(w, c)
  return core.no_grad(function() return core.max_norm(w, c) end)
end

return optim
