--- Random erasing: a rectangle of an image painted over, in bytes or in a batch that is normalized already.
-- Source: Zhong et al. 2017, arXiv:1708.04896; how the rectangle is drawn, torchvision 0.14's RandomErasing.
local core       = require "resmoon.core"
local fail       = require "resmoon.base.fail"
local options_of = require "resmoon.base.options"
local steps      = require "resmoon.data.steps"

local erasing = {}

local function pair(name, given, low, high)
  given = given or {low, high}
  local a, b = given[1], given[2]
  if type(a) ~= "number" or type(b) ~= "number" or not (a > 0 and a <= b and b < math.huge)
     or name == "scale" and b > 1 then
    fail("random_erasing: %s is {%s, %s}, expected 0 < low <= high%s", name, a, b,
         name == "scale" and " <= 1" or "")
  end
  return {a, b}
end

--- The options of random erasing in full: {p =, scale =, ratio =, value =}. A number is p.
function erasing.options(given)
  if type(given) == "number" then given = {p = given} end
  given = options_of("random_erasing", given, {p = "number", scale = "table", ratio = "table", value = "number|string"})
  local p = given.p or 0.5
  if not (p >= 0 and p <= 1) then fail("random_erasing: p is %g, expected 0 to 1", p) end
  if type(given.value) == "string" and given.value ~= "random" then
    fail("random_erasing: value is '%s', expected a number or 'random'", given.value)
  end
  return {p = p, scale = pair("scale", given.scale, 0.02, 0.33), ratio = pair("ratio", given.ratio, 0.3, 3.3),
          value = given.value or 0}
end

--- Paints a random rectangle over with probability p.
-- A loader does the same behind normalization (random_erasing = 0.25), as the paper and torchvision's training script
-- do; there a value of 0 is the mean color.
-- Call: data.transforms.random_erasing {p = 0.5, scale = {0.02, 0.33}, ratio = {0.3, 3.3}, value = 0} -> transform
-- Shapes: image uint8 (C, H, W); the same.
-- Units: scale is a share of the area, ratio height over width, value 0 to 255.
-- Options: value  of all bytes in it, or "random": each byte is drawn
-- Errors: raises for other options. Where ten rectangles in a row do not fit, the image stays as it is.
-- Example:
--   > erase = data.transforms.random_erasing {p = 1, value = 9}
--   > erase(rm.zeros({1, 8, 8}, "uint8")):max():item()
--   9
function erasing.random_erasing(given)
  local o = erasing.options(given)
  if o.value ~= "random" and not (o.value >= 0 and o.value <= 255) then
    fail("random_erasing: value is %g, expected 0 to 255", o.value)
  end
  return steps.one {kind = "random_erasing", p = o.p, scale = o.scale, ratio = o.ratio,
                    value = o.value == "random" and -1 or o.value}
end

--- Erases in a batch of floats, in place: options as erasing.options gives them, generator_of(i) draws for image i.
-- Random values are normally distributed, as torchvision's are.
function erasing.batch(x, o, generator_of)
  local h, w = x.shape[3], x.shape[4]
  core.no_grad(function()
    for i = 1, x.shape[1] do
      local generator = generator_of(i)
      local top, left, height, width
      if generator:uniform() < o.p then
        top, left, height, width = core.imaging.erase_box(h, w, o.scale[1], o.scale[2], o.ratio[1], o.ratio[2],
                                                          generator)
      end
      if top and height > 0 and width > 0 then
        local part = x[i]:narrow(2, top, height):narrow(3, left, width)
        if o.value == "random" then part:copy_(core.randn(part.shape, {generator = generator}))
        else part:fill_(o.value) end
      end
    end
  end)
  return x
end

return erasing
