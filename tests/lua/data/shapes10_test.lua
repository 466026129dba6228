local check = require "support.check"
local rm    = require "resmoon"
local data  = rm.data

-- 32-bit FNV-1a of all bytes.
local function hash(tensor)
  local h = 0x811c9dc5
  local list = tensor:contiguous():view(tensor:numel()):totable()
  for i = 1, #list do h = ((h ~ list[i]) * 0x01000193) & 0xffffffff end
  return ("%08x"):format(h)
end

check.case("shape, classes, and every class once in ten", function()
  local ds = data.shapes10 {size = 40, seed = 3}
  check.shape(ds.images, {40, 3, 32, 32})
  check.equal(ds.images.dtype, "uint8")
  check.equal(#ds.classes, 10)
  check.equal({ds.classes[1], ds.classes[10]}, {"circle", "spiral"})
  local labels = ds.labels:totable()
  for group = 0, 3 do
    local seen = {}
    for i = 1, 10 do seen[labels[10 * group + i]] = true end
    check.equal(#seen, 10)
  end
end)

check.case("the same images for a seed, whatever the size, the threads, the machine", function()
  local large = data.shapes10 {size = 60, seed = 5}
  local small = data.shapes10 {size = 20, seed = 5}
  check.equal(large.images[{{1, 20}}], small.images)
  local threads = rm.num_threads()
  rm.set_num_threads(1)
  check.equal(data.shapes10({size = 60, seed = 5}).images, large.images)
  rm.set_num_threads(threads)
  check.equal(hash(small.images), "ef25c52a")
end)

check.case("seeds and splits give other images", function()
  local a = data.shapes10 {size = 10, seed = 1}
  for _, other in ipairs {data.shapes10 {size = 10, seed = 2}, data.shapes10 {size = 10, seed = 1, train = false}} do
    for i = 1, 10 do
      for j = 1, 10 do
        check.that(not pcall(check.equal, a.images[i], other.images[j]), "an image occurs twice")
      end
    end
  end
end)

check.case("the constants are the statistics", function()
  local mean, std = data.statistics(data.shapes10 {size = 2000})
  check.close(mean, data.shapes10.mean, {atol = 0.01})
  check.close(std, data.shapes10.std, {atol = 0.01})
end)

check.case("wrong options are named", function()
  check.error(function() data.shapes10 {sise = 3} end,
              "shapes10: unknown option 'sise', did you mean 'size'?; it takes seed, size, train")
  check.error(function() data.shapes10 {size = 0} end, "size must be a whole number from 1, got 0")
end)
