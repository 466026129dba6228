--- Bottleneck residual block: 1x1 down to width, 3x3, 1x1 up to 4 times the width.
--
--     x -+- conv1 1x1 -bn1-relu- conv2 3x3 -bn2-relu- conv3 1x1 -bn3-+-relu- y
--        +---------------------- x or downsample(x) -----------------+
--
-- The stride is in the 3x3 convolution, as in torchvision; stride_at = "1x1" puts it into the first one, as in the
-- paper.
-- Shapes: x (N, cin, H, W); y (N, 4 * width, ceil(H/stride), ceil(W/stride)).
-- Options: as of BasicBlock; and stride_at, "3x3" or "1x1".
-- Source: He et al. 2016, arXiv:1512.03385, fig. 5 right.
--
-- Call: nn.Bottleneck(cin, width, {stride = 1, shortcut = "B", stride_at = "3x3", norm = "batch", drop = 0}) -> module
-- Errors: raises for another shortcut or place of the stride; when called, for an x of other channels.
-- Example:
--   > nn.Bottleneck(64, 16, {stride = 2})(rm.zeros(4, 64, 8, 8)).shape
--   {4, 64, 4, 4}
local options_of = require "resmoon.base.options"
local check    = require "resmoon.base.check"
local class    = require "resmoon.base.class"
local drop     = require "resmoon.nn.drop"
local fail     = require "resmoon.base.fail"
local layers   = require "resmoon.nn.layers"
local Module   = require "resmoon.nn.module"
local norm     = require "resmoon.nn.norm"
local shortcut = require "resmoon.nn.shortcut"

local Conv2d = layers.Conv2d

local known = {"stride", "shortcut", "stride_at", "norm", "drop"}

local Bottleneck = class("Bottleneck", Module)

Bottleneck.expansion = 4  -- channels of y over width

function Bottleneck:init(cin, width, options)
  check("nn.Bottleneck(cin: count, width: count)", cin, width)
  options = options_of("nn.Bottleneck", options, known)
  check("nn.Bottleneck(stride: count?, drop: number?)", options.stride, options.drop)
  local stride, option, at = options.stride or 1, options.shortcut or "B", options.stride_at or "3x3"
  if at ~= "3x3" and at ~= "1x1" then fail("bottleneck: stride_at is %s, expected '3x3' or '1x1'", at) end
  local first = at == "1x1" and stride or 1
  local cout = width * Bottleneck.expansion
  self.conv1 = Conv2d(cin, width, 1, {stride = first, bias = false})
  self.bn1   = norm(options.norm, width)
  self.conv2 = Conv2d(width, width, 3, {stride = stride // first, padding = 1, bias = false})
  self.bn2   = norm(options.norm, width)
  self.conv3 = Conv2d(width, cout, 1, {bias = false})
  self.bn3   = norm(options.norm, cout)
  self.plain = option == "none"
  if not self.plain then self.downsample = shortcut(cin, cout, stride, option, options.norm) end
  if (options.drop or 0) > 0 and not self.plain then self.drop = drop.StochasticDepth(options.drop, "row") end
end

function Bottleneck:forward(x)
  local y = self.bn1(self.conv1(x)):relu()
  y = self.bn2(self.conv2(y)):relu()
  y = self.bn3(self.conv3(y))
  if self.plain then return y:relu() end
  if self.drop then y = self.drop(y) end
  return (y + (self.downsample and self.downsample(x) or x)):relu()
end

function Bottleneck:describe() return self.plain and " (plain)" or "" end

return Bottleneck
