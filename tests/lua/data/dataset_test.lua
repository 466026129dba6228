local check = require "support.check"
local rm    = require "resmoon"
local data  = rm.data

-- n gray images of 2x2; image i is full of i, its label (i - 1) % 3 + 1.
local function small(n)
  local images, labels = {}, {}
  for i = 1, n do
    images[i] = {{{i, i}, {i, i}}}
    labels[i] = (i - 1) % 3 + 1
  end
  return data.Dataset.new {
    name = "small", images = rm.tensor(images, "uint8"), labels = rm.tensor(labels, "int64"),
    classes = {"a", "b", "c"},
  }
end

check.case("get gives one image and its label", function()
  local ds = small(7)
  check.equal(ds:size(), 7)
  check.equal(#ds, 7)
  check.equal(ds.shape, {1, 2, 2})
  local x, y = ds:get(5)
  check.equal(x, rm.tensor({{{5, 5}, {5, 5}}}, "uint8"))
  check.equal(y, 2)
  x, y = ds:get(-1)
  check.equal(x[1][1][1]:item(), 7)
  check.equal(y, 1)
  check.error(function() ds:get(8) end, "index 8 is out of range, expected 1 to 7")
  check.error(function() ds:get(0) end, "index 0 is out of range")
end)

check.case("batch takes a list, a tensor or a count", function()
  local ds = small(10)
  local x, y = ds:batch({3, 1, 3})
  check.equal(x, rm.tensor({{{{3, 3}, {3, 3}}}, {{{1, 1}, {1, 1}}}, {{{3, 3}, {3, 3}}}}, "uint8"))
  check.equal(y, rm.tensor({3, 1, 3}, "int64"))
  check.equal(ds:batch(rm.tensor({3, 1, 3}, "int64")), x)
  local _, spread = ds:batch(5)                   -- 1, 3, 5, 7, 9
  check.equal(spread:totable(), {1, 3, 2, 1, 3})
  check.equal(select(2, ds:batch(10)), ds.labels)  -- all of them, in order
  check.error(function() ds:batch({1, 11}) end, "index 11 (number 2 of the list) is out of range, expected 1 to 10")
  check.error(function() ds:batch({1.5}) end, "no whole number")
  check.error(function() ds:batch(11) end, "size 11, expected 1 to 10")
end)

check.case("a subset has its own numbering and shares the images", function()
  local ds = small(10)
  local part = data.subset(ds, {9, 4, 2})
  check.equal(part:size(), 3)
  check.equal(part:batch({1, 3}):select(2, 1):select(2, 1):select(2, 1):totable(), {9, 2})
  check.equal(part:subset({3, 1}):all_labels():totable(), {2, 3})
  check.shape(part:all_images(), {3, 1, 2, 2})
  check.error(function() ds:subset({11}) end, "out of range")
end)

check.case("split: disjoint, complete, by the seed", function()
  local ds = small(50)
  local train, val = data.split(ds, 0.2, 7)
  check.equal({train:size(), val:size()}, {40, 10})
  local seen = {}
  for _, part in ipairs {train, val} do
    for i = 1, part:size() do
      local number = part:get(i)[1][1][1]:item()
      check.that(not seen[number], "an image is in both parts")
      seen[number] = true
    end
  end
  check.equal(#seen, 50)
  local _, again = data.split(ds, 10, 7)
  check.equal(again:all_images(), val:all_images())
  local _, other = data.split(ds, 10, 8)
  check.that(table.concat(other.indices:totable(), " ") ~= table.concat(val.indices:totable(), " "),
             "another seed gave the same split")
  check.error(function() data.split(ds, 50) end, "expected a fraction below 1 or a count from 1 to 49")
end)

check.case("statistics are those of all pixels of a channel, in 0..1", function()
  local images = rm.tensor({{{{0, 255}}, {{51, 51}}}, {{{0, 255}}, {{102, 102}}}}, "uint8")
  local mean, std = data.statistics(images)
  check.close(mean, {0.5, 0.3})
  check.close(std, {0.5, 0.1})
  local ds = small(4)
  check.close(ds.mean, {2.5 / 255})
  check.close(ds:subset({1, 1}).mean, {2.5 / 255})   -- of the whole set
  check.close({data.statistics(ds:subset({1, 1}))}, {{1 / 255}, {0}})
end)

check.case("normalize: (x/255 - mean) / std, channel by channel", function()
  local x = rm.tensor({{{{0, 255}}, {{51, 204}}}}, "uint8")
  local y = data.normalize(x, {0.5, 0.2}, {0.25, 0.1})
  check.close(y, {{{{-2, 2}}, {{0, 6}}}})
  check.error(function() data.normalize(x, {0.5}, {0.5}) end, "1 means, but x is (1, 2, 1, 2), expected (N, 1, H, W)")
  check.error(function() data.normalize(x, {0, 0}, {1, 0}) end, "std of channel 2 is 0, expected std > 0")
  check.error(function() data.normalize(x, {0, 0}, {1}) end, "2 means, but 1 standard deviations")
  check.error(function() data.normalize(x[1], {0, 0}, {1, 1}) end, "x is (2, 1, 2), expected (N, 2, H, W)")
end)

check.case("normalize: float32 in 0..1 gives the same, with a gradient", function()
  local x = data.shapes10({size = 3}).images
  local mean, std = data.shapes10.mean, data.shapes10.std
  check.close((x:float() / 255):normalize(mean, std), x:normalize(mean, std))
  check.equal(x:transpose(3, 4):normalize(mean, std):transpose(3, 4):contiguous(), x:normalize(mean, std):contiguous())
  check.gradients(function(v) return v:normalize({0.5, 0.1}, {0.25, 0.5}) end, rm.rand(2, 2, 3, 3), {step = 0.1})
end)

check.case("counts that differ are refused", function()
  check.error(function()
    data.Dataset.new {name = "x", images = rm.zeros({2, 1, 2, 2}, "uint8"),
                      labels = rm.tensor({1}, "int64"), classes = {"a"}}
  end, "2 images, but 1 labels")
end)

check.case("mirror says whether a mirrored image keeps its class, also of what is made of a set", function()
  local ds = data.shapes10 {size = 10}
  check.equal(ds.mirror, true)
  check.equal(ds:subset({1, 2}).mirror, true)
  check.equal(ds:shrunk(16).mirror, true)
  check.equal(ds:transformed(data.transforms.flip()).mirror, true)
  local fields = {name = "digits", classes = {"a"}, mirror = false}
  fields.images, fields.labels = rm.zeros({1, 1, 4, 4}, "uint8"), rm.tensor({1}, "int64")
  check.equal(data.Dataset.new(fields):transformed(data.transforms.flip()).mirror, false)
end)

check.case("views as images and labels: what a transposed tensor or a column holds", function()
  local hwc, table_ = rm.zeros({4, 2, 2, 3}, "uint8"), rm.tensor({{1, 7}, {2, 8}, {1, 9}, {2, 9}}, "int64")
  hwc[3][1][2][3] = 200
  local set = data.Dataset.new {name = "views", classes = {"a", "b"}, images = hwc:permute(1, 4, 2, 3),
                                labels = table_[{{}, 1}]}
  local x, y = data.Loader(set, {batch_size = 4, mean = {0, 0, 0}, std = {1, 1, 1}}):epoch(1)()
  check.equal(y:totable(), {1, 2, 1, 2})
  check.close(x[3][3][1][2] * 255, rm.tensor(200), {rtol = 1e-6})
  check.close(x:sum() * 255, rm.tensor(200), {rtol = 1e-6})
end)

check.case("what is no data set is told so, whatever it is", function()
  check.error(function() rm.data.Dataset.all_labels(rm.generator(1)) end, "self is a")
  check.error(function() rm.data.Dataset.all_labels(io.stderr) end, "self is a")
end)

check.case("options that are no table are told so by the readers of sets", function()
  for _, name in ipairs {"cifar10", "cifar100", "mnist"} do
    check.error(function() rm.data[name]("x", 3) end, name .. ": options are a number, expected a table")
  end
end)

check.case("a misspelled option of a reader of sets is told so", function()
  for _, name in ipairs {"cifar10", "cifar100", "mnist"} do
    check.error(function() rm.data[name]("x", {trian = false}) end, name .. ": unknown option 'trian'")
  end
  check.error(function() data.open("shapes10", {sise = 3}) end, "shapes10: unknown option 'sise'")
  check.error(function() data.concat({data.shapes10 {size = 2}}, {nmae = "a"}) end, "concat: unknown option 'nmae'")
end)

check.case("a method of the set of images that is called on a set of another kind says so", function()
  local other = data.from_tensors(rm.randn(4, 2), rm.tensor({1, 2, 1, 2}, "int64"))
  for _, name in ipairs {"size", "batch", "subset", "all_labels", "all_images"} do
    check.error(function() data.Dataset[name](other, {1}) end, ("data.Dataset.%s: self is a table"):format(name))
  end
  check.equal(other:size(), 4)
end)
