--- Basic residual block: y = relu(F(x) + shortcut(x)), F = conv-bn-relu-conv-bn.
--
--     x --+-- conv1 3x3, stride -- bn1 -- relu -- conv2 3x3 -- bn2 --+-- relu -- y
--         +------------------ x or downsample(x) --------------------+
--
-- Shapes: x (N, cin, H, W); y (N, width, ceil(H/stride), ceil(W/stride)).
-- Options: stride (1); shortcut "A", "B" (default), "C", or "none" for a plain block, where
-- nothing is added.
-- Source: He et al. 2016, arXiv:1512.03385, fig. 5 left.
--
-- Call: nn.BasicBlock(cin, width, {stride = 1, shortcut = "B"}) -> module
-- Errors: raises for another shortcut; when called, for an x of other channels.
-- Example:
--   > nn.BasicBlock(16, 32, {stride = 2})(rm.zeros(4, 16, 32, 32)).shape
--   {4, 32, 16, 16}
local class    = require "resmoon.base.class"
local layers   = require "resmoon.nn.layers"
local Module   = require "resmoon.nn.module"
local shortcut = require "resmoon.nn.shortcut"

local Conv2d, BatchNorm2d = layers.Conv2d, layers.BatchNorm2d

local BasicBlock = class("BasicBlock", Module)

BasicBlock.expansion = 1  -- channels of y over width

function BasicBlock:init(cin, width, options)
  local stride, option = options and options.stride or 1, options and options.shortcut or "B"
  self.conv1 = Conv2d(cin, width, 3, {stride = stride, padding = 1, bias = false})
  self.bn1   = BatchNorm2d(width)
  self.conv2 = Conv2d(width, width, 3, {padding = 1, bias = false})
  self.bn2   = BatchNorm2d(width)
  self.plain = option == "none"
  if not self.plain then self.downsample = shortcut(cin, width, stride, option) end
end

function BasicBlock:forward(x)
  local y = self.bn1(self.conv1(x)):relu()
  y = self.bn2(self.conv2(y))
  if self.plain then return y:relu() end
  return (y + (self.downsample and self.downsample(x) or x)):relu()
end

function BasicBlock:describe() return self.plain and " (plain)" or "" end

return BasicBlock
