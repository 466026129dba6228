local check = require "support.check"
local files = require "support.files"
local rm    = require "resmoon"
local data  = rm.data

-- An image of one color.
local function plain(h, w, r, g, b)
  local planes = {}
  for k, v in ipairs {r, g, b} do
    planes[k] = {}
    for y = 1, h do
      planes[k][y] = {}
      for x = 1, w do planes[k][y][x] = v end
    end
  end
  return rm.tensor(planes, "uint8")
end

local function write(path, ...)
  rm.sys.mkdir_p(path:match "^(.*)/")
  data.write_png(path, plain(...))
end

local function make(folder)
  write(folder .. "/train/dog/2.png", 4, 4, 20, 0, 0)
  write(folder .. "/train/dog/10.PNG", 4, 4, 10, 0, 0)
  write(folder .. "/train/cat/1.png", 8, 4, 30, 0, 0)
  write(folder .. "/train/ant/1.png", 4, 4, 40, 0, 0)
  files.write(folder .. "/train/ant/notes.txt", "no image")
  files.write(folder .. "/train/.hidden/1.png", "no image")
  write(folder .. "/val/cat/7.png", 4, 4, 70, 0, 0)
end

local function reds(ds)
  local list = {}
  for i = 1, ds:size() do list[i] = ds:get(i)[1][1][1]:item() end
  return list
end

check.case("classes are the sorted subfolders, files are sorted in them", function()
  files.with_folder(function(folder)
    make(folder)
    local train = data.folder(folder)
    check.equal(train.classes, {"ant", "cat", "dog"})
    check.equal(train:all_labels():totable(), {1, 2, 3, 3})
    check.equal(reds(train), {40, 30, 10, 20})
    check.equal(train.shape, {3, 4, 4})   -- the first image's
    local test = data.folder(folder, {train = false})
    check.equal(test.classes, train.classes)
    check.equal(test:all_labels():totable(), {2})
    check.equal(test.mean, train.mean)     -- of the training images
    check.close(train.mean, {100 / 4 / 255, 0, 0})
  end)
end)

check.case("size, gray, and decoding on demand", function()
  files.with_folder(function(folder)
    make(folder)
    local kept = data.folder(folder, {size = {6, 3}})
    check.equal(kept.shape, {3, 6, 3})
    local lazy = data.folder(folder, {size = {6, 3}, cache = false})
    check.equal(lazy.images, nil)
    check.equal({lazy:size(), #lazy}, {4, 4})
    check.equal(lazy:batch({4, 2}), (kept:batch({4, 2})))
    check.equal(reds(lazy), reds(kept))
    check.equal(lazy.mean, kept.mean)
    check.equal(reds(lazy:subset({3, 1})), {10, 40})
    check.equal(data.folder(folder, {channels = 1}).shape, {1, 4, 4})
    check.error(function() lazy:batch({5}) end, "index 5 is out of range, expected 1 to 4")
  end)
end)

check.case("a transform makes the images; a loader gives each its own random numbers", function()
  files.with_folder(function(folder)
    make(folder)
    local t = data.transforms
    local ds = data.folder(folder, {transform = t.compose {t.cover(5), t.flip(0.5)}})
    check.equal(ds.shape, {3, 5, 5})
    local function epoch(k, batch)
      local all = {}
      for x in data.Loader(ds, {batch_size = batch, shuffle = true, seed = 4}):epoch(k) do all[#all + 1] = x end
      return rm.cat(all, 1)
    end
    check.shape(epoch(1, 2), {4, 3, 5, 5})
    check.equal(epoch(2, 4), epoch(2, 1))
    local uneven = data.folder(folder, {transform = function(image) return image end})
    check.error(function() uneven:batch(4) end, "the transform makes images of different sizes: 4x4 and 8x4")
  end)
end)

check.case("transformed: another transform for the same files, and crops that come one after another", function()
  files.with_folder(function(folder)
    make(folder)
    local t = data.transforms
    local raw = data.folder(folder, {cache = false})
    local ds = raw:transformed(t.imagenet_train(3))
    check.equal({ds.shape, ds:size(), ds.classes}, {{3, 3, 3}, 4, raw.classes})
    check.equal(ds.mean, raw.mean)      -- of the files as they are
    check.shape(ds:subset({1, 3}):batch(2), {2, 3, 3, 3})
    local crops = ds:transformed(t.imagenet_test(3, {crops = 10}))
    check.equal(crops.shape, {3, 3, 3})
    local x, y = data.Loader(crops, {batch_size = 3}):epoch(1)()
    check.shape(x, {30, 3, 3, 3})       -- ten crops of each image
    check.equal(y:totable(), {1, 2, 3})
    local kept = data.folder(folder, {size = 4}):transformed(t.imagenet_test(3))   -- from memory
    check.equal(kept:batch({4, 1}), (raw:transformed(t.imagenet_test(3)):batch({4, 1})))
    check.equal({kept.shape, #kept, kept:subset({2}):get(1)[1][1][1]:item()}, {{3, 3, 3}, 4, 30})
  end)
end)

check.case("a lazy folder loads like one in memory", function()
  files.with_folder(function(folder)
    make(folder)
    local function epoch(cache)
      local ds = data.folder(folder, {cache = cache})
      local all = {}
      for x in data.Loader(ds, {batch_size = 3, shuffle = true, augment = true, seed = 4}):epoch(1) do
        all[#all + 1] = x
      end
      return rm.cat(all, 1)
    end
    check.equal(epoch(false), epoch(true))
  end)
end)

check.case("without splits the folder itself is the training set", function()
  files.with_folder(function(folder)
    write(folder .. "/a/1.png", 2, 2, 1, 1, 1)
    write(folder .. "/b/1.png", 2, 2, 2, 2, 2)
    check.equal(data.folder(folder):size(), 2)
    check.error(function() data.folder(folder, {train = false}) end, "has no subfolder test or val")
  end)
end)

check.case("wrong folders and files are named", function()
  files.with_folder(function(folder)
    check.error(function() data.folder(folder) end, "has no subfolders, expected one for each class")
    rm.sys.mkdir_p(folder .. "/train/cat")
    check.error(function() data.folder(folder) end, "no image (.jpg, .jpeg, .png) in 1 subfolders of " .. folder)
    make(folder)
    write(folder .. "/val/emu/1.png", 4, 4, 1, 1, 1)
    check.error(function() data.folder(folder, {train = false}) end, "/val/emu is none of the 3 classes")
    local bad = files.write(folder .. "/train/cat/2.jpg", "no image at all")
    check.error(function() data.folder(folder) end, bad .. ": is a text file, neither JPEG nor PNG")
    check.error(function() data.folder(folder, {sise = 3}) end,
                "folder: unknown option 'sise', did you mean 'size'?; it takes train, split")
  end)
end)
