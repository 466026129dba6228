--- Colors, rotation and erasing: torchvision's values, and what is drawn.
local check = require "support.check"
local rm    = require "resmoon"
local data  = rm.data
local t     = data.transforms

check.case("with given parameters every byte is torchvision 0.14's", function()
  local file, meta = rm.load(check.reference_folder() .. "/transforms/transforms.safetensors")
  local cases = rm.json.decode(meta.cases)
  check.equal(#cases, 106)
  for _, case in ipairs(cases) do
    local y, expected = t[case.op](table.unpack(case.args))(file[case.input]), file[case.name]
    local differ = y:ne(expected):long():sum():item()
    check.that(differ == 0, ("%s(%s) of %s: %d bytes differ"):format(case.op, rm.json.encode(case.args), case.input,
                                                                    differ))
  end
end)

-- A generator for image i, and many images that are all the same.
local function generator_of(i) return rm.generator(11, i) end
local function copies(image, n)
  local list = {}
  for i = 1, n do list[i] = image end
  return rm.stack(list, 1)
end

-- That a list of numbers is spread evenly over low to high: ten bins, each within five standard deviations.
local function check_even(list, low, high, what)
  local bins, n = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, #list
  for _, v in ipairs(list) do
    check.that(v >= low - 1e-6 and v <= high + 1e-6, ("%s: %g is outside"):format(what, v))
    local bin = math.min(10, 1 + math.floor(10 * (v - low) / (high - low)))
    bins[math.max(1, bin)] = bins[math.max(1, bin)] + 1
  end
  for k, count in ipairs(bins) do
    local near = math.abs(count - n / 10) < 5 * math.sqrt(n * 0.09)
    check.that(near, ("%s: bin %d has %d of %d"):format(what, k, count, n))
  end
end

check.case("jitter: factors are spread evenly over their range", function()
  local n, x = 3000, rm.full({1, 2, 1}, 100, "uint8")
  local y = t.apply(copies(x, n), t.color_jitter {brightness = 0.5}, generator_of)
  local factors = {}
  for i, v in ipairs(y:select(3, 1):reshape(-1):totable()) do factors[i] = (v + 0.5) / 100 end   -- cut off to bytes
  check_even(factors, 0.5, 1.51, "brightness")
  local fixed = t.apply(copies(x, 3), t.color_jitter {brightness = {1.2, 1.2}}, generator_of)
  check.equal(fixed:reshape(-1):totable(), {120, 120, 120, 120, 120, 120})
  check.equal(t.color_jitter {}(x), x)
end)

check.case("jitter: all orders of the four, each as often", function()
  -- contrast 0 paints the mean; with brightness 0.5 behind or in front of it, and saturation, orders can be told apart
  local x = rm.tensor({{{255, 0}}, {{0, 0}}, {{0, 0}}}, "uint8")
  local jitter = t.color_jitter {brightness = {0.5, 0.5}, contrast = {0.5, 0.5}, saturation = {0.25, 0.25}}
  local counts, kinds, n = {}, 0, 2400
  local y = t.apply(copies(x, n), jitter, generator_of)
  for i = 1, n do
    local key = table.concat(y[i]:reshape(-1):totable(), ",")
    if not counts[key] then kinds = kinds + 1 end
    counts[key] = (counts[key] or 0) + 1
  end
  local expected, orders = {}, {{1, 2, 3}, {1, 3, 2}, {2, 1, 3}, {2, 3, 1}, {3, 1, 2}, {3, 2, 1}}
  local steps = {t.adjust_brightness(0.5), t.adjust_contrast(0.5), t.adjust_saturation(0.25)}
  for _, order in ipairs(orders) do
    local made = x
    for _, k in ipairs(order) do made = steps[k](made) end
    local key = table.concat(made:reshape(-1):totable(), ",")
    expected[key] = (expected[key] or 0) + 1
  end
  for key, share in pairs(expected) do
    local mean = n * share / 6
    check.that(counts[key] and math.abs(counts[key] - mean) < 5 * math.sqrt(mean), key)
    kinds = kinds - 1
  end
  check.equal(kinds, 0)
end)

check.case("gray with its probability, rotation by angles spread evenly", function()
  local x = rm.tensor({{{200}}, {{0}}, {{0}}}, "uint8")
  local y = t.apply(copies(x, 2000), t.random_grayscale(0.3), generator_of)
  local gray = y:select(2, 2):gt(0):long():sum():item()
  check.that(math.abs(gray - 600) < 5 * math.sqrt(2000 * 0.21), gray)
  -- of an image that is white above its middle, how much of the left half is black says the angle
  local half = rm.zeros({1, 64, 64}, "uint8")
  half:narrow(2, 1, 32):fill_(255)
  local turn, angles = t.random_rotation {-20, 40}, {}
  for i = 1, 600 do
    local turned = turn(half, generator_of(i)):narrow(2, 17, 32)   -- without the black corners
    local heights = 0   -- of the edge, at two columns 32 pixels apart
    for _, column in ipairs {17, 49} do
      local white = turned:select(3, column):gt(127):long():sum():item()
      heights = (column == 17 and 1 or -1) * white + heights
    end
    angles[i] = math.deg(math.atan(heights, 32))
  end
  table.sort(angles)
  check.that(angles[1] < -17 and angles[600] > 36, angles[1] .. " " .. angles[600])
  check.that(math.abs(angles[300] - 10) < 4, angles[300])
  check.equal(t.random_rotation(0)(half), half)
end)

check.case("erasing: the probability, shares of the area, proportions, places", function()
  local n, h, w = 1500, 60, 50
  local shares, ratios, erased = {}, {}, 0
  for i = 1, n do
    local g = generator_of(i)
    local top, left, height, width = rm.imaging.erase_box(h, w, 0.05, 0.2, 0.5, 2, g)
    check.that(top and top >= 1 and left >= 1 and top + height - 1 <= h and left + width - 1 <= w, "outside")
    shares[i], ratios[i] = height * width / (h * w), math.log(height / width)
  end
  table.sort(shares)
  table.sort(ratios)
  check.that(math.abs(shares[n // 2] - 0.125) < 0.012 and shares[1] < 0.06 and shares[n] > 0.19, shares[n // 2])
  check.that(math.abs(ratios[n // 2]) < 0.12 and ratios[1] < -0.55 and ratios[n] > 0.55, ratios[n // 2])
  local y = t.apply(rm.full({1000, 1, 12, 12}, 50, "uint8"), t.random_erasing {p = 0.3, value = 7}, generator_of)
  for i = 1, 1000 do
    local painted = y[i]:eq(7):long():sum():item()
    erased = erased + (painted > 0 and 1 or 0)
    check.equal(painted + y[i]:eq(50):long():sum():item(), 144)
  end
  check.that(math.abs(erased - 300) < 5 * math.sqrt(210), erased)
  check.that(not rm.imaging.erase_box(4, 4, 1, 1, 1, 1, rm.generator(1)))   -- torchvision: never the whole image
end)

check.case("the same for a seed, an epoch and an image, with any number of threads and size of batches", function()
  local ds = data.shapes10 {size = 48}
  local made = ds:transformed(t.compose {t.color_jitter {brightness = 0.4, contrast = 0.4, saturation = 0.4, hue = 0.2},
                                         t.random_rotation(20), t.random_grayscale(0.2), t.random_erasing {p = 0.5}})
  local function epoch(k, batch)
    local parts = {}
    local options = {batch_size = batch, shuffle = true, augment = true, random_erasing = 0.5, seed = 9}
    for x in data.Loader(made, options):epoch(k) do parts[#parts + 1] = x:contiguous() end
    return rm.cat(parts, 1)
  end
  local threads = rm.num_threads()
  rm.set_num_threads(1)
  local one = epoch(2, 48)
  rm.set_num_threads(2)
  local two, other = epoch(2, 7), epoch(3, 48)
  rm.set_num_threads(threads)
  check.that(one:eq(two):all():item() == 1, "threads or batches change the images")
  check.that(one:eq(other):all():item() == 0, "two epochs have the same images")
end)

check.case("what is no parameter is refused", function()
  local two = rm.zeros({2, 4, 4}, "uint8")
  check.error(function() t.adjust_hue(0.6) end, "adjust_hue: factor is 0.6, expected %-0.5 to 0.5")
  check.error(function() t.adjust_contrast(-1) end, "adjust_contrast: factor is %-1, expected a number from 0")
  check.error(function() t.adjust_contrast(0.5)(two) end, "adjust_contrast: image has 2 channels, expected 1 or 3")
  check.error(function() t.grayscale()(two) end, "grayscale: image has 2 channels")
  check.error(function() t.color_jitter {hue = 0.7} end, "color_jitter: hue is 0.7, expected 0 to 0.5")
  check.error(function() t.color_jitter {contrast = {2, 1}} end, "contrast is {2, 1}")
  check.error(function() t.color_jitter {brigthness = 1} end, "did you mean")
  check.error(function() t.random_rotation(-5) end, "degrees is %-5")
  check.error(function() t.rotate(5, {interpolation = "cubic"}) end, "interpolation is cubic")
  check.error(function() t.rotate(5, {fill = 300}) end, "fill is 300, expected 0 to 255")
  check.error(function() t.random_erasing {p = 2} end, "p is 2, expected 0 to 1")
  check.error(function() t.random_erasing {scale = {0.5, 1.5}} end, "scale is {0.5, 1.5}")
  check.error(function() t.random_grayscale(-0.1) end, "p is %-0.1")
end)
