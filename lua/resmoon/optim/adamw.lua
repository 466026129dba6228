--- AdamW: Adam with weight decay beside the gradient instead of inside it.
--
-- p shrinks by 1 - lr * weight_decay in every step, then Adam moves it; so weights that have
-- large gradients decay as fast as the others.
-- Source: Loshchilov and Hutter 2019, arXiv:1711.05101, algorithm 2.
--
-- Call: optim.AdamW(params, {lr = 1e-3, betas = {0.9, 0.999}, eps = 1e-8, weight_decay = 1e-2}) -> optimizer
-- Shapes: params is a list of tensors, or of groups.
-- Errors: raises for an unknown option, or one of another type.
-- Example:
--   > optim.AdamW(nn.Linear(2, 1):parameters()).weight_decay
--   0.01
local class = require "resmoon.base.class"
local Adam  = require "resmoon.optim.adam"

local AdamW = class("AdamW", Adam)
AdamW.defaults = {lr = 1e-3, betas = {0.9, 0.999}, eps = 1e-8, weight_decay = 1e-2}
AdamW.decoupled = true

return AdamW
