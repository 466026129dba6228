--- Normalization over the last dimensions, with a trained scale and shift of each element.
--
-- Call: nn.LayerNorm(shape, {eps = 1e-5, elementwise_affine = true}) -> module
-- Shapes: x (..., shape), where shape is a size or a list of sizes; y as x; weight and bias of that shape, none with
--  elementwise_affine = false.
-- Errors: raises for a size below 1; when called, for an x whose last dimensions are others.
-- Source: Ba et al. 2016, arXiv:1607.06450; the operation is x:layer_norm.
-- Example:
--   > ln = nn.LayerNorm {16, 8}
--   > ln(rm.randn(2, 16, 8)).shape
--   {2, 16, 8}
local check      = require "resmoon.base.check"
local class      = require "resmoon.base.class"
local core       = require "resmoon.core"
local count      = require "resmoon.nn.count"
local fail       = require "resmoon.base.fail"
local lists      = require "resmoon.base.list"
local Module     = require "resmoon.nn.module"
local options_of = require "resmoon.base.options"
local text = require "resmoon.base.text"

local LayerNorm = class("LayerNorm", Module)

function LayerNorm:init(shape, options)
  options = options_of("LayerNorm", options, {eps = "nonnegative", elementwise_affine = "boolean"})
  if type(shape) ~= "table" then shape = {shape} end
  if #shape == 0 then fail("LayerNorm: expected a size, or a list of sizes") end
  lists.check("LayerNorm", shape, "sizes")
  self.normalized_shape = {}
  for i, size in ipairs(shape) do self.normalized_shape[i] = count("LayerNorm", "size " .. i, size) end
  self.eps, self.elementwise_affine = options.eps or 1e-5, options.elementwise_affine ~= false
  if self.elementwise_affine then
    self.weight = core.ones(self.normalized_shape):requires_grad_(true)
    self.bias   = core.zeros(self.normalized_shape):requires_grad_(true)
  end
end

function LayerNorm:forward(x)
  check("LayerNorm(x: tensor)", x)
  return x:layer_norm(self.normalized_shape, self.weight, self.bias, {eps = self.eps})
end

function LayerNorm:describe()
  local shape = table.concat(self.normalized_shape, ", ")
  return text.fields("(%s, eps=%g%s)", #self.normalized_shape == 1 and shape or "{" .. shape .. "}", self.eps,
                                   self.elementwise_affine and "" or ", elementwise_affine=false")
end

return LayerNorm
