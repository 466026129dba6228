--- Transforms that turn an image.
local fail       = require "resmoon.base.fail"
local options_of = require "resmoon.base.options"
local steps      = require "resmoon.data.steps"

local rotation = {}

local function is_number(x) return type(x) == "number" and x == x and math.abs(x) < math.huge end

-- interpolation and fill of a step.
local function how(op, given)
  given = options_of(op, given, {interpolation = "string", fill = "number"})
  local interpolation, fill = given.interpolation or "nearest", given.fill or 0
  if interpolation ~= "nearest" and interpolation ~= "bilinear" then
    fail("%s: interpolation is %s, expected nearest or bilinear", op, interpolation)
  end
  if not (fill >= 0 and fill <= 255) then fail("%s: fill is %g, expected 0 to 255", op, fill) end
  return interpolation == "bilinear", fill
end

--- Turns an image counter-clockwise about its center; the size stays.
-- Call: data.transforms.rotate(degrees, {interpolation = "nearest", fill = 0}) -> transform
-- Shapes: image uint8 (C, H, W); the same.
-- Units: degrees; fill, the value of what lies outside, 0 to 255.
-- Options: interpolation  "nearest" or "bilinear"
--  fill  of what lies outside the image, in all channels
-- Errors: raises for other options, and degrees that are no number.
-- Source: torchvision 0.14, functional.rotate with expand = False, for tensors of bytes.
-- Example:
--   > data.transforms.rotate(90)(rm.tensor({{{1, 2}, {3, 4}}}, "uint8"))
--   [[[2, 4],
--     [1, 3]]]
--   uint8 (1, 2, 2)
function rotation.rotate(degrees, options)
  if not is_number(degrees) then fail("rotate: degrees is %s, expected a number", degrees) end
  local bilinear, fill = how("rotate", options)
  return steps.one {kind = "rotate", degrees = {degrees, degrees}, bilinear = bilinear, fill = fill}
end

--- Turns an image by an angle that is drawn evenly from -degrees to degrees, or from {low, high}.
-- Call: data.transforms.random_rotation(degrees, {interpolation = "nearest", fill = 0}) -> transform
-- Call: data.transforms.random_rotation({low, high}, {options}) -> transform
-- Shapes: image uint8 (C, H, W); the same.
-- Options: as of rotate.
-- Errors: as of rotate; raises for a single number below 0.
-- Source: torchvision 0.14, RandomRotation.
-- Example:
--   > data.transforms.random_rotation(15)(rm.zeros({3, 8, 8}, "uint8")).shape
--   {3, 8, 8}
function rotation.random_rotation(degrees, options)
  local range = type(degrees) == "table" and degrees or is_number(degrees) and degrees >= 0 and {-degrees, degrees}
  if not range or not is_number(range[1]) or not is_number(range[2]) or range[1] > range[2] then
    fail("random_rotation: degrees is %s, expected a number from 0 or {low, high}",
         degrees)
  end
  local bilinear, fill = how("random_rotation", options)
  return steps.one {kind = "random_rotation", degrees = {range[1], range[2]}, bilinear = bilinear, fill = fill}
end

return rotation
