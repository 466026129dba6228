--- Transforms of colors: brightness, contrast, saturation, hue, gray.
--
-- Names, definitions and rounding are those of torchvision 0.14 for tensors of bytes.
local fail       = require "resmoon.base.fail"
local options_of = require "resmoon.base.options"
local phrase     = require "resmoon.base.phrase"
local steps      = require "resmoon.data.steps"

local colors = {}

local function is_number(x) return type(x) == "number" and x == x and math.abs(x) < math.huge end

local function adjust(name, factor, low, high)
  if not is_number(factor) or factor < low or factor > high then
    fail("adjust_%s: factor is %s, expected %s", name, factor,
         high < math.huge and ("%g to %g"):format(low, high) or "a number from 0")
  end
  return steps.one {kind = "color", [name] = {factor, factor}}
end

--- Brightness, contrast and saturation by a factor (1 changes nothing), hue by a part of the circle.
-- Brightness: factor * x. Contrast: factor * x + (1 - factor) * mean of the gray image. Saturation: factor * x
-- + (1 - factor) * gray image. Hue is turned in HSV; saturation and hue leave images of one channel alone.
-- Call: data.transforms.adjust_brightness(factor) -> transform
-- Call: data.transforms.adjust_contrast(factor) -> transform
-- Call: data.transforms.adjust_saturation(factor) -> transform
-- Call: data.transforms.adjust_hue(factor) -> transform
-- Shapes: image uint8 (C, H, W), C 1 or 3; the same.
-- Units: factors from 0; of hue -0.5 to 0.5.
-- Errors: raises for another factor; when called, for another number of channels.
-- Source: torchvision 0.14, functional.adjust_brightness and its neighbors, for tensors of bytes.
-- Example:
--   > brighter = data.transforms.adjust_brightness(1.5)
--   > brighter(rm.tensor({{{10, 100, 200}}}, "uint8"))
--   [[[ 15, 150, 255]]]  uint8 (1, 1, 3)
function colors.adjust_brightness(factor) return adjust("brightness", factor, 0, math.huge) end
function colors.adjust_contrast(factor) return adjust("contrast", factor, 0, math.huge) end
function colors.adjust_saturation(factor) return adjust("saturation", factor, 0, math.huge) end
function colors.adjust_hue(factor) return adjust("hue", factor, -0.5, 0.5) end

--- Gray by ITU-R BT.601: 0.2989 R + 0.587 G + 0.114 B, in all channels; random_grayscale with probability p.
-- Call: data.transforms.grayscale() -> transform
-- Call: data.transforms.random_grayscale(p = 0.1) -> transform
-- Shapes: image uint8 (C, H, W), C 1 or 3; the same.
-- Errors: raises for a p outside 0 to 1; when called, for another number of channels.
-- Source: torchvision 0.14, rgb_to_grayscale and RandomGrayscale.
-- Example:
--   > red = rm.tensor({{{255}}, {{0}}, {{0}}}, "uint8")
--   > data.transforms.grayscale()(red):totable()
--   {{{76}}, {{76}}, {{76}}}
function colors.grayscale() return steps.one {kind = "grayscale"} end

function colors.random_grayscale(p)
  p = p or 0.1
  if not is_number(p) or p < 0 or p > 1 then fail("random_grayscale: p is %s, expected 0 to 1", p) end
  return steps.one {kind = "random_grayscale", p = p}
end

-- {low, high} of what was given: a number x is 1 - x to 1 + x, at least 0; of hue -x to x.
local function range_of(name, given, center, least, most)
  if given == nil then return {center, center} end
  local low, high
  if type(given) == "table" then low, high = given[1], given[2]
  elseif is_number(given) and given >= 0 then
    low, high = center - given, center + given
    if name ~= "hue" then low = math.max(0, low) end
  end
  if not (is_number(low) and is_number(high) and least <= low and low <= high and high <= most) then
    fail("color_jitter: %s is %s, expected %s, or {low, high} with %g <= low <= high%s", name,
         type(given) == "table" and ("{%s, %s}"):format(phrase.inline(given[1]), phrase.inline(given[2])) or given,
         name == "hue" and "0 to 0.5" or "a number from 0", least, most < math.huge and (" <= %g"):format(most) or "")
  end
  return {low, high}
end

--- Changes brightness, contrast, saturation and hue at random, in random order.
-- A number x draws the factor evenly from 1 - x (at least 0) to 1 + x, of hue from -x to x.
-- Call: data.transforms.color_jitter {brightness = 0, contrast = 0, saturation = 0, hue = 0} -> transform
-- Shapes: image uint8 (C, H, W), C 1 or 3; the same.
-- Options: brightness, contrast, saturation  a number from 0, or {low, high}
--  hue  0 to 0.5, or {low, high} within -0.5 to 0.5
-- Errors: raises for other numbers; when called, for another number of channels.
-- Source: torchvision 0.14, ColorJitter.
-- Example:
--   > jitter = data.transforms.color_jitter {brightness = 0.4, hue = 0.1}
--   > jitter(rm.zeros({3, 8, 8}, "uint8")).shape
--   {3, 8, 8}
function colors.color_jitter(given)
  given = options_of("color_jitter", given, {"brightness", "contrast", "saturation", "hue"})
  local step = {kind = "color_jitter", hue = range_of("hue", given.hue, 0, -0.5, 0.5)}
  for _, name in ipairs {"brightness", "contrast", "saturation"} do
    step[name] = range_of(name, given[name], 1, 0, math.huge)
  end
  return steps.one(step)
end

return colors
