--- Image folders as people have them: how splits are called and nested, what lies beside the images.
local check = require "support.check"
local files = require "support.files"
local rm    = require "resmoon"
local data  = rm.data

-- n images of 2x2 in DIR; their names are DIR/PREFIX1.png, ...
local function pictures(dir, n, value, prefix)
  rm.sys.mkdir_p(dir)
  local image = rm.full({3, 2, 2}, value or 1, "uint8")
  for i = 1, n do data.write_png(("%s/%s%d.png"):format(dir, prefix or "", i), image) end
end

local function link(target, path)
  check.equal((rm.sys.run {"ln", "-s", target, path}), 0)
end

-- {images to train, to test, to validate}
local function sizes(dir)
  local train, test, validation = data.open(dir)
  return {train:size(), test and test:size() or 0, validation and validation:size() or 0}
end

local function reasons(set)
  local list = {}
  for _, each in ipairs(set.left) do list[each[1]:match "[^/]+$"] = each[2] end
  return list
end

check.case("images at any depth below a class are read, own files before those of subfolders", function()
  files.with_folder(function(dir)
    pictures(dir .. "/cat", 5)
    pictures(dir .. "/cat/more/of/them", 5)
    pictures(dir .. "/dog/images", 4)
    local ds = data.folder(dir)
    check.equal(ds:size(), 14)
    check.equal(ds:all_labels():totable(), {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2})
    check.equal({ds.paths[5], ds.paths[6]}, {dir .. "/cat/5.png", dir .. "/cat/more/of/them/1.png"})
    check.equal(ds.root, dir)
  end)
end)

check.case("order and classes follow the bytes of names, whatever the locale", function()
  files.with_folder(function(dir)
    for _, class in ipairs {"b", "B", "a", "é", "Z"} do pictures(dir .. "/" .. class, 1) end
    pictures(dir .. "/a", 1, 1, "B")
    pictures(dir .. "/a", 1, 1, "_")
    local function read()
      local ds = data.folder(dir)
      local names = {}
      for i = 3, 5 do names[i - 2] = ds.paths[i]:match "[^/]+$" end
      return {ds.classes, names}
    end
    local expected = {{"B", "Z", "a", "b", "é"}, {"1.png", "B1.png", "_1.png"}}
    check.equal(read(), expected)
    local before = os.setlocale(nil)
    if os.setlocale "de_DE.UTF-8" or os.setlocale "en_US.UTF-8" then
      local ok, got = pcall(read)
      os.setlocale(before)
      check.equal(got, ok and expected or nil)
    end
  end)
end)

check.case("splits are known by many names, and in folders that wrap them", function()
  local names = {{"train", "val", "test"}, {"Training", "VALIDATION", "Testing"}, {"TRAIN", "valid", "eval"},
                 {"training_set", "dev", "test_set"}, {"seg_train", "val-images", "seg_test"}}
  for _, wrap in ipairs {"", "/flowers", "/images", "/a/b"} do
    for _, split in ipairs(names) do
      files.with_folder(function(dir)
        for i, name in ipairs(split) do
          pictures(dir .. wrap .. "/" .. name .. "/cat", i)
          pictures(dir .. wrap .. "/" .. name .. "/dog", i)
        end
        check.equal(sizes(dir), {2, 6, 4})
      end)
    end
  end
end)

check.case("a split in a folder of its own name or of none: seg_train/seg_train, train/images", function()
  files.with_folder(function(dir)
    for _, class in ipairs {"sea", "town"} do
      pictures(dir .. "/seg_train/seg_train/" .. class, 2)
      pictures(dir .. "/seg_test/images/" .. class, 1)
    end
    pictures(dir .. "/seg_pred", 3)
    check.equal(sizes(dir), {4, 2, 0})
    local left = data.open(dir).left
    check.equal(left, {{dir .. "/seg_pred", "image in a folder beside the splits", 3}})
  end)
end)

