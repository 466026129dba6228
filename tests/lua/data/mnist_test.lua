local check = require "support.check"
local files = require "support.files"
local rm    = require "resmoon"
local data  = rm.data

-- IDX: two zeros, type, rank, extents big-endian, bytes.
local function idx(shape, bytes)
  local header = string.char(0, 0, 8, #shape)
  for _, n in ipairs(shape) do header = header .. (">I4"):pack(n) end
  return header .. bytes
end

local pixels = "\0\1\2\3\4\5" .. "\250\251\252\253\254\255"   -- two images of 2x3

local function write(folder, stem)
  files.write(folder .. "/" .. stem .. "-images-idx3-ubyte", idx({2, 2, 3}, pixels))
  files.write(folder .. "/" .. stem .. "-labels-idx1-ubyte", idx({2}, "\9\0"))
end

check.case("images (N, 1, H, W), labels from 1", function()
  files.with_folder(function(folder)
    write(folder, "train")
    write(folder, "t10k")
    local ds = data.mnist(folder)
    check.equal(ds.images, rm.tensor({{{{0, 1, 2}, {3, 4, 5}}}, {{{250, 251, 252}, {253, 254, 255}}}}, "uint8"))
    check.equal(ds.labels:totable(), {10, 1})
    check.equal({ds.shape, ds.mirror}, {{1, 2, 3}, false})   -- a mirrored digit is another sign or none
    check.equal(data.mnist(folder, {train = false}):size(), 2)
  end)
end)

check.case("plain and gzip, either spelling, in the usual folders", function()
  files.with_folder(function(folder)
    write(folder .. "/MNIST/raw", "train")
    local plain = data.mnist(folder)
    files.gzip(folder .. "/MNIST/raw/train-images-idx3-ubyte")
    files.gzip(folder .. "/MNIST/raw/train-labels-idx1-ubyte")
    check.equal(data.mnist(folder).images, plain.images)
    os.rename(folder .. "/MNIST/raw/train-images-idx3-ubyte.gz", folder .. "/MNIST/raw/train-images.idx3-ubyte.gz")
    check.equal(data.mnist(folder).images, plain.images)
  end)
end)

check.case("a wrong file is named, with what was expected", function()
  files.with_folder(function(folder)
    write(folder, "train")
    local images, labels = folder .. "/train-images-idx3-ubyte", folder .. "/train-labels-idx1-ubyte"
    local function refused(path, content, expected)
      local good = files.read(path)
      files.write(path, content)
      local message = check.error(function() data.mnist(folder) end, expected)
      check.that(message:find(path, 1, true), message)
      files.write(path, good)
    end
    refused(images, idx({2, 2, 3}, pixels:sub(1, -2)), "has 27 bytes, expected 28: header 16 + (2, 2, 3) elements")
    refused(images, idx({2, 2, 3}, pixels .. "x"), "has 29 bytes, expected 28")
    refused(images, idx({0xffffffff, 0xffffffff, 0xffffffff}, pixels), "is impossible")
    refused(images, idx({1000000, 1000, 1}, pixels), "has 28 bytes, expected 1000000016")
    refused(images, idx({12}, pixels), "expected images (N, H, W)")
    refused(images, "\0\0\13\3" .. ("\0"):rep(24), "begins with 00 00 0d 03, expected 00 00 08")
    refused(images, "\0\0", "has 2 bytes")
    refused(images, "\0\0\8\3\0", "has 5 bytes, its IDX header alone has 16")
    refused(labels, idx({2}, "\9\10"), "label 2 is 10, expected 0 to 9")
    refused(labels, idx({3}, "\1\2\3"), "holds 3 labels, expected 2: one for each image of " .. images)
    refused(labels, idx({1, 2}, "\1\2"), "expected labels (N)")
  end)
end)

check.case("gzip that is cut short or corrupt is an error", function()
  files.with_folder(function(folder)
    write(folder, "train")
    local path = files.gzip(folder .. "/train-images-idx3-ubyte")
    local good = files.read(path)
    files.write(path, good:sub(1, -10))
    check.error(function() data.mnist(folder) end, path)
    files.write(path, good:sub(1, -9) .. "wrong" .. good:sub(-4))
    check.error(function() data.mnist(folder) end, "cannot be read")
  end)
end)

check.case("the real MNIST, where it is at hand", function()
  local folder = os.getenv "RESMOON_MNIST" or ""
  if not rm.sys.is_dir(folder) then check.skip("no MNIST here") end
  local train = data.mnist(folder)
  check.equal(train:size(), 60000)
  check.equal(train.labels[{{1, 5}}]:totable(), {6, 1, 5, 2, 10})
  local mean, std = data.statistics(train)
  check.close({mean, std}, {data.mnist.mean, data.mnist.std}, {atol = 5e-5})
end)
