--- A border around images, as modules: zeros, one number, the image mirrored at its edge, or its outermost pixels.
--
-- Call: nn.ZeroPad2d(padding) -> module
-- Call: nn.ConstantPad2d(padding, value) -> module
-- Call: nn.ReflectionPad2d(padding) -> module
-- Call: nn.ReplicationPad2d(padding) -> module
-- Shapes: x (N, C, H, W) or (C, H, W); padding is a number for all four sides, or {left, right, top, bottom}.
-- Errors: raises for a padding that is negative or not whole; when called, to reflect as many pixels as there are.
-- Source: PyTorch's classes of these names; the operation is x:pad.
-- Example:
--   > nn.ReflectionPad2d {1, 1, 0, 0}(rm.tensor {{{1, 2, 3}}})
--   [[[2., 1., 2., 3., 2.]]]  float32 (1, 1, 5)
local check  = require "resmoon.base.check"
local class  = require "resmoon.base.class"
local fail   = require "resmoon.base.fail"
local lists  = require "resmoon.base.list"
local is     = require "resmoon.base.is"
local Module = require "resmoon.nn.module"

local function amounts(name, padding)
  if type(padding) == "number" then padding = {padding, padding, padding, padding} end
  if type(padding) ~= "table" or #padding ~= 4 then
    fail("%s: padding is %s, expected a number or {left, right, top, bottom}", name,
         type(padding) == "table" and #padding .. " numbers" or "a " .. type(padding))
  end
  lists.check(name, padding, "four numbers")
  local list = {}
  for i, n in ipairs(padding) do
    if not is.whole(n) or n < 0 then
      fail("%s: padding %d is %s, expected a whole number, not negative", name, i, n)
    end
    list[i] = math.tointeger(n)
  end
  return list
end

local function module(name, mode)
  local Pad = class(name, Module)
  function Pad:init(padding, value)
    self.padding = amounts(name, padding)
    if name ~= "ConstantPad2d" then return end
    if type(value) ~= "number" then fail("%s: value is %k, expected a number", name, value) end
    self.value = value
  end
  local signature = name .. "(x: tensor)"
  function Pad:forward(x)
    check(signature, x)
    if x:dim() ~= 3 and x:dim() ~= 4 then
      fail("%s: x is (%s), expected (N, C, H, W) or (C, H, W)", name, table.concat(x.shape, ", "))
    end
    return x:pad(self.padding, mode, self.value)
  end
  function Pad:describe()
    return ("({%s}%s)"):format(table.concat(self.padding, ", "),
                               self.value and (", value=%g"):format(self.value) or "")
  end
  return Pad
end

return {
  ZeroPad2d        = module("ZeroPad2d", "constant"),
  ConstantPad2d    = module("ConstantPad2d", "constant"),
  ReflectionPad2d  = module("ReflectionPad2d", "reflect"),
  ReplicationPad2d = module("ReplicationPad2d", "replicate"),
}