check.case("val validates and test tests; alone, val tests, and train.notes says it", function()
  files.with_folder(function(dir)
    for i, split in ipairs {"train", "val", "test"} do
      pictures(dir .. "/" .. split .. "/a", i, 10 * i)
      pictures(dir .. "/" .. split .. "/b", i, 10 * i)
    end
    local train, test, validation = data.open(dir)
    check.equal({train:get(1)[1][1][1]:item(), test:get(1)[1][1][1]:item(), validation:get(1)[1][1][1]:item()},
                {10, 30, 20})
    check.equal({test.split, validation.split}, {"test", "val"})
    check.equal({test.mean, validation.mean}, {train.mean, train.mean})
    check.equal(data.open(dir, {train = false}):size(), 6)
    check.equal(data.folder(dir, {split = "val"}):size(), 4)
    local c = rm.train.config.complete {data = dir, val_split = 0.5}
    local sets = {rm.train.config.open(c)}
    check.equal({sets[1]:size(), sets[2]:size(), sets[3]:size()}, {2, 6, 4})   -- its own validation split counts
    rm.sys.rename(dir .. "/test", dir .. "/.test")
    train, test, validation = data.open(dir)
    check.equal({test:size(), validation}, {4})
    check.equal(train.notes, {"no test split: val tests, and chooses the best weights"})
  end)
end)

check.case("a class may have a split's name: what lies inside decides", function()
  files.with_folder(function(dir)
    pictures(dir .. "/train", 3)
    pictures(dir .. "/bus", 2)
    local ds = data.folder(dir)
    check.equal({ds.classes, ds:size()}, {{"bus", "train"}, 5})
    pictures(dir .. "/train/steam", 2)   -- beside images: still a class
    check.equal(data.folder(dir):size(), 7)
    for i = 1, 3 do rm.sys.remove(("%s/train/%d.png"):format(dir, i)) end
    check.error(function() data.folder(dir) end, "is train a split, or a class beside bus?")
  end)
  files.with_folder(function(dir)   -- classes called train and test, in splits
    for _, split in ipairs {"train", "test"} do
      for _, class in ipairs {"train", "test"} do pictures(dir .. "/" .. split .. "/" .. class, 2) end
    end
    check.equal({data.open(dir).classes, sizes(dir)}, {{"test", "train"}, {4, 4, 0}})
  end)
end)

check.case("layouts that do not say what an image shows are refused, with what to do", function()
  local function refused(make, expected)
    files.with_folder(function(dir)
      make(dir)
      local message = check.error(function() data.open(dir) end, expected)
      check.that(message:find(dir, 1, true), message)
    end)
  end
  refused(function(dir) pictures(dir .. "/train", 2) pictures(dir .. "/test", 2) end,
          "hold images without a folder for each class: nothing tells what they show; move them into")
  refused(function(dir)
    pictures(dir .. "/train", 2)
    files.write(dir .. "/labels.csv", "id,breed\n")
  end, "if labels.csv says what they show")
  refused(function(dir)
    pictures(dir .. "/train/images", 2)
    pictures(dir .. "/val/a", 2)
  end, "2 images lie in ")
  refused(function(dir)
    for _, class in ipairs {"cat", "dog"} do
      pictures(dir .. "/" .. class .. "/train", 2)
      pictures(dir .. "/" .. class .. "/test", 2)
    end
  end, "the splits lie in the classes; expected the other way round")
  refused(function(dir)
    for _, set in ipairs {"birds", "fish"} do
      for _, split in ipairs {"train", "test"} do pictures(("%s/%s/%s/a"):format(dir, set, split), 2) end
    end
  end, "holds more than one data set; name one folder of birds, fish")
  refused(function(dir)
    for _, split in ipairs {"train", "val", "valid"} do pictures(dir .. "/" .. split .. "/a", 2) end
  end, "has val, valid, which may all be the val split")
  refused(function(dir) pictures(dir .. "/pictures", 5) end, "has only the class pictures, expected at least two")
  refused(function(dir)
    pictures(dir .. "/a", 2)
    pictures(dir .. "/b", 2)
    link("../b", dir .. "/a/more")
  end, "are one folder (by a link), in two classes")
end)

