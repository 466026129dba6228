--- LARS: stochastic gradient descent for large batches, where each parameter has a rate of its own.
--
--     g = grad + weight_decay * p
--     r = trust * |p| / (|grad| + weight_decay * |p|)
--     v = momentum * v + lr * r * g
--     p = p - v
--
-- |p| is the Euclidean norm of all elements. Parameters of one dimension (biases, scales and shifts of batch norm)
-- take r = 1 and no weight decay, and so does one whose weights or gradients are all zero (r = 1 alone). The learning
-- rate is part of v, other than in SGD: so it is in the paper's algorithm 1.
-- Source: You, Gitman, Ginsburg 2017, "Large batch training of convolutional networks", arXiv:1708.03888, equation 6,
-- algorithm 1; what is left out for one dimension as in the authors' later work (You et al. 2020, arXiv:1904.00962).
--
-- Call: optim.LARS(params, {lr = 0.1, momentum = 0.9, weight_decay = 0, trust = 0.001}) -> optimizer
-- Shapes: params is a list of tensors (net:parameters()), or of groups {params = list, lr = ...}.
-- Errors: raises for an unknown option.
-- Example:
--   > w = rm.tensor({{3, 4}}, {requires_grad = true})
--   > opt = optim.LARS({w}, {lr = 1, trust = 0.1})
--   > (w * w):sum():backward()
--   > opt:step()
--   > w
--   [[2.7000, 3.6000]]  float32 (1, 2), requires_grad
local class     = require "resmoon.base.class"
local Optimizer = require "resmoon.optim.optimizer"

local LARS = class("LARS", Optimizer)
LARS.defaults = {lr = 0.1, momentum = 0.9, weight_decay = 0.0, trust = 0.001}
LARS.kinds = {lr = "nonnegative", momentum = "nonnegative", weight_decay = "nonnegative", trust = "nonnegative"}
LARS.states = {"velocity"}

local function norm(t) return math.sqrt((t * t):sum():item()) end

function LARS:step_group(group)
  local velocity = self:state_list(group, "velocity")
  for i, p in ipairs(group.params) do
    local g = p.grad
    if g then
      local rate = group.lr
      if #p.shape > 1 then
        local of_p, of_g = norm(p:detach()), norm(g)
        if of_p > 0 and of_g > 0 then
          rate = rate * group.trust * of_p / (of_g + group.weight_decay * of_p)
        end
        if group.weight_decay ~= 0 then g = g + p:detach() * group.weight_decay end
      end
      velocity[i]:mul_(group.momentum):add_(g * rate)
      p:sub_(velocity[i])
    end
  end
end

return LARS
