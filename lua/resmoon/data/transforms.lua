--- Transforms of one image: closures from uint8 (C, H, W) to uint8 (C, H', W').
--
--     local t = transforms
--     data.folder("~/flowers", {transform = t.compose {t.random_resized_crop(64), t.flip()}})
--
-- The random ones take a generator as second argument (a loader passes one that belongs to the image's
-- place in the epoch); without one they draw from rm.random.augment.
--
-- Call: data.transforms
-- Shapes: each gives a function from uint8 (C, H, W) to uint8 (C, H', W').
-- Errors: raised when it is made, for a size that is none; when it is called, for an image that is too small.
-- Example:
--   > t = data.transforms
--   > f = t.compose {t.resize(8), t.centre_crop(4)}
--   > f(rm.zeros({3, 16, 20}, "uint8")).shape
--   {3, 4, 4}
local fail = require "resmoon.fail"
local rm   = require "resmoon.core"
local imaging = rm.imaging

local transforms = {}

local function sides(op, size)
  local h, w = size, size
  if type(size) == "table" then h, w = size[1], size[2] end
  if math.type(h) ~= "integer" or math.type(w) ~= "integer" or h < 1 or w < 1 then
    fail("%s: size must be a whole number or {height, width}", op)
  end
  return h, w
end

local function extents(image)
  local shape = image.shape
  return shape[2], shape[3]
end

--- One after another.
-- Call: data.transforms.compose {f, g, ...} -> function
-- Shapes: image uint8 (C, H, W); as the last one gives it.
-- Errors: whatever one of them raises.
-- Example:
--   > t = data.transforms
--   > t.compose({t.flip(1), t.resize({2, 2})})(rm.zeros({1, 4, 4}, "uint8")).shape
--   {1, 2, 2}
function transforms.compose(list)
  return function(image, generator)
    for i = 1, #list do image = list[i](image, generator) end
    return image
  end
end

--- Scales to size {h, w}; a single number is the length of the shorter side, and the proportions
-- stay. Bilinear with antialiasing.
-- Call: data.transforms.resize(size) -> function
-- Call: data.transforms.resize {h, w} -> function
-- Shapes: image uint8 (C, H, W); (C, h, w).
-- Errors: raises for a size that is no whole number from 1.
-- Example:
--   > data.transforms.resize(8)(rm.zeros({3, 16, 32}, "uint8")).shape
--   {3, 8, 16}
function transforms.resize(size)
  local h, w = sides("resize", size)
  if type(size) == "table" then
    return function(image) return imaging.resize(image, h, w) end
  end
  return function(image)
    local ih, iw = extents(image)
    if ih <= iw then return imaging.resize(image, size, math.max(1, size * iw // ih)) end
    return imaging.resize(image, math.max(1, size * ih // iw), size)
  end
end

--- The centre of the image, unscaled.
-- Errors: raises where the image is smaller.
-- Call: data.transforms.centre_crop(size) -> function
-- Shapes: image uint8 (C, H, W); (C, size, size), or (C, h, w) for {h, w}.
-- Example:
--   > data.transforms.centre_crop(2)(rm.arange(16):reshape(1, 4, 4):byte())
--   [[[ 6,  7],
--     [10, 11]]]
--   uint8 (1, 2, 2)
function transforms.centre_crop(size)
  local h, w = sides("centre_crop", size)
  return function(image)
    local ih, iw = extents(image)
    if ih < h or iw < w then
      fail("centre_crop: image is %dx%d, expected at least %dx%d", ih, iw, h, w)
    end
    return imaging.resize(image, h, w, imaging.centre_box(image, h, w))
  end
end

--- The largest centred part of the proportions of `size`, scaled to it.
-- Call: data.transforms.cover(size) -> function
-- Shapes: image uint8 (C, H, W); (C, size, size), or (C, h, w) for {h, w}.
-- Errors: raises for a size that is no whole number from 1.
-- Example:
--   > data.transforms.cover {4, 8}(rm.zeros({3, 16, 20}, "uint8")).shape
--   {3, 4, 8}
function transforms.cover(size)
  local h, w = sides("cover", size)
  return function(image) return imaging.resize(image, h, w, imaging.cover_box(image, h, w)) end
end

--- A random part of the image, scaled to `size`. options: scale {0.08, 1}, the share of the area;
-- ratio {3/4, 4/3}, width over height.
-- Source: Szegedy et al. 2015, arXiv:1409.4842, section 6.
-- Call: data.transforms.random_resized_crop(size, {scale = {0.08, 1}, ratio = {3/4, 4/3}}) -> function
-- Shapes: image uint8 (C, H, W); (C, size, size), or (C, h, w) for {h, w}.
-- Errors: raises for a size that is no whole number from 1; when called, unless 0 < low <= high.
-- Example:
--   > data.transforms.random_resized_crop(8)(rm.zeros({3, 16, 20}, "uint8")).shape
--   {3, 8, 8}
function transforms.random_resized_crop(size, options)
  local h, w = sides("random_resized_crop", size)
  local scale = options and options.scale or {0.08, 1}
  local ratio = options and options.ratio or {3 / 4, 4 / 3}
  return function(image, generator)
    return imaging.resize(image, h, w,
      imaging.random_box(image, scale[1], scale[2], ratio[1], ratio[2], generator))
  end
end

--- Mirrors left to right with probability p (1/2).
-- Call: data.transforms.flip(p = 0.5) -> function
-- Shapes: image uint8 (C, H, W); the same.
-- Errors: none.
-- Example:
--   > data.transforms.flip(1)(rm.tensor({{{1, 2, 3}}}, "uint8"))
--   [[[3, 2, 1]]]  uint8 (1, 1, 3)
function transforms.flip(p)
  p = p or 0.5
  return function(image, generator)
    return (generator or rm.random.augment):uniform() < p and imaging.flip(image) or image
  end
end

return transforms
