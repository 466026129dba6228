--- Basic residual block: y = relu(F(x) + shortcut(x)), F = conv-bn-relu-conv-bn.
--
--     x --+-- conv1 3x3, stride -- bn1 -- relu -- conv2 3x3 -- bn2 --+-- relu -- y
--         +------------------ x or downsample(x) --------------------+
--
-- Shapes: x (N, cin, H, W); y (N, width, ceil(H/stride), ceil(W/stride)).
-- Options: stride (1); shortcut "A", "B" (default), "C", or "none" for a plain block, where
-- nothing is added; norm "batch" (default), "group", "instance" or a function of the number of channels, whose
-- modules stand where bn1 and bn2 do; drop, the probability with which an example's F(x) is dropped in training (0).
-- Source: He et al. 2016, arXiv:1512.03385, fig. 5 left.
--
-- Call: nn.BasicBlock(cin, width, {stride = 1, shortcut = "B", norm = "batch", drop = 0}) -> module
-- Errors: raises for another shortcut; when called, for an x of other channels.
-- Example:
--   > nn.BasicBlock(16, 32, {stride = 2})(rm.zeros(4, 16, 32, 32)).shape
--   {4, 32, 16, 16}
local options_of = require "resmoon.base.options"
local check    = require "resmoon.base.check"
local class    = require "resmoon.base.class"
local drop     = require "resmoon.nn.drop"
local layers   = require "resmoon.nn.layers"
local Module   = require "resmoon.nn.module"
local norm     = require "resmoon.nn.norm"
local shortcut = require "resmoon.nn.shortcut"

local Conv2d = layers.Conv2d

local known = {"stride", "shortcut", "stride_at", "norm", "drop"}  -- stride_at: bottlenecks have it

local BasicBlock = class("BasicBlock", Module)

BasicBlock.expansion = 1  -- channels of y over width

function BasicBlock:init(cin, width, options)
  check("nn.BasicBlock(cin: count, width: count)", cin, width)
  options = options_of("nn.BasicBlock", options, known)
  check("nn.BasicBlock(stride: count|table?, drop: number?)", options.stride, options.drop)
  local stride, option = options.stride or 1, options.shortcut or "B"
  self.conv1 = Conv2d(cin, width, 3, {stride = stride, padding = 1, bias = false})
  self.bn1   = norm(options.norm, width)
  self.conv2 = Conv2d(width, width, 3, {padding = 1, bias = false})
  self.bn2   = norm(options.norm, width)
  self.plain = option == "none"
  if not self.plain then self.downsample = shortcut(cin, width, stride, option, options.norm) end
  if (options.drop or 0) > 0 and not self.plain then self.drop = drop.StochasticDepth(options.drop, "row") end
end

function BasicBlock:forward(x)
  local y = self.bn1(self.conv1(x)):relu()
  y = self.bn2(self.conv2(y))
  if self.plain then return y:relu() end
  if self.drop then y = self.drop(y) end
  return (y + (self.downsample and self.downsample(x) or x)):relu()
end

function BasicBlock:describe() return self.plain and " (plain)" or "" end

return BasicBlock