check.case("what systems leave behind is left out with a word; an empty class is an error", function()
  files.with_folder(function(dir)
    pictures(dir .. "/cat", 2)
    pictures(dir .. "/dog", 2)
    for _, name in ipairs {"__MACOSX", "@eaDir", ".git", "lost+found"} do pictures(dir .. "/" .. name .. "/x", 1) end
    pictures(dir .. "/cat/@eaDir/1.png", 1, 1, "thumb")
    files.write(dir .. "/cat/.DS_Store", "x")
    files.write(dir .. "/cat/Thumbs.db", "x")
    files.write(dir .. "/cat/._1.png", "x")
    files.write(dir .. "/docs/readme.txt", "x")
    local ds = data.folder(dir)
    check.equal({ds.classes, ds:size()}, {{"cat", "dog"}, 4})
    check.equal(reasons(ds), {
      ["__MACOSX"] = "folder of the system", ["@eaDir"] = "folder of the system",
          ["lost+found"] = "folder of the system",
      [".git"] = "hidden folder", [".DS_Store"] = "hidden file", ["._1.png"] = "hidden file",
      ["Thumbs.db"] = "file of the system", docs = "folder without images"})
    rm.sys.mkdir_p(dir .. "/emu")
    check.error(function() data.folder(dir) end, "no image (.jpg, .jpeg, .png) in emu of " .. dir)
    files.write(dir .. "/emu/1.gif", "GIF89a\1\0\1\0\0\0\0;")
    check.error(function() data.folder(dir) end, "no image (.jpg, .jpeg, .png) in emu (images of other formats only)")
  end)
end)

check.case("files are told by their content: read, left out with the reason, or bad", function()
  files.with_folder(function(dir)
    pictures(dir .. "/a", 1)
    pictures(dir .. "/b", 2)
    local png = files.read(dir .. "/a/1.png")
    files.write(dir .. "/a/no_suffix", png)
    files.write(dir .. "/a/wrong.bmp", png)
    files.write(dir .. "/a/upper.PNG", png)
    files.write(dir .. "/a/really_png.jpeg", png)
    files.write(dir .. "/b/1.webp", "RIFF\36\0\0\0WEBPVP8 ")
    files.write(dir .. "/b/2.gif", "GIF89a\1\0\1\0\0\0\0;")
    files.write(dir .. "/b/notes.txt", "hello")
    files.write(dir .. "/b/half.download", "")
    link("nowhere", dir .. "/b/lost.jpg")
    link("..", dir .. "/b/up")
    local ds = data.folder(dir)
    check.equal(ds:all_labels():totable(), {1, 1, 1, 1, 1, 2, 2})
    check.equal(reasons(ds), {["1.webp"] = "a WebP image", ["2.gif"] = "a GIF image", ["notes.txt"] = "a text file",
                              ["half.download"] = "empty (0 bytes)", ["lost.jpg"] = "link to nothing",
                              up = "link to a folder above itself"})
    files.write(dir .. "/b/3.jpg", "RIFF\36\0\0\0WEBPVP8 ")
    files.write(dir .. "/b/4.png", "")
    files.write(dir .. "/b/5.jpg", "<!DOCTYPE html><html>not found")
    files.write(dir .. "/b/6.png", png:sub(1, 20))
    local message = check.error(function() data.folder(dir) end, "4 of 11 files cannot be read as images")
    for _, expected in ipairs {"3.jpg: is a WebP image, neither JPEG nor PNG: convert it to PNG or JPEG",
                               "4.png: is empty (0 bytes)", "5.jpg: is a web page (HTML)",
                               "6.png: is a PNG image with a damaged header"} do
      check.that(message:find(dir .. "/b/" .. expected, 1, true), message)
    end
  end)
end)

