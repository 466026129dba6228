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

check.case("centre crop and cover", function()
  local x = ramp(5, 7)
  check.equal(t.centre_crop(3)(x), x[{{}, {2, 4}, {3, 5}}]:contiguous())
  check.equal(t.centre_crop {5, 7}(x), x)
  check.error(function() t.centre_crop(6)(x) end, "image is 5x7, expected at least 6x6")
  check.equal(t.cover(5)(x), x[{{}, {}, {2, 6}}]:contiguous())
  check.shape(t.cover {4, 12}(x), {1, 4, 12})
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
  local both = t.compose {t.centre_crop(3), t.resize(6)}
  check.shape(both(ramp(5, 7)), {1, 6, 6})
  check.error(function() t.resize("big") end, "size must be a whole number or {height, width}")
end)
