--- Normalization of each channel of each example by its own mean and variance.
-- With track_running_stats, running averages of these are kept in training and used in evaluation.
--
-- Call: nn.InstanceNorm2d(features, {...}) -> module
-- Call: nn.InstanceNorm1d(features, {...}) -> module
-- Shapes: x (N, features, H, W), for 1d (N, features, L), or one example without N; y as x. weight and bias (features)
--  with affine; running_mean and running_var (features) with track_running_stats.
-- Options: eps (1e-5)  added to the variance
--          momentum (0.1)  share of the new statistics in the running ones
--          affine (false)  a trained scale and shift of each channel
--          track_running_stats (false)  whether there are running ones
-- Errors: when called, raises for an x of other channels, and for one value per channel.
-- Source: Ulyanov et al. 2016, arXiv:1607.08022; the operation is x:instance_norm. As in PyTorch, num_batches_tracked
--  stays 0.
-- Example:
--   > norm = nn.InstanceNorm2d(16, {affine = true})
--   > norm(rm.randn(2, 16, 8, 8)).shape
--   {2, 16, 8, 8}
local check      = require "resmoon.base.check"
local class      = require "resmoon.base.class"
local core       = require "resmoon.core"
local count      = require "resmoon.nn.count"
local fail       = require "resmoon.base.fail"
local Module     = require "resmoon.nn.module"
local options_of = require "resmoon.base.options"
local text = require "resmoon.base.text"

local InstanceNorm = class("InstanceNorm", Module)

function InstanceNorm:init(features, options)
  local name = getmetatable(self).__name
  options = options_of(name, options, {eps = "nonnegative", momentum = "probability", affine = "boolean",
                                       track_running_stats = "boolean"})
  self.num_features = count(name, "features", features)
  self.eps, self.momentum = options.eps or 1e-5, options.momentum or 0.1
  self.affine, self.track_running_stats = options.affine == true, options.track_running_stats == true
  if self.affine then
    self.weight = core.ones(features):requires_grad_(true)
    self.bias   = core.zeros(features):requires_grad_(true)
  end
  if self.track_running_stats then
    self:register_buffer("running_mean", core.zeros(features))
    self:register_buffer("running_var", core.ones(features))
    self:register_buffer("num_batches_tracked", core.tensor(0, "int64"))
  end
end

function InstanceNorm:forward(x)
  check("InstanceNorm(x: tensor)", x)
  local name, dims = getmetatable(self).__name, self.DIMS
  local alone = x:dim() == dims + 1
  if not alone and x:dim() ~= dims + 2 then
    fail("%s: x is (%s), expected %s", name, table.concat(x.shape, ", "), self.EXPECTED)
  end
  if alone then x = x:unsqueeze(1) end
  if x:size(2) ~= self.num_features then
    fail("%s: x has %d channels, expected %d", name, x:size(2), self.num_features)
  end
  local y = x:instance_norm(self.weight, self.bias, self.running_mean, self.running_var, {
    use_input_stats = self.training or not self.track_running_stats, momentum = self.momentum, eps = self.eps})
  return alone and y:squeeze(1) or y
end

function InstanceNorm:describe()
  return text.fields("(%d, eps=%g, momentum=%g%s%s)", self.num_features, self.eps, self.momentum,
    self.affine and ", affine=true" or "", self.track_running_stats and ", track_running_stats=true" or "")
end

local InstanceNorm1d, InstanceNorm2d = class("InstanceNorm1d", InstanceNorm), class("InstanceNorm2d", InstanceNorm)
InstanceNorm1d.DIMS, InstanceNorm1d.EXPECTED = 1, "(N, C, L) or (C, L)"
InstanceNorm2d.DIMS, InstanceNorm2d.EXPECTED = 2, "(N, C, H, W) or (C, H, W)"

return {InstanceNorm1d = InstanceNorm1d, InstanceNorm2d = InstanceNorm2d}
