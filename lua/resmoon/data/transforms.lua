--- Transforms of one image: what makes uint8 (C, H', W') of uint8 (C, H, W).
--
--     local t = transforms
--     data.folder("~/flowers", {transform = t.compose {t.random_resized_crop(64), t.flip()}})
--
-- A transform is called with an image and a generator. The random ones draw from it (a loader passes one that belongs
-- to the image's place in the epoch); without one they draw from rm.random.augment. Any function of your own will do.
-- Those made here are lists of steps for src/data/transform.c, so that data sets run them on all threads; functions
-- run one image after the other.
--
-- Call: data.transforms
-- Shapes: each takes an image uint8 (C, H, W) and gives uint8 (C, H', W'); ten_crop (10, C, H', W').
-- Errors: raised when it is made, for a size that is none; when it is called, for an image that is too small.
-- Example:
--   > t = data.transforms
--   > f = t.compose {t.resize(8), t.center_crop(4)}
--   > f(rm.zeros({3, 16, 20}, "uint8")).shape
--   {3, 4, 4}
local check = require "resmoon.base.check"
local library = require "resmoon.base.library"
local fail  = require "resmoon.base.fail"
local known = require "resmoon.base.options"
local core  = require "resmoon.core"
local lists = require "resmoon.base.list"
local steps = require "resmoon.data.steps"
local is    = require "resmoon.base.is"
local imaging = core.imaging

local transforms = {}

-- What has a file of its own: colors, rotation, erasing.
for name, make in pairs(require "resmoon.data.colors") do transforms[name] = make end
for name, make in pairs(require "resmoon.data.rotation") do transforms[name] = make end
transforms.random_erasing = require("resmoon.data.erasing").random_erasing

local Steps, one_step = steps.Steps, steps.one

local function sides(op, size)
  local h, w = size, size
  if type(size) == "table" then
    lists.check(op, size, "sides")
    h, w = size[1], #size == 2 and size[2] or nil
  end
  if math.type(h) ~= "integer" or math.type(w) ~= "integer" or h < 1 or w < 1 then
    fail("%s: size must be a whole number or {height, width}", op)
  end
  return h, w
end

-- run(a generator for each image); where nobody gives them, the seed of each is drawn. None for steps that draw
-- nothing, so that looking at images leaves rm.random.augment as it was, as an error does.
local function with_generators(list_of_steps, n, generator_of, run)
  local list = {}
  if not steps.draw(list_of_steps) then return run(nil) end
  local before = core.random.augment:get_state()
  for i = 1, n do
    list[i] = generator_of and generator_of(i)
              or core.generator(core.random.augment:integer(math.mininteger, math.maxinteger))
  end
  local ok, images = pcall(run, list)
  if ok then return images end
  if not generator_of then core.random.augment:set_state(before) end
  error(images, 0)
end

-- fetch(i) -> image i, transformed by a function of the user's, one after the other.
local function one_by_one(n, fetch, transform, generator_of)
  local images = {}
  for i = 1, n do
    local image = transform(fetch(i), generator_of and generator_of(i))
    if not is.tensor(image) then
      fail("the transform gives %s for image %d, expected a tensor", check.shown(image), i)
    end
    images[i] = image
    local first, own = images[1].shape, image.shape
    if own[#own] ~= first[#first] or own[#own - 1] ~= first[#first - 1] then
      fail("the transform makes images of different sizes: %dx%d and %dx%d (number %d)", first[#first - 1],
           first[#first], own[#own - 1], own[#own], i)
    end
  end
  return core.stack(images, 1)
end

--- Image files, each decoded and transformed. generator_of(i) makes the generator of the i-th. With orient = true
-- each is turned first as its EXIF orientation says; image folders are read without, as torchvision's ImageFolder
-- reads them.
-- Call: data.transforms.read(paths, channels, transform, generator_of = nil, {orient = false}) -> images
-- Shapes: uint8 (n, C, H, W), or what the transform gives, n times.
-- Errors: raises for a file that is not an image, naming it, and where images come out in different sizes.
-- Example:
--   > data.write_png("a.png", rm.zeros({3, 10, 12}, "uint8"))
--   > t = data.transforms
--   > t.read({"a.png", "a.png"}, 3, t.resize(5)).shape
--   {2, 3, 5, 6}
function transforms.read(paths, channels, transform, generator_of, given)
  check("data.transforms.read(paths: string[], channels: integer, transform: callable, generator_of: callable?)",
        paths, channels, transform, generator_of)
  local orient = known("transforms.read", given, {"orient"}).orient
  if getmetatable(transform) == Steps then
    return with_generators(transform, #paths, generator_of, function(generators)
      return imaging.read_images(paths, channels, transform, generators, orient)
    end)
  end
  local function fetch(i) return imaging.read_image(paths[i], channels, orient) end
  return one_by_one(#paths, fetch, transform, generator_of)
end

--- Images that are there, each transformed. generator_of(i) makes the generator of the i-th.
-- Call: data.transforms.apply(images, transform, generator_of = nil) -> images
-- Shapes: uint8 (n, C, H, W) to uint8 (n, C, H', W'), or what the transform gives, n times.
-- Errors: raises where images come out in different sizes.
-- Example:
--   > images, t = rm.zeros({2, 3, 8, 8}, "uint8"), data.transforms
--   > t.apply(images, t.center_crop(6)).shape
--   {2, 3, 6, 6}
function transforms.apply(images, transform, generator_of)
  check("data.transforms.apply(images: tensor, transform: callable, generator_of: callable?)", images, transform,
        generator_of)
  local n = images.shape[1]
  if not n then fail("data.transforms.apply: images has no dimensions, expected (N, C, H, W)") end
  if getmetatable(transform) == Steps then
    return with_generators(transform, n, generator_of, function(generators)
      return imaging.transform_images(images, transform, generators)
    end)
  end
  return one_by_one(n, function(i) return images[i] end, transform, generator_of)
end

--- One after another.
-- Call: data.transforms.compose {f, g, ...} -> transform
-- Shapes: image uint8 (C, H, W); as the last one gives it.
-- Errors: whatever one of them raises.
-- Example:
--   > t = data.transforms
--   > t.compose({t.flip(1), t.resize({2, 2})})(rm.zeros({1, 4, 4}, "uint8")).shape
--   {1, 2, 2}
function transforms.compose(list)
  local all, alone = setmetatable({}, Steps), true
  if type(list) ~= "table" then fail("compose: expected a list of transforms, got %k", list) end
  lists.check("compose", list, "transforms")
  for i = 1, #list do
    local each = list[i]
    if getmetatable(each) == Steps then table.move(each, 1, #each, #all + 1, all) else alone = false end
  end
  if alone then return all end
  return function(image, generator)
    for i = 1, #list do image = list[i](image, generator) end
    return image
  end
end

--- Scales to size {h, w}; a single number is the length of the shorter side, and the proportions
-- stay. Bilinear with antialiasing.
-- Call: data.transforms.resize(size) -> transform
-- Call: data.transforms.resize {h, w} -> transform
-- Shapes: image uint8 (C, H, W); (C, h, w).
-- Errors: raises for a size that is no whole number from 1.
-- Example:
--   > data.transforms.resize(8)(rm.zeros({3, 16, 32}, "uint8")).shape
--   {3, 8, 16}
function transforms.resize(size)
  local h, w = sides("resize", size)
  return one_step {kind = type(size) == "table" and "resize" or "shorter", height = h, width = w}
end

--- Black on all four sides: 0 in the image, so 0 as well before it is normalized, as in torchvision.
-- Call: data.transforms.pad(pixels) -> transform
-- Shapes: image uint8 (C, H, W); (C, H + 2 * pixels, W + 2 * pixels).
-- Errors: raises for pixels that are no whole number from 1.
-- Example:
--   > data.transforms.pad(1)(rm.full({1, 1, 2}, 7, "uint8"))
--   [[[0, 0, 0, 0],
--     [0, 7, 7, 0],
--     [0, 0, 0, 0]]]
--   uint8 (1, 3, 4)
function transforms.pad(pixels)
  local h, w = sides("pad", pixels)
  return one_step {kind = "pad", height = h, width = w}
end

--- The center of the image, unscaled. Where an odd number of pixels is cut off, the crop begins at half of it, rounded
-- to the even number, as in torchvision 0.14: of 227 pixels 224 begin behind the second, of 225 at the first.
-- Errors: raises where the image is smaller.
-- Call: data.transforms.center_crop(size) -> transform
-- Shapes: image uint8 (C, H, W); (C, size, size), or (C, h, w) for {h, w}.
-- Example:
--   > data.transforms.center_crop(2)(rm.arange(16):reshape(1, 4, 4):byte())
--   [[[ 6,  7],
--     [10, 11]]]
--   uint8 (1, 2, 2)
function transforms.center_crop(size)
  local h, w = sides("center_crop", size)
  return one_step {kind = "center_crop", height = h, width = w}
end

--- Ten parts of an image: the corners (upper left, upper right, lower left, lower right), the center, and the same
-- five of the image mirrored left to right, so that the sixth is the upper right corner mirrored. It is to be the last
-- of composed transforms. A loader hands the parts out one after another, and train.evaluate averages what the network
-- says of them.
-- Call: data.transforms.ten_crop(size) -> transform
-- Shapes: image uint8 (C, H, W); (10, C, size, size), or (10, C, h, w) for {h, w}.
-- Errors: raises where the image is smaller.
-- Source: Krizhevsky et al. 2012, "ImageNet classification with deep convolutional neural networks", section 4.1;
--  order and positions as torchvision 0.14's TenCrop has them.
-- Example:
--   > image = rm.arange(0, 8):reshape(1, 3, 3):byte()
--   > crops = data.transforms.ten_crop(2)(image)
--   > crops.shape, crops[1]:totable(), crops[6]:totable()
--   {10, 1, 2, 2}  {{{0, 1}, {3, 4}}}  {{{2, 1}, {5, 4}}}
function transforms.ten_crop(size)
  local h, w = sides("ten_crop", size)
  return one_step {kind = "ten_crop", height = h, width = w}
end

--- The largest centered part of the proportions of `size`, scaled to it.
-- Call: data.transforms.cover(size) -> transform
-- Shapes: image uint8 (C, H, W); (C, size, size), or (C, h, w) for {h, w}.
-- Errors: raises for a size that is no whole number from 1.
-- Example:
--   > data.transforms.cover {4, 8}(rm.zeros({3, 16, 20}, "uint8")).shape
--   {3, 4, 8}
function transforms.cover(size)
  local h, w = sides("cover", size)
  return one_step {kind = "cover", height = h, width = w}
end

--- A random part of the image, scaled to `size`. options: scale {0.08, 1}, the share of the area;
-- ratio {3/4, 4/3}, width over height.
-- Source: Szegedy et al. 2015, arXiv:1409.4842, section 6.
-- Call: data.transforms.random_resized_crop(size, {scale = {0.08, 1}, ratio = {3/4, 4/3}}) -> transform
-- Shapes: image uint8 (C, H, W); (C, size, size), or (C, h, w) for {h, w}.
-- Errors: raises for a size that is no whole number from 1; when called, unless 0 < low <= high.
-- Example:
--   > data.transforms.random_resized_crop(8)(rm.zeros({3, 16, 20}, "uint8")).shape
--   {3, 8, 8}
function transforms.random_resized_crop(size, options)
  local h, w = sides("random_resized_crop", size)
  options = known("random_resized_crop", options, {scale = "table", ratio = "table"})
  local scale, ratio = options.scale or {0.08, 1}, options.ratio or {3 / 4, 4 / 3}
  return one_step {kind = "random_resized_crop", height = h, width = w, scale = scale, ratio = ratio}
end

--- Mirrors left to right with probability p (1/2).
-- Call: data.transforms.flip(p = 0.5) -> transform
-- Shapes: image uint8 (C, H, W); the same.
-- Errors: none.
-- Example:
--   > data.transforms.flip(1)(rm.tensor({{{1, 2, 3}}}, "uint8"))
--   [[[3, 2, 1]]]  uint8 (1, 1, 3)
function transforms.flip(p)
  return one_step {kind = "flip", p = p or 0.5}
end

--- How images are made for training on ImageNet: a random part of 8 to 100 % of the area, scaled, mirrored or not.
-- Call: data.transforms.imagenet_train(size = 224) -> transform
-- Shapes: image uint8 (C, H, W); (C, size, size).
-- Errors: raises for a size that is no whole number from 1.
-- Source: Szegedy et al. 2015, arXiv:1409.4842, section 6. (He et al. 2016 scale the shorter side to 256 to 480
--  pixels and cut 224 out; this came to be what ResNets are trained with.)
-- Example:
--   > data.transforms.imagenet_train(32)
--   transform: random_resized_crop, flip
function transforms.imagenet_train(size)
  return transforms.compose {transforms.random_resized_crop(size or 224), transforms.flip()}
end

-- The shorter side in proportion: 256 pixels for crops of 224.
local function whole(size) return transforms.resize(math.floor(size * 256 / 224 + 0.5)) end

--- How images are made for testing on ImageNet: the shorter side is scaled to 256/224 of the size, the center cut out;
-- or the ten crops.
-- Call: data.transforms.imagenet_test(size = 224, {crops = 1}) -> transform
-- Shapes: image uint8 (C, H, W); (C, size, size), or (10, C, size, size) for 10 crops.
-- Errors: raises for crops other than 1 and 10.
-- Source: Krizhevsky et al. 2012, section 4.1; He et al. 2016, arXiv:1512.03385, section 3.4.
-- Example:
--   > data.transforms.imagenet_test(32)
--   transform: shorter, center_crop
function transforms.imagenet_test(size, options)
  check("data.transforms.imagenet_test(size: count?)", size)
  size = size or 224
  local crops = known("imagenet_test", options, {"crops"}).crops or 1
  if crops ~= 1 and crops ~= 10 then fail("imagenet_test: crops is %s, expected 1 or 10", crops) end
  local cut = crops == 10 and transforms.ten_crop or transforms.center_crop
  return transforms.compose {whole(size), cut(size)}
end

return library("data.transforms", transforms)
