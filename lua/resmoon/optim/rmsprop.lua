--- RMSprop: the gradient divided by a running root mean square of itself.
--
--     g = grad + weight_decay * p          s = alpha * s + (1 - alpha) * g^2
--     u = g / (sqrt(s) + eps)              centered: s - a^2 below the root, a the mean of g
--     p = p - lr * u                       with momentum: v = momentum * v + u, p - lr * v
--
-- Source: Hinton 2012, lecture 6e; centerd as in Graves 2013, arXiv:1308.0850, eq. 38-45.
--
-- Call: optim.RMSprop(params, {lr = 0.01, alpha = 0.99, eps = 1e-8, weight_decay = 0, momentum = 0, centered =
--     false}) -> optimizer
-- Shapes: params is a list of tensors, or of groups.
-- Errors: raises for an unknown option, or one of another type.
-- Example:
--   > w = rm.tensor({3}, {requires_grad = true})
--   > opt = optim.RMSprop({w}, {lr = 0.1})
--   > w:sum():backward()
--   > opt:step()
--   > ("%.4f"):format(w:item())
--   2.0000
local check     = require "resmoon.base.check"
local core      = require "resmoon.core"
local class     = require "resmoon.base.class"
local Optimizer = require "resmoon.optim.optimizer"

local RMSprop = class("RMSprop", Optimizer)
RMSprop.defaults = {lr = 1e-2, alpha = 0.99, eps = 1e-8, weight_decay = 0.0, momentum = 0.0, centered = false}
RMSprop.kinds = {lr = "nonnegative", alpha = "probability", eps = "nonnegative", weight_decay = "nonnegative",
                 momentum = "nonnegative"}
RMSprop.states = {"s", "velocity", "mean"}
RMSprop.optional = {velocity = "momentum", mean = "centered"}

function RMSprop:step_group(group)
  check("RMSprop.step_group(group: group)", group)
  core.rmsprop_step(group.params, group.steps, self:state_list(group, "s"),
    group.momentum ~= 0 and self:state_list(group, "velocity") or nil,
    group.centered and self:state_list(group, "mean") or nil, {
    lr = group.lr, alpha = group.alpha, eps = group.eps, weight_decay = group.weight_decay,
    momentum = group.momentum, centered = group.centered,
  })
end

return RMSprop
