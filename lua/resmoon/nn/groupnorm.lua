--- Normalization of each example by groups of channels, with a trained scale and shift of each channel.
-- The batch plays no part, so that small batches do as well as large ones, and training is like evaluation.
--
-- Call: nn.GroupNorm(groups, channels, {eps = 1e-5, affine = true}) -> module
-- Shapes: x (N, channels, ...); y as x; weight and bias (channels), none with affine = false.
-- Errors: raises unless groups divides channels; when called, for an x of other channels.
-- Source: Wu and He 2018, arXiv:1803.08494; the operation is x:group_norm.
-- Example:
--   > gn = nn.GroupNorm(4, 16)
--   > gn(rm.randn(2, 16, 8, 8)).shape
--   {2, 16, 8, 8}
local check      = require "resmoon.base.check"
local class      = require "resmoon.base.class"
local core       = require "resmoon.core"
local count      = require "resmoon.nn.count"
local fail       = require "resmoon.base.fail"
local Module     = require "resmoon.nn.module"
local options_of = require "resmoon.base.options"
local text = require "resmoon.base.text"

local GroupNorm = class("GroupNorm", Module)

function GroupNorm:init(groups, channels, options)
  options = options_of("GroupNorm", options, {eps = "nonnegative", affine = "boolean"})
  self.num_groups   = count("GroupNorm", "groups", groups)
  self.num_channels = count("GroupNorm", "channels", channels)
  if channels % groups ~= 0 then
    fail("GroupNorm: %d channels cannot be divided into %d groups", channels, groups)
  end
  self.eps, self.affine = options.eps or 1e-5, options.affine ~= false
  if self.affine then
    self.weight = core.ones(channels):requires_grad_(true)
    self.bias   = core.zeros(channels):requires_grad_(true)
  end
end

function GroupNorm:forward(x)
  check("GroupNorm(x: tensor)", x)
  if not self.affine and x:dim() >= 2 and x:size(2) ~= self.num_channels then
    fail("GroupNorm: x has %d channels, expected %d", x:size(2), self.num_channels)
  end
  return x:group_norm(self.num_groups, self.weight, self.bias, {eps = self.eps})
end

function GroupNorm:describe()
  return text.fields("(%d, %d, eps=%g%s)", self.num_groups, self.num_channels, self.eps,
                                       self.affine and "" or ", affine=false")
end

return GroupNorm
