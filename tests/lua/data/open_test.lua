local check = require "support.check"
local files = require "support.files"
local rm    = require "resmoon"
local data  = rm.data

local function write_cifar(folder)
  local record = "\3" .. ("\7"):rep(3072)
  for batch = 1, 5 do files.write(("%s/data_batch_%d.bin"):format(folder, batch), record) end
  files.write(folder .. "/test_batch.bin", record .. record)
end

local function write_mnist(folder)
  for _, stem in ipairs {"train", "t10k"} do
    files.write(folder .. "/" .. stem .. "-images-idx3-ubyte", "\0\0\8\3\0\0\0\1\0\0\0\1\0\0\0\1\5")
    files.write(folder .. "/" .. stem .. "-labels-idx1-ubyte", "\0\0\8\1\0\0\0\1\5")
  end
end

check.case("shapes10 is there by its name, and by default", function()
  local train, test = data.open("shapes10", {size = 50})
  check.equal({train:size(), test:size()}, {50, 10})
  check.equal({train.name, test.split}, {"shapes10", "test"})
  check.equal(data.open(nil, {size = 30, train = false}):size(), 30)
end)

check.case("CIFAR-10, MNIST and folders are recognized, in place and below", function()
  files.with_folder(function(folder)
    write_cifar(folder .. "/a/cifar-10-batches-bin")
    write_mnist(folder .. "/b/MNIST/raw")
    local train, test = data.open(folder .. "/a", {records = 0})
    check.equal({train.name, train:size(), test:size()}, {"cifar10", 5, 2})
    check.equal(data.open(folder .. "/a/cifar-10-batches-bin/", {records = 0, train = false}):size(), 2)
    check.equal(data.open(folder .. "/b").name, "mnist")
    for _, split in ipairs {"train", "test"} do
      for i = 1, 3 do
        rm.sys.mkdir_p(("%s/c/%s/k%d"):format(folder, split, i))
        data.write_png(("%s/c/%s/k%d/1.png"):format(folder, split, i), rm.full({3, 2, 2}, i, "uint8"))
      end
    end
    train, test = data.open(folder .. "/c")
    check.equal({train:size(), test:size()}, {3, 3})
    check.equal(test.mean, train.mean)
  end)
end)

check.case("a folder of images without splits gives up a tenth", function()
  files.with_folder(function(folder)
    for k = 1, 2 do
      rm.sys.mkdir_p(folder .. "/k" .. k)
      for i = 1, 10 do
        data.write_png(("%s/k%d/%02d.png"):format(folder, k, i), rm.full({3, 2, 2}, 10 * k + i, "uint8"))
      end
    end
    local train, test = data.open(folder)
    check.equal({train:size(), test:size()}, {18, 2})
    check.equal(data.open(folder, {train = false}):all_images(), test:all_images())
    check.equal(data.open(folder, {train = true}):size(), 18)
    check.equal(test.mean, train.mean)
  end)
end)

check.case("two data sets: which one is asked", function()
  files.with_folder(function(folder)
    write_cifar(folder .. "/cifar-10-batches-bin")
    write_mnist(folder .. "/MNIST/raw")
    local message = check.error(function() data.open(folder) end, "holds more than one data set")
    check.that(message:find(folder .. "/MNIST/raw", 1, true), message)
    check.equal(data.open(folder .. "/MNIST/raw").name, "mnist")
  end)
end)

check.case("nothing known: everything that was looked for is listed", function()
  files.with_folder(function(folder)
    local message = check.error(function() data.open(folder) end, "nothing known in " .. folder)
    for _, expected in ipairs {"data_batch_1.bin", "train.bin", "train-images-idx3-ubyte", "MNIST/raw",
                               "train/CLASS/*.jpg", "resmoon fetch cifar10 " .. folder} do
      check.that(message:find(expected, 1, true), expected .. " is not in: " .. message)
    end
    check.error(function() data.open(folder .. "/none") end, "neither a folder nor the name shapes10")
  end)
end)

check.case("~ is the home folder", function()
  local find = require "resmoon.data.find"
  check.equal(find.expand "~/x/", os.getenv "HOME" .. "/x")
  check.equal(find.expand "~", os.getenv "HOME")
  check.equal(find.expand "~user/x", "~user/x")
  check.equal(find.expand "/", "/")
end)

check.case("without a test split a class whose only image would test is refused; names obey nothing", function()
  files.with_folder(function(folder)
    for i, class in ipairs {"cat", "d\nog"} do
      rm.sys.mkdir_p(folder .. "/" .. class)
      data.write_png(folder .. "/" .. class .. "/1.png", rm.full({3, 2, 2}, i, "uint8"))
    end
    check.error(function() data.open(folder) end, "has no test split, and no image of")
    data.write_png(folder .. "/cat/2.png", rm.full({3, 2, 2}, 5, "uint8"))
    local train, test = data.open(folder)
    check.equal({train:size(), test:size()}, {2, 1})
    check.equal(test:all_labels():totable(), {1})   -- of the class that has two
    check.that(data.summary(train, test):find("cat 1, d\\nog 1 for training", 1, true), data.summary(train, test))
  end)
end)
