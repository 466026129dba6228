--- A perceptron with hidden layers: flatten, then fc1, relu, fc2, relu, ... fcN.
--
-- Options: hidden      sizes of the hidden layers: {512, 256}
--          activation  between the layers: "relu", "sigmoid", "tanh", "leaky_relu", "maxout", "elu", "silu", "gelu";
--                      in front of maxout a layer has twice as many outputs
--          negative_slope  of leaky_relu: 0.01
--          input       {channels, height, width} of the images: {3, 32, 32}; or {numbers} of plain vectors
--          num_classes 10
-- Shapes:  x (N, C, H, W) or (N, C*H*W); scores (N, num_classes).
--
-- Call: models.mlp {hidden = {512, 256}, activation = "relu", input = {3, 32, 32}, num_classes = 10} -> module
-- Errors: raises for an unknown option or activation.
-- Example:
--   > models.mlp({input = {1, 28, 28}})(rm.zeros(4, 1, 28, 28)).shape
--   {4, 10}
local activation = require "resmoon.models.activation"
local arguments  = require "resmoon.base.check"
local check      = require "resmoon.models.options"
local class      = require "resmoon.base.class"
local layers     = require "resmoon.nn.layers"
local Module     = require "resmoon.nn.module"

local MLP = class("MLP", Module)

function MLP:init(sizes, act, slope)
  rawset(self, "name", "mlp")
  local pieces
  self.act, pieces = activation.get("models.mlp", act, slope)
  self.depth, self.activation = #sizes - 1, act or "relu"
  for i = 1, self.depth do
    local hidden = i < self.depth
    self["fc" .. i] = layers.Linear(sizes[i], hidden and pieces * sizes[i + 1] or sizes[i + 1])
  end
end

function MLP:forward(x)
  arguments("models.mlp(x: tensor)", x)
  x = x:flatten(2)
  for i = 1, self.depth - 1 do x = self.act(self["fc" .. i](x)) end
  return self["fc" .. self.depth](x)
end

function MLP:describe() return self.activation == "relu" and "" or (" (%s)"):format(self.activation) end

local function mlp(options)
  options = check("mlp", options, {"hidden", "activation", "negative_slope", "input", "num_classes"}, true)
  arguments("models.mlp(hidden: count[]?)", options.hidden)
  local input = options.input or {3, 32, 32}
  local inputs = 1
  for _, extent in ipairs(input) do inputs = inputs * extent end
  local sizes = {inputs, table.unpack(options.hidden or {512, 256})}
  sizes[#sizes + 1] = options.num_classes or 10
  return MLP(sizes, options.activation, options.negative_slope)
end

return {mlp = mlp}
