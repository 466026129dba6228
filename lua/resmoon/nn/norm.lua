--- The norm behind a convolution of a block, chosen by a word: norm("group", 64) is a module for 64 channels.
--
--   "batch"      BatchNorm2d
--   "group"      GroupNorm of 32 groups, as in the paper; of fewer than 64 channels, of groups of two
--   "instance"   InstanceNorm2d with scale and shift
-- or a function that takes the number of channels and returns a module. Nothing (nil) is "batch".
local fail   = require "resmoon.base.fail"
local layers = require "resmoon.nn.layers"
local GroupNorm = require "resmoon.nn.groupnorm"
local instance  = require "resmoon.nn.instancenorm"
local Module    = require "resmoon.nn.module"

local function common_divisor(a, b) return b == 0 and a or common_divisor(b, a % b) end

local kinds = {
  batch    = function(channels) return layers.BatchNorm2d(channels) end,
  group    = function(channels) return GroupNorm(common_divisor(32, math.max(1, channels // 2)), channels) end,
  instance = function(channels) return instance.InstanceNorm2d(channels, {affine = true}) end,
}

local function norm(kind, channels)
  local make = kind == nil and kinds.batch or type(kind) == "function" and kind or kinds[kind]
  if not make then fail("norm is %s, expected 'batch', 'group', 'instance' or a function", kind) end
  local module = make(channels)
  if not Module.is_module(module) then fail("norm: the function gave %k, expected a module", module) end
  return module
end

return norm
