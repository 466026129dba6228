--- Adam: steps scaled by running means of the gradient and of its square.
--
--     g = grad + weight_decay * p
--     m = b1 * m + (1 - b1) * g            s = b2 * s + (1 - b2) * g^2
--     p = p - lr * (m / (1 - b1^t)) / (sqrt(s / (1 - b2^t)) + eps)
--
-- Source: Kingma and Ba 2015, arXiv:1412.6980, algorithm 1.
--
-- Call: optim.Adam(params, {lr = 1e-3, betas = {0.9, 0.999}, eps = 1e-8, weight_decay = 0}) -> optimizer
-- Shapes: params is a list of tensors, or of groups.
-- Errors: raises for an unknown option, a number below 0, or betas that are not two numbers from 0, below 1.
-- Example:
--   > w = rm.tensor({1}, {requires_grad = true})
--   > opt = optim.Adam({w}, {lr = 0.1})
--   > w:sum():backward()
--   > opt:step()
--   > w
--   [0.9000]  float32 (1), requires_grad
local check     = require "resmoon.base.check"
local core      = require "resmoon.core"
local class     = require "resmoon.base.class"
local Optimizer = require "resmoon.optim.optimizer"

check.kind("betas", "two numbers from 0, below 1", function(v)
  return type(v) == "table" and #v == 2 and check.is(v, "decay[]")
end)

local Adam = class("Adam", Optimizer)
Adam.defaults = {lr = 1e-3, betas = {0.9, 0.999}, eps = 1e-8, weight_decay = 0.0}
Adam.kinds = {lr = "nonnegative", betas = "betas", eps = "nonnegative", weight_decay = "nonnegative"}
Adam.states = {"m", "s"}
Adam.decoupled = false  -- AdamW overrides it

function Adam:step_group(group)
  check("Adam.step_group(group: group)", group)
  core.adam_step(group.params, group.steps, self:state_list(group, "m"), self:state_list(group, "s"), {
    lr = group.lr, beta1 = group.betas[1], beta2 = group.betas[2], eps = group.eps,
    weight_decay = group.weight_decay, decoupled = self.decoupled,
  })
end

return Adam
