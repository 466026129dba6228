--- x where it is positive, a * x elsewhere, with a trained: one number, or one for each channel.
--
-- Call: nn.PReLU(num_parameters = 1, {init = 0.25}) -> module
-- Shapes: x any, float32; with several parameters (N, num_parameters, ...); y as x. weight (num_parameters).
-- Errors: raises for a count below 1; when called, for an x of other channels than that.
-- Source: He et al. 2015, arXiv:1502.01852. Weight decay would pull a to 0: the paper leaves it out.
-- Example:
--   > nn.PReLU()(rm.tensor {-4, 2})
--   [-1.,  2.]  float32 (2), op where
local check      = require "resmoon.base.check"
local class      = require "resmoon.base.class"
local core       = require "resmoon.core"
local count      = require "resmoon.nn.count"
local fail       = require "resmoon.base.fail"
local Module     = require "resmoon.nn.module"
local options_of = require "resmoon.base.options"
local text = require "resmoon.base.text"

local PReLU = class("PReLU", Module)

function PReLU:init(num_parameters, options)
  options = options_of("PReLU", options, {init = "number"})
  self.num_parameters = count("PReLU", "num_parameters", num_parameters or 1)
  self.weight = core.full({self.num_parameters}, options.init or 0.25):requires_grad_(true)
end

function PReLU:forward(x)
  local n, a = self.num_parameters, self.weight
  check("PReLU(x: tensor, num_parameters: count, weight: tensor)", x, n, a)
  if n > 1 then
    local shape = {1, n}
    for d = 3, x:dim() do shape[d] = 1 end
    if x:dim() < 2 or x:size(2) ~= n then
      fail("PReLU: x is (%s), expected %d channels: (N, %d, ...)", table.concat(x.shape, ", "), n, n)
    end
    a = a:reshape(shape)
  end
  local positive = x:gt(0)  -- there a meets 0, not x: at infinity the gradient of a would be 0 * x
  return core.where(positive, x, a * core.where(positive, 0, x))
end

function PReLU:describe() return text.fields("(num_parameters=%d)", self.num_parameters) end

return PReLU