check.case("test classes: an unknown one is an error, an absent one is said", function()
  files.with_folder(function(dir)
    for _, class in ipairs {"cat", "dog", "emu"} do pictures(dir .. "/train/" .. class, 2) end
    pictures(dir .. "/test/cat", 2)
    pictures(dir .. "/test/emu", 1)
    local _, test = data.open(dir)
    check.equal({test:all_labels():totable(), test.notes}, {{1, 1, 3}, {"test has no image of dog"}})
    pictures(dir .. "/test/Dog", 1)
    check.error(function() data.open(dir) end, "/test/Dog is none of the 3 classes cat, dog, emu "
                .. "(dog differs only in capital letters)")
  end)
end)

check.case("all splits get the size of the first training image", function()
  files.with_folder(function(dir)
    for _, class in ipairs {"a", "b"} do
      pictures(dir .. "/train/" .. class, 1)
      rm.sys.mkdir_p(dir .. "/test/" .. class)
      data.write_png(dir .. "/test/" .. class .. "/1.png", rm.full({3, 6, 8}, 7, "uint8"))
    end
    local train, test = data.open(dir)
    check.equal({train.shape, test.shape}, {{3, 2, 2}, {3, 2, 2}})
    check.that(data.summary(train, test):find("2x2 pixels", 1, true))
    check.equal(test.sizes, "8x6 pixels, cut and scaled to 2x2")
  end)
end)

check.case("a test split that is the training split by a link is said", function()
  files.with_folder(function(dir)
    for _, class in ipairs {"a", "b"} do pictures(dir .. "/train/" .. class, 1) end
    link("train", dir .. "/val")
    local expected = "is the same folder as " .. dir .. "/train: what it measures was trained on"
    check.that(data.open(dir).notes[1]:find(expected, 1, true))
  end)
end)

check.case("Tiny-ImageNet: images below each class, a table for val, words for names, test without labels", function()
  files.with_folder(function(dir)
    local ids = {"n01443537", "n02012849", "n03126707"}
    for k, id in ipairs(ids) do
      pictures(dir .. "/train/" .. id .. "/images", 2, k, id .. "_")
      files.write(dir .. "/train/" .. id .. "/" .. id .. "_boxes.txt", "x\t0\t0\t1\t1\n")
    end
    pictures(dir .. "/val/images", 4, 9, "val_")
    files.write(dir .. "/val/val_annotations.txt",
        "val_1.png\tn03126707\t0\t32\t44\t62\nval_2.png\tn01443537\t1\t1\t2\t2\n"
                .. "val_3.png\tn02012849\t0\t0\t1\t1\nval_9.png\tn02012849\t0\t0\t1\t1\n")
    pictures(dir .. "/test/images", 3)
    files.write(dir .. "/words.txt", "n01443537\tgoldfish, Carassius auratus\nn02012849\tcrane\nn03126707\tcrane\n")
    files.write(dir .. "/wnids.txt", table.concat(ids, "\n"))
    local train, test, validation = data.open(dir)
    check.equal(train.classes, {"goldfish", "crane (n02012849)", "crane (n03126707)"})
    check.equal(train:all_labels():totable(), {1, 1, 2, 2, 3, 3})
    check.equal({test:all_labels():totable(), validation}, {{3, 1, 2}})
    check.equal(train.notes[2], "test is without labels (3 images, no class folders) and is left out")
    check.equal(reasons(test)["val_4.png"], "image that is not in " .. dir .. "/val/val_annotations.txt")
    check.equal(reasons(test)["val_annotations.txt"], "1 lines without an image")
    files.write(dir .. "/val/val_annotations.txt", "val_1.png\tn99999999\t0\n")
    check.error(function() data.open(dir) end, "val_1.png is of class n99999999, which is none of the 3 classes")
  end)
end)
