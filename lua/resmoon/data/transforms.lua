--- Transforms of one image: closures from uint8 (C, H, W) to uint8 (C, H', W').
--
--     local t = transforms
--     data.folder("~/flowers", {transform = t.compose {t.random_resized_crop(64), t.flip()}})
--
-- The random ones take a generator as second argument (a loader passes one that belongs to the image's
-- place in the epoch); without one they draw from rm.random.augment.
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
function transforms.compose(list)
  return function(image, generator)
    for i = 1, #list do image = list[i](image, generator) end
    return image
  end
end

--- Scales to size {h, w}; a single number is the length of the shorter side, and the proportions
-- stay. Bilinear with antialiasing.
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
function transforms.cover(size)
  local h, w = sides("cover", size)
  return function(image) return imaging.resize(image, h, w, imaging.cover_box(image, h, w)) end
end

--- A random part of the image, scaled to `size`. options: scale {0.08, 1}, the share of the area;
-- ratio {3/4, 4/3}, width over height.
-- Source: Szegedy et al. 2015, arXiv:1409.4842, section 6.
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
function transforms.flip(p)
  p = p or 0.5
  return function(image, generator)
    return (generator or rm.random.augment):uniform() < p and imaging.flip(image) or image
  end
end

return transforms
