local check = require "support.check"
local rm    = require "resmoon"
local t     = rm.data.transforms
local imaging = rm.imaging

-- (1, h, w) with (37 i) mod 256 at row-major position i from 0.
local function ramp(h, w)
  local rows = {}
  for y = 1, h do
    rows[y] = {}
    for x = 1, w do rows[y][x] = 37 * ((y - 1) * w + x - 1) % 256 end
  end
  return rm.tensor({rows}, "uint8")
end

check.case("resizing equals Pillow's bilinear filter, bit by bit", function()
  local x = ramp(5, 7)
  check.equal(t.resize {3, 3}(x):totable(), {{{33, 112, 191}, {38, 117, 196}, {43, 122, 201}}})
  check.equal(t.resize {4, 2}(x):totable(), {{{60, 164}, {63, 167}, {67, 171}, {70, 174}}})
  local large = t.resize {9, 10}(x)
  check.equal(large[1][1]:totable(), {0, 20, 46, 72, 98, 124, 150, 176, 202, 222})
  check.equal(large[1][9]:totable(), {12, 32, 58, 84, 110, 136, 162, 188, 214, 234})
  check.equal(imaging.resize(x, 2, 3, 2, 2, 4, 5):totable(), {{{58, 116, 174}, {63, 121, 179}}})
  check.equal(t.resize {5, 7}(x), x)
  check.equal(t.resize {3, 3}(x:transpose(2, 3)):transpose(2, 3):contiguous(), t.resize {3, 3}(x))
end)

check.case("resize by the shorter side keeps the proportions", function()
  check.shape(t.resize(10)(ramp(5, 7)), {1, 10, 14})
  check.shape(t.resize(10)(ramp(9, 4)), {1, 22, 10})
  check.shape(t.resize(1)(ramp(5, 7)), {1, 1, 1})
end)

check.case("center crop and cover", function()
  local x = ramp(5, 7)
  check.equal(t.center_crop(3)(x), x[{{}, {2, 4}, {3, 5}}]:contiguous())
  check.equal(t.center_crop {5, 7}(x), x)
  check.error(function() t.center_crop(6)(x) end, "image is 5x7, expected at least 6x6")
  check.equal(t.cover(5)(x), x[{{}, {}, {2, 6}}]:contiguous())
  check.shape(t.cover {4, 12}(x), {1, 4, 12})
end)

check.case("the center of an odd difference begins at its half, rounded to the even number", function()
  for _, each in ipairs {{225, 0}, {226, 1}, {227, 2}, {229, 2}, {231, 4}, {233, 4}, {235, 6}} do
    local side, begin = each[1], each[2]
    local across, down = ramp(1, side), ramp(side, 1)
    check.equal(t.center_crop {1, 224}(across), across[{{}, {}, {begin + 1, begin + 224}}]:contiguous())
    check.equal(t.center_crop {224, 1}(down), down[{{}, {begin + 1, begin + 224}}]:contiguous())
    check.equal(t.ten_crop {1, 224}(across)[5], t.center_crop {1, 224}(across))
  end
end)

check.case("random resized crop: where nothing fits, the center as torchvision 0.14 cuts it", function()
  local function box(h, w, low, high) return {imaging.random_box(rm.zeros({1, h, w}, "uint8"), 1, 1, low, high)} end
  check.equal(box(10, 40, 3 / 4, 4 / 3), {1, 14, 10, 13})     -- (40 - 13) // 2, rounded down, unlike CenterCrop
  check.equal(box(41, 10, 3 / 4, 4 / 3), {15, 1, 13, 10})
  check.equal(box(9, 30, 1.5, 1.5), {1, 9, 9, 14})            -- 13.5 pixels wide: to the even number
end)

check.case("random resized crop: size, range, by the generator", function()
  local x = ramp(20, 30)
  local crop = t.random_resized_crop(8)
  local one, two = crop(x, rm.generator(3, 0)), crop(x, rm.generator(3, 0))
  check.shape(one, {1, 8, 8})
  check.equal(one, two)
  local g = rm.generator(4, 0)
  for _ = 1, 200 do
    local top, left, h, w = imaging.random_box(x, 0.2, 0.5, 0.75, 4 / 3, g)
    check.that(top >= 1 and left >= 1 and top + h - 1 <= 20 and left + w - 1 <= 30, "the box leaves the image")
    check.close(h * w / 600, 0.35, {atol = 0.2})
    check.close(w / h, 1, {atol = 0.45})
  end
  check.shape(t.random_resized_crop(4, {ratio = {30, 40}})(x, g), {1, 4, 4})   -- cannot be: the fallback
  check.error(function() t.random_resized_crop(4, {scale = {0, 1}})(x) end, "expected 0 < low <= high")
end)

