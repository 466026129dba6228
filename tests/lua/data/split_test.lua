--- Hold-outs and samples: by the seed, and class by class.
local check = require "support.check"
local rm    = require "resmoon"
local data  = rm.data

-- A set with counts[k] images of class k; the value of image i is i. order: how the classes lie in it.
local function set_of(counts, order)
  local labels, classes = {}, {}
  for k, n in ipairs(counts) do
    classes[k] = "c" .. k
    for _ = 1, n do labels[#labels + 1] = k end
  end
  if order == "mixed" then
    local mixed, at = {}, rm.imaging.order(#labels, 0, 3, 9):totable()
    for i, from in ipairs(at) do mixed[i] = labels[from] end
    labels = mixed
  end
  local values = {}
  for i = 1, #labels do values[i] = {{{i}}} end
  return data.Dataset.new {name = "set", classes = classes, images = rm.tensor(values, "uint8"),
                           labels = rm.tensor(labels, "int64")}
end

local function counts(set)
  local list = {}
  for k = 1, #set.classes do list[k] = 0 end
  for _, label in ipairs(set:all_labels():totable()) do list[label] = list[label] + 1 end
  return list
end

local function values(set) return set:all_images():reshape(-1):totable() end

check.case("both parts have the same share of every class, whatever the order of the set", function()
  for _, order in ipairs {"sorted", "mixed"} do
    local train, test = data.split(set_of({100, 50, 10, 40}, order), 0.1, 1)
    check.equal({counts(train), counts(test)}, {{90, 45, 9, 36}, {10, 5, 1, 4}}, order)
  end
end)

check.case("every class keeps an image on both sides where it has two; one with a single image stays", function()
  local train, test = data.split(set_of {150, 2, 1, 47}, 0.1, 1)
  check.equal({counts(train), counts(test)}, {{135, 1, 1, 43}, {15, 1, 0, 4}})
  local sizes = {}
  for k = 1, 25 do sizes[k] = k <= 5 and 1 or 10 end   -- 21 of 205: a tenth of ten leaves no remainder, one image does
  train = data.split(set_of(sizes), 0.1, 1)
  check.equal({table.unpack(counts(train), 1, 5)}, {1, 1, 1, 1, 1})
  train, test = data.split(set_of {2, 2, 2}, 5, 1)
  check.equal({train:size(), test:size()}, {1, 5})
  for seed = 1, 20 do   -- as few as there are classes: one of each
    check.equal(counts(data.sample(set_of {200, 3, 30, 7}, 4, seed)), {1, 1, 1, 1})
  end
  check.equal(data.sample(set_of {20, 3, 30}, 2, 1):size(), 2)
end)

check.case("the same seed draws the same images, another others; parts are apart and in order", function()
  local set = set_of({60, 40}, "mixed")
  local train, test = data.split(set, 20, 7)
  local again = select(2, data.split(set, 20, 7))
  check.equal(values(again), values(test))
  check.that(table.concat(values(select(2, data.split(set, 20, 8))), " ") ~= table.concat(values(test), " "))
  local all = values(train)
  table.move(values(test), 1, 20, #all + 1, all)
  table.sort(all)
  for i = 1, 100 do check.equal(all[i], i) end
  local sorted = values(test)
  table.sort(sorted)
  check.equal(sorted, values(test))
end)

check.case("any count comes out, from one to all but one", function()
  for _, sizes in ipairs {{7, 1, 1, 3}, {1, 1, 1}, {2, 2}, {10}, {5, 0, 6}} do
    local set = set_of(sizes)
    for n = 1, set:size() - 1 do
      local rest, chosen = data.split(set, n, n)
      check.equal({rest:size(), chosen:size()}, {set:size() - n, n})
      check.equal(data.sample(set, n, n):size(), n)
    end
    check.equal(data.sample(set, set:size()):size(), set:size())
  end
  check.error(function() data.sample(set_of {3}, 4) end, "sample: 4 of 3 images, expected a whole number from 1 to 3")
  check.error(function() data.sample(set_of {3}, 0.5) end, "sample: 0.5 of 3 images")
end)

check.case("train_size and test_size take their share of every class, test images whatever the seed", function()
  local files = require "support.files"
  files.with_folder(function(dir)
    for _, split in ipairs {"train", "test"} do
      for k, class in ipairs {"a", "b", "c"} do
        rm.sys.mkdir_p(("%s/%s/%s"):format(dir, split, class))
        for i = 1, 10 * k do
          data.write_png(("%s/%s/%s/%d.png"):format(dir, split, class, i), rm.full({3, 2, 2}, i, "uint8"))
        end
      end
    end
    local function open(seed)
      return rm.train.config.open(rm.train.config.complete {data = dir, train_size = 30, test_size = 6, seed = seed})
    end
    local train, test = open(1)
    check.equal({counts(train), counts(test)}, {{5, 10, 15}, {1, 2, 3}})
    local train2, test2 = open(2)
    check.equal(test2.paths, test.paths)
    check.that(table.concat(train2.paths) ~= table.concat(train.paths))
    check.equal({#train.paths, #test.paths}, {30, 6})
  end)
end)

check.case("a subset's paths are those of its images", function()
  local set = set_of {3, 3}
  set.paths = {"1", "2", "3", "4", "5", "6"}
  check.equal(set:subset({5, 2}).paths, {"5", "2"})
  check.equal(set:subset({5, 2}):subset({2}).paths, {"2"})
end)
