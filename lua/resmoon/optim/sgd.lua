--- Stochastic gradient descent with momentum.
--
--     g = grad + weight_decay * p
--     v = g at the first step, then momentum * v + (1 - dampening) * g
--     p = p - lr * v            or, with nesterov, p - lr * (g + momentum * v)
--
-- Without momentum, p - lr * g. The learning rate is not part of v.
-- Source: Sutskever et al. 2013, "On the importance of initialization and momentum in deep
-- learning"; in PyTorch's form.
--
-- Call: optim.SGD(params, {lr = 0.1, momentum = 0, dampening = 0, weight_decay = 0, nesterov = false}) -> optimizer
-- Shapes: params is a list of tensors (net:parameters()), or of groups {params = list, lr = ...}.
-- Errors: raises for an unknown option, a rate, momentum or decay below 0, nesterov without momentum or with dampening.
-- Example:
--   > w = rm.tensor({1}, {requires_grad = true})
--   > opt = optim.SGD({w}, {lr = 0.1, momentum = 0.5})
--   > (w * w):sum():backward()
--   > opt:step()
--   > w
--   [0.8000]  float32 (1), requires_grad
local check     = require "resmoon.base.check"
local core      = require "resmoon.core"
local class     = require "resmoon.base.class"
local Optimizer = require "resmoon.optim.optimizer"

local SGD = class("SGD", Optimizer)
SGD.defaults = {lr = 0.1, momentum = 0.0, dampening = 0.0, weight_decay = 0.0, nesterov = false}
SGD.kinds = {lr = "nonnegative", momentum = "nonnegative", dampening = "finite", weight_decay = "nonnegative"}
SGD.needs = {nesterov = {momentum = "positive", dampening = "zero"}}
SGD.states = {"velocity"}
SGD.optional = {velocity = "momentum"}

function SGD:step_group(group)
  check("SGD.step_group(group: group)", group)
  local velocity = group.momentum ~= 0 and self:state_list(group, "velocity") or nil
  core.sgd_step(group.params, group.steps, velocity, {
    lr = group.lr, momentum = group.momentum, dampening = group.dampening,
    weight_decay = group.weight_decay, nesterov = group.nesterov,
  })
end

return SGD
