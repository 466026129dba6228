--- A perceptron with hidden layers: flatten, then fc1, relu, fc2, relu, ... fcN.
--
-- Options: hidden      sizes of the hidden layers: {512, 256}
--          input       {channels, height, width} of the images: {3, 32, 32}
--          num_classes 10
-- Shapes:  x (N, C, H, W) or (N, C*H*W); scores (N, num_classes).
--
-- Call: models.mlp {hidden = {512, 256}, input = {3, 32, 32}, num_classes = 10} -> module
-- Errors: raises for an unknown option.
-- Example:
--   > models.mlp({input = {1, 28, 28}})(rm.zeros(4, 1, 28, 28)).shape
--   {4, 10}
local check  = require "resmoon.models.options"
local class  = require "resmoon.class"
local layers = require "resmoon.nn.layers"
local Module = require "resmoon.nn.module"

local MLP = class("MLP", Module)

function MLP:init(sizes)
  rawset(self, "name", "mlp")
  self.depth = #sizes - 1
  for i = 1, self.depth do self["fc" .. i] = layers.Linear(sizes[i], sizes[i + 1]) end
end

function MLP:forward(x)
  x = x:flatten(2)
  for i = 1, self.depth do
    x = self["fc" .. i](x)
    if i < self.depth then x = x:relu() end
  end
  return x
end

local function mlp(options)
  options = check("mlp", options, {"hidden", "input", "num_classes"})
  local input = options.input or {3, 32, 32}
  local sizes = {input[1] * input[2] * input[3], table.unpack(options.hidden or {512, 256})}
  sizes[#sizes + 1] = options.num_classes or 10
  return MLP(sizes)
end

return {mlp = mlp}
