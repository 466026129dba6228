--- Several data sets as one, cross-validation, and weighted sampling.
local check = require "support.check"
local files = require "support.files"
local rm    = require "resmoon"
local data, train = rm.data, rm.train

-- A set whose image i is a single pixel of value from + i.
local function set_of(labels, from, classes)
  local values = {}
  for i = 1, #labels do values[i] = {{{from + i}}} end
  return data.Dataset.new {name = "set" .. from, classes = classes or {"a", "b", "c"},
                           images = rm.tensor(values, "uint8"), labels = rm.tensor(labels, "int64")}
end

local function values(x) return x:reshape(-1):totable() end

check.case("concat: images of all parts by one number, in the order that is asked for", function()
  local both = data.concat {set_of({1, 2, 3}, 0), set_of({3, 3}, 100), set_of({1}, 200)}
  check.equal({both:size(), #both, values(both:all_images())}, {6, 6, {1, 2, 3, 101, 102, 201}})
  local x, y = both:batch {6, 2, 5, 1, 5}
  check.equal({values(x), y:totable()}, {{201, 2, 102, 1, 102}, {1, 2, 3, 1, 3}})
  local image, label = both:get(-2)
  check.equal({values(image), label}, {{102}, 3})
  local part = both:subset({5, 1, 6}):subset {3, 1}
  check.equal({values(part:all_images()), part:all_labels():totable(), values((part:batch {1, 2}))},
              {{201, 102}, {1, 3}, {201, 102}})
  check.equal(values((both:batch(2))), {1, 101})
  check.error(function() both:batch {7} end, "index 7 is out of range, expected 1 to 6")
end)

check.case("concat: mean and standard deviation are those of all images together", function()
  local a, b = set_of({1, 2, 3}, 0), set_of({3, 3}, 100)
  local both = data.concat {a, b}
  local whole = data.Dataset.new {name = "w", classes = a.classes, images = both:all_images(),
                                  labels = both:all_labels()}
  check.close({both.mean[1], both.std[1]}, {whole.mean[1], whole.std[1]}, {rtol = 1e-12})
  check.equal(both:subset({1}).mean, both.mean)
end)

check.case("concat: a loader augments and normalizes as it does images that lie in memory", function()
  local a, b = data.shapes10 {size = 30}, data.shapes10 {size = 20, seed = 9}
  local both = data.concat {a, b}
  local whole = data.Dataset.new {name = "w", classes = a.classes, images = both:all_images(),
                                  labels = both:all_labels(), mean = both.mean, std = both.std}
  local options = {batch_size = 16, shuffle = true, augment = true, seed = 4}
  local next_a, next_b = data.Loader(both, options):epoch(3), data.Loader(whole, options):epoch(3)
  for _ = 1, 4 do
    local x, y = next_a()
    local u, v = next_b()
    check.that(x:eq(u):all():item() == 1 and y:eq(v):all():item() == 1, "the batches differ")
  end
end)

check.case("concat: what does not mean the same is refused", function()
  check.error(function() data.concat {set_of({1}, 0), set_of({1}, 9, {"b", "a", "c"})} end, "same classes in the same")
  check.error(function() data.concat {set_of({1}, 0), data.shapes10 {size = 10}} end, "shapes10 has images %(3, 32")
  check.error(function() data.concat {set_of({1}, 0), 3} end, "number 2 is a number, expected a data set")
end)

check.case("k_fold: every image tests once, sizes differ by at most one, the seed says which", function()
  local labels = {}
  for i = 1, 23 do labels[i] = i <= 12 and 1 or i <= 19 and 2 or 3 end
  local ds = set_of(labels, 0)
  for _, stratified in ipairs {false, true} do
    local tested, least, most = {}, 99, 0
    local folds = data.k_fold(ds, 5, {seed = 3, stratified = stratified})
    check.equal(#folds, 5)
    for _, fold in ipairs(folds) do
      local test, rest = values(fold.test:all_images()), values(fold.train:all_images())
      least, most = math.min(least, #test), math.max(most, #test)
      check.equal(#test + #rest, 23)
      for _, v in ipairs(test) do tested[#tested + 1] = v end
      local there = {}
      for _, v in ipairs(rest) do there[v] = true end
      for _, v in ipairs(test) do check.that(not there[v], "an image is on both sides") end
      if stratified then
        local counts = {0, 0, 0}
        for _, label in ipairs(fold.test:all_labels():totable()) do counts[label] = counts[label] + 1 end
        for k, n in ipairs {12, 7, 4} do   -- n // 5 or one more, as scikit-learn's StratifiedKFold has it
          check.that(counts[k] == n // 5 or counts[k] == n // 5 + 1, counts[k])
        end
      end
    end
    table.sort(tested)
    check.equal(tested, rm.arange(1, 23):totable())
    check.equal({least, most}, {4, 5})
    local again = data.k_fold(ds, 5, {seed = 3, stratified = stratified})
    check.equal(values(again[2].test:all_images()), values(folds[2].test:all_images()))
    local other = data.k_fold(ds, 5, {seed = 4, stratified = stratified})
    check.that(rm.json.encode(values(other[2].test:all_images())) ~= rm.json.encode(values(folds[2].test:all_images())),
               "two seeds draw the same")
  end
  check.error(function() data.k_fold(ds, 24) end, "k is 24, expected a whole number from 2 to 23")
  check.error(function() data.k_fold(ds, 13, {stratified = true}) end, "no class has 13 images, the largest has 12")
end)

local function drawn(loader, epoch)
  local list = {}
  for x in loader:epoch(epoch) do table.move(values(x), 1, x.shape[1], #list + 1, list) end
  return list
end

check.case("weighted sampling: shares as the weights say, the same for a seed and an epoch", function()
  local ds = set_of({1, 2, 3, 1}, 0)
  local function loader(sampling, samples)
    return data.Loader(ds, {sampling = sampling, samples = samples, batch_size = 100, seed = 7, normalize = false})
  end
  local l = loader({0, 1, 3, 0}, 4000)
  check.equal({#l, l:images()}, {40, 4000})
  local counts = {[2] = 0, [3] = 0}
  local list = drawn(l, 1)
  for _, v in ipairs(list) do
    v = math.floor(v * 255 + 0.5)
    counts[v] = counts[v] + 1    -- an error for what weighs nothing
  end
  check.that(math.abs(counts[2] - 1000) < 4 * math.sqrt(4000 * 0.25 * 0.75), counts[2])   -- four standard deviations
  check.equal(drawn(loader(rm.tensor {0, 1, 3, 0}, 4000), 1), list)
  check.that(rm.json.encode(drawn(l, 2)) ~= rm.json.encode(list), "two epochs draw the same")
  check.equal(#drawn(loader "balanced", 1), 4)
  check.error(function() loader {1, 2} end, "2 weights, the data set 4 images")
  check.error(function() loader {1, 2, -1, 0} end, "weight 3 is %-1")
  check.error(function() loader {0, 0, 0, 0} end, "add up to 0")
  check.error(function() loader "even" end, "sampling is even, expected 'balanced'")
  check.error(function() data.Loader(ds, {samples = 3}) end, "samples goes with sampling")
end)

check.case("balanced: a class of 5 in 100 comes as often as the others, in train.run and after a resume", function()
  local labels = {}
  for i = 1, 100 do labels[i] = i <= 5 and 3 or i % 2 + 1 end
  local ds = set_of(labels, 0)
  local counts = {0, 0, 0}
  for _, y in data.Loader(ds, {sampling = "balanced", samples = 3000, seed = 1}):epoch(1) do
    for _, label in ipairs(y:totable()) do counts[label] = counts[label] + 1 end
  end
  for _, n in ipairs(counts) do check.that(math.abs(n - 1000) < 4 * math.sqrt(3000 * 2 / 9), n) end
  files.with_folder(function(folder)
    local settings = {model = "mlp", data = ds, sampling = "balanced", epochs = 2, schedule = "constant"}
    local whole = train.run(settings, {folder = folder .. "/a", progress = false})
    check.equal(train.folder.config(folder .. "/a").sampling, "balanced")
    settings.epochs = 1
    train.run(settings, {folder = folder .. "/b", progress = false})
    local parts = train.resume(folder .. "/b", {epochs = 2, data = ds}, {progress = false})
    check.equal(parts.last.train_loss, whole.last.train_loss)
  end)
end)
