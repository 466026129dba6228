--- How much each pixel moves the score of a class: the largest, over the channels, of the gradient's magnitude.
--
-- Call: saliency(net, x, {class = nil}) -> maps, info
-- Shapes: x (N, C, H, W) or (C, H, W), normalized as in training; maps (N, H, W). info has class (N), scores (N, K) and
--  gradient (N, C, H, W).
-- Options: class  a number, a list or a tensor of N classes (default what the network takes each image for)
-- Errors: raises for what is no image, and for a class that is none.
-- Source: Simonyan, Vedaldi and Zisserman 2014, "Deep inside convolutional networks", arXiv:1312.6034, section 3.1.
-- Example:
--   > saliency(models.resnet20(), rm.randn(2, 3, 32, 32)).shape
--   {2, 32, 32}
-- See: gradcam
local options_of = require "resmoon.base.options"
local scored = require "resmoon.explain.scored"
local shown = require "resmoon.base.shown"

local function saliency(net, x, options)
  options = options_of("saliency", options, {class = "any"})
  x = scored.images("saliency", net, x)
  return scored.watch(net, function()
    local leaf = x:clone():requires_grad_(true)
    local scores = net(leaf)
    local class = scored.classes("saliency", scores, options.class)
    scores:gather(2, class:reshape(-1, 1)):sum():backward()
    local maps = leaf.grad:abs():max(2)
    return maps, shown.mark {class = class, scores = scores:detach(), gradient = leaf.grad}
  end)
end

return saliency
