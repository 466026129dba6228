--- Public data sets as other programs leave them on disk: CIFAR's Python version, MNIST's relatives, Kaggle's tables;
--- and files that are something else.
local check = require "support.check"
local files = require "support.files"
local rm    = require "resmoon"
local data  = rm.data

-- --- CIFAR, Python version ------------------------------------------------------------------

local function short(text) return "U" .. string.char(#text) .. text end

-- A list of small numbers, or of strings.
local function list(values)
  local parts = {}
  for i, v in ipairs(values) do parts[i] = type(v) == "string" and short(v) or "K" .. string.char(v) end
  return "](" .. table.concat(parts) .. "e"
end

-- An array (n, 3072) of bytes as Python 2's cPickle wrote it in the official files.
local function array(n, bytes)
  return "cnumpy.core.multiarray\n_reconstruct\nq\1(cnumpy\nndarray\nq\2(K\0tU\1btRq\3(K\1(M" .. ("<I2"):pack(n)
      .. "M\0\12t"
         .. "cnumpy\ndtype\nq\4(U\2u1K\0K\1tRq\5(K\3U\1|NNNJ\255\255\255\255J\255\255\255\255K\0tb\137T"
         .. ("<I4"):pack(#bytes) .. bytes .. "tb"
end

local function pickle(fields)
  local parts = {"\128\2}("}
  for _, field in ipairs(fields) do parts[#parts + 1] = short(field[1]) .. field[2] end
  return table.concat(parts) .. "u."
end

-- An image of which the red plane is r, the green 100, the blue 200.
local function planes(r) return string.char(r):rep(1024) .. string.char(100):rep(1024) .. string.char(200):rep(1024) end

local function write_cifar10(dir)
  for k = 1, 5 do
    files.write(("%s/data_batch_%d"):format(dir, k), pickle {
      {"batch_label", short(("training batch %d of 5"):format(k))}, {"labels", list {k - 1, 9}},
      {"data", array(2, planes(k) .. planes(k + 10))}, {"filenames", list {"a.png", "b.png"}}})
  end
  files.write(dir .. "/test_batch", pickle {{"labels", list {3}}, {"data", array(1, planes(77))}})
end

check.case("cifar10: the Python version, as torchvision leaves it", function()
  files.with_folder(function(dir)
    write_cifar10(dir .. "/cifar-10-batches-py")
    for _, place in ipairs {dir, dir .. "/cifar-10-batches-py"} do
      local train, test = data.open(place)
      check.equal({train.name, train:size(), test:size(), train.mirror}, {"cifar10", 10, 1, true})
      check.equal(train:all_labels():totable(), {1, 10, 2, 10, 3, 10, 4, 10, 5, 10})
      local x = train:get(4)
      check.equal({x[1][1][1]:item(), x[2][32][32]:item(), x[3][5][6]:item()}, {12, 100, 200})
      check.equal({test:get(1)[1][9][9]:item(), select(2, test:get(1))}, {77, 4})
      check.equal({train.classes[4], train.mean}, {"cat", data.cifar10.mean})
    end
    check.equal(data.open(dir).notes[1], "10 images for training, 50000 in the original")
    check.error(function() data.cifar10(dir, {records = 10000}) end, "data_batch_1: holds 2 images, expected 10000")
  end)
end)

check.case("cifar100: the fine labels, and a folder called train is not taken for a file", function()
  files.with_folder(function(dir)
    files.write(dir .. "/cifar-100-python/train", pickle {{"fine_labels", list {99, 0}}, {"coarse_labels", list {1, 2}},
                                                          {"data", array(2, planes(1) .. planes(2))}})
    files.write(dir .. "/cifar-100-python/test", pickle {{"fine_labels", list {5}}, {"data", array(1, planes(3))}})
    local train, test = data.open(dir)
    check.equal({train:all_labels():totable(), test:all_labels():totable(), train.name}, {{100, 1}, {6}, "cifar100"})
    check.equal(train.classes[100], "worm")
  end)
end)

check.case("cifar: names beside the images count, if they are others", function()
  files.with_folder(function(dir)
    write_cifar10(dir)
    local mine = {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"}
    files.write(dir .. "/batches.meta", pickle {{"label_names", list(mine)}})
    check.equal(data.cifar10(dir).classes, mine)
    files.write(dir .. "/batches.meta", pickle {{"label_names", list {"airplane"}}})   -- it breaks off
    check.equal(data.cifar10(dir).classes, data.cifar10.classes)
    check.that(data.cifar10(dir).notes[1]:find "names 1 of 10 classes")
    files.write(dir .. "/batches.meta", pickle {{"label_names", list {"x", "y"}}})
    check.error(function() data.cifar10(dir) end, "data_batch_1: label 2 is 9, expected 0 to 1")
  end)
  files.with_folder(function(dir)
    for k = 1, 5 do files.write(("%s/data_batch_%d.bin"):format(dir, k), "\1" .. planes(k)) end
    files.write(dir .. "/batches.meta.txt", "left\r\nright\r\n\r\n")
    check.equal(data.cifar10(dir, {records = 0}).classes, {"left", "right"})
  end)
end)

check.case("cifar: a pickle that is not what it should be is refused by name", function()
  files.with_folder(function(dir)
    write_cifar10(dir)
    local path = dir .. "/data_batch_2"
    local function refused(content, expected)
      files.write(path, content)
      check.error(function() data.cifar10(dir) end, path .. ": " .. expected)
    end
    refused("cos\nsystem\n(S'touch " .. dir .. "/ran'\ntR.", "this pickle wants Python's os.system, which is refused")
    check.equal(rm.sys.exists(dir .. "/ran"), false)
    refused(pickle {{"labels", list {1}}}, "its dictionary has no 'data'")
    refused(pickle {{"data", array(1, planes(1))}}, "its dictionary has no 'labels'")
    refused(pickle {{"data", array(1, planes(1))}, {"labels", list {1, 2}}},
            "'labels' is a list of 2, expected a list of 1 labels, one for each image")
    refused(pickle {{"data", array(1, planes(1))}, {"labels", list {10}}}, "label 1 is 10, expected 0 to 9")
    refused(pickle {{"data", array(1, planes(1))}, {"labels", list {"cat"}}}, "label 1 is not a whole number")
    refused(pickle {{"data", list {1}}, {"labels", list {1}}}, "'data' is a list, expected a NumPy array")
    refused(pickle {{"data", array(1, "short")}, {"labels", list {1}}}, "damaged pickle: an array whose bytes are not")
    refused("\128\2](K\1e.", "holds a list, expected a dictionary")
    refused("<html><body>moved", "is a web page (HTML), expected a pickle of Python: the download failed")
    refused("", "is empty (0 bytes), expected a pickle of Python")
    refused(pickle({{"labels", list {1}}}):sub(1, -3), "damaged pickle: the file ends too early")
  end)
end)

-- --- IDX --------------------------------------------------------------------------------------

local function idx(shape, bytes)
  local header = string.char(0, 0, 8, #shape)
  for _, n in ipairs(shape) do header = header .. (">I4"):pack(n) end
  return header .. bytes
end

-- Images of 2x2, each pixel its number, with these labels.
local function write_idx(dir, stem, labels)
  local pixels = {}
  for i = 1, #labels do pixels[i] = string.char(i, i + 1, i + 2, i + 3) end
  files.write(("%s/%s-images-idx3-ubyte"):format(dir, stem), idx({#labels, 2, 2}, table.concat(pixels)))
  files.write(("%s/%s-labels-idx1-ubyte"):format(dir, stem), idx({#labels}, string.char(table.unpack(labels))))
end

local mnist, fashion = {5, 0, 4, 1, 9, 2, 1, 3, 1, 4}, {9, 0, 0, 3, 0, 2, 7, 2, 5, 5}   -- as the official files begin
local neither = {1, 2, 3, 4, 5, 6, 7, 8, 9, 0}

check.case("MNIST's relatives are told by their labels, else by the folder; nobody's are numbers", function()
  local cases = {
    {"x/raw", mnist, "mnist", "0", false}, {"x/raw", fashion, "fashionmnist", "T-shirt/top", true},
    {"FashionMNIST/raw", neither, "fashionmnist", "T-shirt/top", true}, {"KMNIST/raw", neither, "kmnist", "o", false},
    {"MNIST/raw", neither, "mnist", "0", false}, {"FashionMNIST/raw", mnist, "mnist", "0", false},
    {"MNIST/fashion/raw", neither, "fashionmnist", "T-shirt/top", true}, {"data", neither, "idx", "0", false},
  }
  for _, case in ipairs(cases) do
    files.with_folder(function(dir)
      local folder, labels, name, class, mirror = table.unpack(case)
      write_idx(dir .. "/" .. folder, "train", labels)
      write_idx(dir .. "/" .. folder, "t10k", labels)
      local train, test = data.open(dir)
      check.equal({train.name, train.classes[1], train.mirror, #train.classes}, {name, class, mirror, 10}, folder)
      check.equal(test.mean, train.mean)
      if name ~= "mnist" then check.equal(train.mean, (data.statistics(train))) end
    end)
  end
end)

check.case("EMNIST: images upright, letters count from 1, and which set is asked where there are several", function()
  files.with_folder(function(dir)
    local raw = dir .. "/EMNIST/raw"
    write_idx(raw, "emnist-letters-train", {1, 26})
    write_idx(raw, "emnist-letters-test", {3})
    local train, test = data.open(dir)
    check.equal({train.name, train.classes[1], train.classes[26], #train.classes}, {"emnist-letters", "a", "z", 26})
    check.equal({train:all_labels():totable(), test:all_labels():totable(), train.mirror}, {{1, 26}, {3}, false})
    check.equal(train:get(1), rm.tensor({{{1, 3}, {2, 4}}}, "uint8"))   -- stored on its side: 1 2 / 3 4
    files.gzip(raw .. "/emnist-letters-train-images-idx3-ubyte")
    check.equal(data.open(dir):get(1), train:get(1))
    write_idx(raw, "emnist-balanced-train", {0, 46})
    write_idx(raw, "emnist-balanced-test", {46})
    check.error(function() data.open(dir) end, "holds 2 sets of EMNIST; name one as " .. raw .. "/emnist-balanced")
    local balanced = data.open(raw .. "/emnist-balanced")
    check.equal({#balanced.classes, balanced.classes[47], balanced.classes[11]}, {47, "t", "A"})
    write_idx(raw, "emnist-letters-train", {0, 1})   -- letters have no 0
    os.remove(raw .. "/emnist-letters-train-images-idx3-ubyte.gz")
    check.error(function() data.open(raw .. "/emnist-letters") end, "label 1 is 0, expected 1 to 26")
  end)
end)

check.case("archives in folders of their own, up to three deep; two of a kind are asked about", function()
  files.with_folder(function(dir)
    write_idx(dir .. "/downloads/digits/MNIST", "train", mnist)
    write_idx(dir .. "/downloads/digits/MNIST", "t10k", mnist)
    check.equal(data.open(dir).folder, dir .. "/downloads/digits/MNIST")
    write_idx(dir .. "/downloads/digits/copy", "train", mnist)
    check.error(function() data.open(dir) end, "is in more than one folder; name one of")
  end)
end)

-- --- tables -------------------------------------------------------------------------------------

check.case("Kaggle's MNIST: train.csv with labels; a test.csv without is said to be without", function()
  files.with_folder(function(dir)
    local rows = {"label,pixel0,pixel1,pixel2,pixel3"}
    for i = 1, 40 do rows[#rows + 1] = ("%d,%d,0,255,7"):format(i % 4 == 3 and 4 or i % 4, i) end
    files.write(dir .. "/train.csv", table.concat(rows, "\r\n") .. "\r\n")
    files.write(dir .. "/test.csv", "pixel0,pixel1,pixel2,pixel3\n1,2,3,4\n")
    local train, test = data.open(dir)
    check.equal({train:size(), test:size(), train.shape, train.mirror}, {36, 4, {1, 2, 2}, false})
    check.equal(train.classes, {"0", "1", "2", "3", "4"})
    check.equal(train:get(1)[1], rm.tensor({{1, 0}, {255, 7}}, "uint8"))
    check.equal(select(2, train:get(1)), 2)
    check.equal({train.notes[1], train.notes[2]}, {"no image has the label 3",
        "test.csv has no labels and is left out"})
    files.write(dir .. "/test.csv", "label,pixel0,pixel1,pixel2,pixel3\n4,2,3,4,5\n")
    train, test = data.open(dir)
    check.equal({train:size(), test:size(), test:all_labels():totable()}, {40, 1, {5}})
    local function refused(content, expected)
      files.write(dir .. "/train.csv", content)
      check.error(function() data.open(dir) end, expected)
    end
    refused("label,pixel0,pixel1,pixel2,pixel3\n1,2,3,4\n", "line 2: fewer columns than the first line names")
    refused("label,pixel0,pixel1,pixel2,pixel3\n1,2,3,4,5,6\n", "line 2: more columns than the first line names")
    refused("label,pixel0,pixel1,pixel2,pixel3\n\n1,2,3,4,5\n1,2,300,4,5\n",
        "line 4: expected whole numbers from 0 to 255")
    refused("label,pixel0,pixel1,pixel2,pixel3\n1,2,-3,4,5\n", "line 2: expected whole numbers from 0 to 255")
    refused("label,pixel0,pixel1\n1,2,3\n", "has 2 columns of pixels, expected a square number")
    refused("label,pixel0\n", "holds no image")
    refused("id,label\n1,cat\n", "nothing known in")   -- another table
  end)
  files.with_folder(function(dir)
    local path = files.write(dir .. "/mnist.csv", "5,0,0,0,0\n")
    check.error(function() rm.imaging.read_csv(path) end, "there are no names of columns")
  end)
end)

-- --- other files --------------------------------------------------------------------------------

check.case("a file of another kind is named, and what to do with it", function()
  files.with_folder(function(dir)
    files.write(dir .. "/raw/train-images-idx3-ubyte.gz", "<!DOCTYPE html>\n<title>404")
    check.error(function() data.mnist(dir) end, "is a web page (HTML), expected an IDX file: the download failed")
    files.write(dir .. "/raw/train-images-idx3-ubyte.gz", "version https://git-lfs.github.com/spec/v1\noid sha256:1\n")
    check.error(function() data.mnist(dir) end, "is a pointer of Git LFS, not the file itself, expected an IDX file: "
                .. "fetch it with `git lfs pull`")
    local zip = "PK\3\4" .. ("\0"):rep(26)
    local weights = {
      [zip .. "archive/data.pkl"] = "is a file of torch.save (PyTorch), expected weights as safetensors: in Python",
      ["\128\2\138\10l\252\156F\249"] = "is a file of an old torch.save (PyTorch)",
      [zip .. "w.npy"] = "is NumPy arrays (.npz)", ["\137HDF\r\n\26\n"] = "is an HDF5 file",
      ["<html>not found"] = "is a web page (HTML), expected weights as safetensors: the download failed",
      ["version https://git-lfs.github.com/spec/v1\n"] = "is a pointer of Git LFS",
    }
    for content, expected in pairs(weights) do
      local path = files.write(dir .. "/net.pth", content)
      local message = check.error(function() rm.load(path) end, expected)
      check.that(message:find(path, 1, true), message)
    end
  end)
end)

check.case("data.open on a file, and on a folder of files that are not unpacked", function()
  files.with_folder(function(dir)
    local tar = ("x"):rep(257) .. "ustar" .. ("\0"):rep(250)
    local path = files.write(dir .. "/cifar-10-binary.tar", tar)
    check.error(function() data.open(path) end, ("data: %s is a file, expected a folder: it is an archive of tar: "
                .. "unpack it (tar -xf %s) and give the folder"):format(path, path))
    files.gzip(path)
    check.error(function() data.open(path .. ".gz") end, "an archive of tar packed with gzip: unpack it (tar -xf ")
    files.write(dir .. "/train_32x32.mat", "MATLAB 5.0 MAT-file, Platform: PCWIN")
    files.write(dir .. "/train.parquet", "PAR1\21\4")
    files.write(dir .. "/data.npz", "PK\3\4" .. ("\0"):rep(26) .. "x.npy")
    local message = check.error(function() data.open(dir) end, "nothing known in " .. dir)
    for _, expected in ipairs {"cifar-10-binary.tar.gz is an archive of tar packed with gzip: unpack it",
                               "train_32x32.mat is a Matlab file", "train.parquet is a Parquet table",
                               "data.npz is NumPy arrays"} do
      check.that(message:find(expected, 1, true), message)
    end
  end)
end)
