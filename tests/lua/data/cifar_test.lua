local check = require "support.check"
local files = require "support.files"
local rm    = require "resmoon"
local data  = rm.data

-- One record: label bytes, then three planes of 1024 bytes, each full of one value.
local function record(labels, r, g, b)
  return labels .. string.char(r):rep(1024) .. string.char(g):rep(1024) .. string.char(b):rep(1024)
end

-- CIFAR-10's training files with two records each; the red of image i is i.
local function write_training(folder)
  for batch = 1, 5 do
    local i = 2 * batch
    files.write(("%s/data_batch_%d.bin"):format(folder, batch),
      record(string.char((i - 1) % 10), i - 1, 100, 200) .. record(string.char(i % 10), i, 101, 201))
  end
end

check.case("cifar10: five files in order, labels from 1, planes as NCHW", function()
  files.with_folder(function(folder)
    write_training(folder)
    files.write(folder .. "/test_batch.bin", record("\9", 7, 8, 9))
    local train = data.cifar10(folder, {records = 2})
    check.shape(train.images, {10, 3, 32, 32})
    check.equal(train.labels:totable(), {2, 3, 4, 5, 6, 7, 8, 9, 10, 1})
    local x = train:get(4)
    check.equal({x[1][1][1]:item(), x[2][32][32]:item(), x[3][5][6]:item()}, {4, 101, 201})
    check.equal(train.classes[1], "airplane")
    check.equal({train.classes[10], train.mirror}, {"truck", true})
    local test = data.cifar10(folder, {train = false, records = 1})
    check.equal(select(2, test:get(1)), 10)
    check.equal(test.mean, data.cifar10.mean)
  end)
end)

check.case("cifar10: gzipped files, and the archive's own folder", function()
  files.with_folder(function(folder)
    write_training(folder .. "/cifar-10-batches-bin")
    local plain = data.cifar10(folder, {records = 2})
    for batch = 1, 5 do files.gzip(("%s/cifar-10-batches-bin/data_batch_%d.bin"):format(folder, batch)) end
    local packed = data.cifar10(folder, {records = 2})
    check.equal(packed.labels, plain.labels)
    check.equal(packed.images[{{}, {}, 1}], plain.images[{{}, {}, 1}])
  end)
end)

check.case("cifar100: the fine label counts", function()
  files.with_folder(function(folder)
    files.write(folder .. "/cifar-100-binary/train.bin", record("\19\99", 1, 2, 3) .. record("\0\0", 1, 2, 3))
    local train = data.cifar100(folder, {records = 2})
    check.equal(train.labels:totable(), {100, 1})
    check.equal({#train.classes, train.classes[100], train.classes[1]}, {100, "worm", "apple"})
  end)
end)

check.case("a wrong file is named, with what was expected", function()
  files.with_folder(function(folder)
    write_training(folder)
    local path = folder .. "/data_batch_3.bin"
    check.error(function() data.cifar10(folder) end,
      "data_batch_1.bin: has 6146 bytes, expected 30730000: 10000 records of 3073 (1 label + 3072 pixel bytes)")
    files.write(path, record("\1", 1, 2, 3):sub(1, -2))
    check.error(function() data.cifar10(folder, {records = 0}) end,
      "data_batch_3.bin: has 3072 bytes, expected a multiple of 3073")
    files.write(path, "")
    check.error(function() data.cifar10(folder, {records = 0}) end,
        "data_batch_3.bin: is empty (0 bytes), expected a binary file of CIFAR")
    files.write(path, record("\10", 1, 2, 3))
    check.error(function() data.cifar10(folder, {records = 0}) end,
      "data_batch_3.bin: record 1 has label 10, expected 0 to 9")
    os.remove(path)
    check.error(function() data.cifar10(folder, {records = 0}) end, "data_batch_3.bin: cannot be opened")
    rm.sys.mkdir_p(path)
    check.error(function() data.cifar10(folder, {records = 0}) end, "data_batch_3.bin: is not a regular file")
  end)
end)

check.case("nothing there: every place is listed, and the way to get it", function()
  files.with_folder(function(folder)
    local message = check.error(function() data.cifar10(folder) end, "cifar10: found no data_batch_1.bin (or .gz) in")
    check.that(message:find(folder .. "/cifar-10-batches-bin", 1, true), message)
    check.that(message:find("resmoon fetch cifar10 " .. folder, 1, true), message)
    check.error(function() data.cifar10(folder .. "/none") end, "/none is not a folder")
    check.error(function() data.cifar10(files.write(folder .. "/file", "")) end, "is not a folder (it is a file)")
    check.error(function() data.cifar10() end, "expected a folder, got nil")
  end)
end)