check.case("flip mirrors half of the images", function()
  local x = rm.tensor({{{1, 2, 3}, {4, 5, 6}}}, "uint8")
  check.equal(t.flip(1)(x), rm.tensor({{{3, 2, 1}, {6, 5, 4}}}, "uint8"))
  check.equal(t.flip(0)(x), x)
  local g, count, flip = rm.generator(1, 0), 0, t.flip()
  for _ = 1, 1000 do
    if flip(x, g)[1][1][1]:item() == 3 then count = count + 1 end
  end
  check.close(count, 500, {atol = 60})
end)

check.case("compose applies in order", function()
  local both = t.compose {t.center_crop(3), t.resize(6)}
  check.shape(both(ramp(5, 7)), {1, 6, 6})
  check.error(function() t.resize("big") end, "size must be a whole number or {height, width}")
end)

-- Rows top to top + h - 1, columns left to left + w - 1, by slicing.
local function part(x, top, left, h, w) return x[{{}, {top, top + h - 1}, {left, left + w - 1}}]:contiguous() end

check.case("ten crops: four corners, the center, and those of the mirrored image: torchvision 0.14", function()
  local x = rm.cat({ramp(6, 9), ramp(9, 6):transpose(2, 3):contiguous()}, 1)
  local crops = t.ten_crop {4, 5}(x)
  check.shape(crops, {10, 2, 4, 5})
  local mirrored = t.flip(1)(x)
  for k, corner in ipairs {{1, 1}, {1, 5}, {3, 1}, {3, 5}, {2, 3}} do
    check.equal(crops[k], part(x, corner[1], corner[2], 4, 5))
    check.equal(crops[k + 5], part(mirrored, corner[1], corner[2], 4, 5))
  end
  check.error(function() t.ten_crop(7)(x) end, "ten_crop: image is 6x9, expected at least 7x7")
  check.error(function() t.compose {t.ten_crop(4), t.flip()}(x) end, "ten_crop: must be the last step")
end)

check.case("padding is black, and what it surrounds stays", function()
  local x = ramp(3, 4)
  local padded = t.pad(2)(x)
  check.shape(padded, {1, 7, 8})
  check.equal(part(padded, 3, 3, 3, 4), x)
  check.equal(padded:long():sum():item(), x:long():sum():item())
end)

check.case("many images at once are what one at a time is, whatever the threads", function()
  local images = rm.data.shapes10({size = 9}).images
  local steps, threads = t.imagenet_train(20), rm.num_threads()
  local function generator(i) return rm.generator(7, i) end
  local many = t.apply(images, steps, generator)
  check.shape(many, {9, 3, 20, 20})
  for i = 1, 9 do check.equal(many[i], steps(images[i]:contiguous(), generator(i))) end
  local own = t.apply(images, function(image, g) return steps(image:contiguous(), g) end, generator)
  check.equal(own, many)
  rm.set_num_threads(1)
  check.equal(t.apply(images, steps, generator), many)
  rm.set_num_threads(threads)
  rm.manual_seed(3)
  local one = t.apply(images, steps)   -- without generators: from rm.random.augment
  rm.manual_seed(3)
  check.equal(t.apply(images, steps), one)
  check.that(t.apply(images, steps):eq(one):all():item() == 0, "the generator did not move")
  local before = rm.random.augment:get_state()
  t.apply(images, t.center_crop(20))   -- nothing is drawn
  check.equal(rm.random.augment:get_state(), before)
end)

check.case("a transform that fails has drawn nothing", function()
  local g, before = rm.generator(5), rm.random.augment:get_state()
  local fails = t.compose {t.flip(), t.random_resized_crop(4), t.center_crop(9)}
  local start = g:get_state()
  check.error(function() fails(ramp(8, 8), g) end, "center_crop: image is 4x4, expected at least 9x9")
  check.equal(g:get_state(), start)
  local images = rm.zeros({3, 1, 8, 8}, "uint8")
  check.error(function() fails(ramp(8, 8)) end, "center_crop")
  check.error(function() t.apply(images, fails) end, "center_crop")
  check.error(function() t.read({"/no/such.png"}, 3, t.flip()) end, "/no/such.png: cannot be opened")
  check.equal(rm.random.augment:get_state(), before)
end)

check.case("the crops of ImageNet", function()
  local x = ramp(30, 40)
  check.equal(t.imagenet_test(28)(x), t.center_crop(28)(t.resize(32)(x)))   -- 28 * 256/224
  check.equal(t.imagenet_test(28, {crops = 10})(x), t.ten_crop(28)(t.resize(32)(x)))
  check.error(function() t.imagenet_test(28, {crops = 5}) end, "crops is 5, expected 1 or 10")
  local g, same = rm.generator(2, 0), rm.generator(2, 0)
  check.equal(t.imagenet_train(8)(x, g), t.flip()(t.random_resized_crop(8)(x, same), same))
end)
