--- AdamW: Adam with weight decay beside the gradient instead of inside it.
--
-- p shrinks by 1 - lr * weight_decay in every step, then Adam moves it; so weights that have
-- large gradients decay as fast as the others.
-- Source: Loshchilov and Hutter 2019, arXiv:1711.05101, algorithm 2.
local class = require "resmoon.class"
local Adam  = require "resmoon.optim.adam"

local AdamW = class("AdamW", Adam)
AdamW.defaults = {lr = 1e-3, betas = {0.9, 0.999}, eps = 1e-8, weight_decay = 1e-2}
AdamW.decoupled = true

return AdamW
