--- Optimizers, gradient clipping, learning-rate schedules and averages of weights.
--
--     opt = optim.SGD(net:parameters(), {lr = 0.1, momentum = 0.9, weight_decay = 1e-4})
--     schedule = optim.schedule.MultiStep(opt, {milestones = {81, 122}})
--     for x, y in loader:epoch(1) do
--       opt:zero_grad()
--       net(x):cross_entropy(y):backward()
--       opt:step()
--     end
--     schedule:step()
--
-- Topic: optim
local options_of = require "resmoon.base.options"
local check = require "resmoon.base.check"
local library = require "resmoon.base.library"
local core = require "resmoon.core"
local fail = require "resmoon.base.fail"
local lists = require "resmoon.base.list"

local optim = {
  Optimizer = require "resmoon.optim.optimizer",
  SGD       = require "resmoon.optim.sgd",
  Adam      = require "resmoon.optim.adam",
  AdamW     = require "resmoon.optim.adamw",
  RMSprop   = require "resmoon.optim.rmsprop",
  LARS      = require "resmoon.optim.lars",
  EMA       = require "resmoon.optim.ema",
  schedule  = require "resmoon.optim.schedule",
}

--- Scales all gradients together so that their norm is at most max_norm.
-- options.norm_type: 2 (Euclidean, the default) or math.huge (the largest absolute value).
-- Returns the norm before. A norm that is not a number leaves the gradients as they are.
-- Source: Pascanu et al. 2013, arXiv:1211.5063, algorithm 1.
-- Call: optim.clip_grad_norm(params, max_norm, {norm_type = 2}) -> number
-- Shapes: params is a list of tensors; those without a gradient are skipped.
-- Errors: raises for another norm_type, a max_norm below 0, or an element that is not a tensor.
-- Example:
--   > w = rm.tensor({3, 4}, {requires_grad = true})
--   > (w * w):sum():backward()
--   > optim.clip_grad_norm({w}, 1)
--   10.0
--   > w.grad
--   [0.6000, 0.8000]  float32 (2)
function optim.clip_grad_norm(params, max_norm, options)
  check("optim.clip_grad_norm(params: table, max_norm: number)", params, max_norm)
  if max_norm ~= math.huge then check("optim.clip_grad_norm(max_norm: nonnegative)", max_norm) end
  lists.check("optim.clip_grad_norm", params, "parameters")
  local norm_type = options_of("optim.clip_grad_norm", options, {"norm_type"}).norm_type or 2
  if norm_type ~= 2 and norm_type ~= math.huge then
    fail("clip_grad_norm: norm_type is %s, expected 2 or math.huge", norm_type)
  end
  return core.no_grad(function() return core.clip_grad_norm(params, max_norm, norm_type == math.huge) end)
end

--- Restricts weights in place: each row (one output unit) is scaled by min(1, c / its norm).
-- Shapes: w (out, ...); returns w.
-- Source: Srebro and Shraibman 2005; Srivastava et al. 2014 (dropout), section 5.1.
-- Call: optim.max_norm(w, c) -> w
-- Errors: raises unless c is positive and w has rows.
-- Example:
--   > optim.max_norm(rm.tensor {{3, 4}, {0.1, 0}}, 1)
--   [[0.6000, 0.8000],
--    [0.1000, 0.0000]]
--   float32 (2, 2)
function optim.max_norm(w, c)
  check("optim.max_norm(w: tensor, c: number)", w, c)
  return core.no_grad(function() return core.max_norm(w, c) end)
end

return library("optim", optim)
