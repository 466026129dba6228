--- Opens whatever data set is meant: by its name, or by what lies below a folder.
local sys    = require("resmoon.core").sys
local fail   = require "resmoon.base.fail"
local find   = require "resmoon.data.find"
local cifar  = require "resmoon.data.cifar"
local folder = require "resmoon.data.folder"
local mnist  = require "resmoon.data.mnist"
local shapes10 = require "resmoon.data.shapes10"
local split  = require "resmoon.data.split"

-- A folder without a test split: a tenth of it, always the same images.
local TEST_SHARE, TEST_SEED = 0.1, 1

local formats = {
  {name = "cifar10", load = cifar.cifar10, places = cifar.cifar10.places, files = cifar.cifar10.train},
  {name = "cifar100", load = cifar.cifar100, places = cifar.cifar100.places, files = cifar.cifar100.train},
  {name = "mnist", load = mnist, places = mnist.places,
   files = {"train-images-idx3-ubyte", "train-images.idx3-ubyte"}},
}

-- The formats found below dir. What lies in dir itself hides what lies deeper.
local function recognise(dir)
  local direct, nested = {}, {}
  for _, format in ipairs(formats) do
    local place = find.folder(dir, format.places, format.files)
    if place then
      local list = place == dir and direct or nested
      list[#list + 1] = {name = format.name, load = format.load, place = place}
    end
  end
  return #direct > 0 and direct or nested
end

local function explain(dir)
  local lines = {("data: nothing known in %s; looked for"):format(dir)}
  for _, format in ipairs(formats) do
    lines[#lines + 1] = ("  %-9s %s (or .gz), here or in %s"):format(format.name, format.files[1],
      table.concat(format.places, ", "))
  end
  lines[#lines + 1] = "  images    train/CLASS/*.jpg and test/CLASS/*.jpg (or val), or CLASS/*.jpg; .jpeg and .png too"
  lines[#lines + 1] = ("`resmoon fetch cifar10 %s` downloads CIFAR-10; the name shapes10 needs no files"):format(dir)
  return table.concat(lines, "\n")
end

local function ambiguous(dir, found)
  local lines = {("data: %s holds more than one data set; name one folder of"):format(dir)}
  for _, set in ipairs(found) do lines[#lines + 1] = ("  %-9s %s"):format(set.name, set.place) end
  return table.concat(lines, "\n")
end

-- load(options) for each of the two splits, or for the one that options.train names.
local function both(load, options)
  local function with(train)
    local copy = {}
    for key, value in pairs(options) do copy[key] = value end
    copy.train = train
    return load(copy)
  end
  if options.train ~= nil then return with(options.train) end
  return with(true), with(false)
end

-- Options without image_size and cache, which are not for every set's own function.
local function others(options)
  local copy = {}
  for key, value in pairs(options) do copy[key] = value end
  copy.image_size, copy.cache = nil, nil
  return copy
end

local function shrunk(size, ...)
  local sets = {...}
  for i = 1, size and #sets or 0 do sets[i] = sets[i]:shrunk(size) end
  return table.unpack(sets)
end

-- shapes10's size is that of the training set: a fifth as many images test it.
local function open_shapes10(options)
  return both(function(o)
    local size = o.size
    if size and o.train == false and options.train == nil then size = math.max(1, size // 5) end
    return shapes10 {train = o.train, seed = o.seed, size = size}
  end, options)
end

local function open_folder(dir, options)
  if folder.layout(dir) == "splits" then
    local train, test = both(function(o) return folder.open(dir, o) end, options)
    if test and test.like then test.like = train end   -- read already
    return train, test
  end
  local copy = {}
  for key, value in pairs(options) do copy[key] = value end
  copy.train = nil
  local train, test = split.two(folder.open(dir, copy), TEST_SHARE, TEST_SEED)
  test.like, train.like = train, nil
  if options.train == nil then return train, test end
  return options.train and train or test
end

--- Opens a data set.
-- source: "shapes10", or a folder that holds CIFAR-10, CIFAR-100, MNIST or images, in it or in the
-- subfolders that their archives make.
-- options.image_size is the height and width to which images are scaled: those of folders are cut to a square and
-- resized, others shrunk by a whole factor (ds:shrunk). options.cache is data.folder's, and nothing to other sets.
-- The other options go to the set's own function (data.cifar10, data.folder, ...). With options.train true or
-- false that split is returned; without it both, training and test. A folder of images without
-- a test split gives up a tenth of its images, the same ones every time.
-- Errors: say what was looked for, and where.
-- Call: data.open(source = "shapes10", {train = nil, image_size = nil, ...}) -> train, test
-- Shapes: as of the set: images uint8 (N, C, H, W), labels int64 (N) from 1 on.
-- Example:
--   > train, test = data.open("shapes10", {size = 100})
--   > train:size(), test:size()
--   100  20
return function(source, options)
  source, options = source or "shapes10", options or {}
  local image_size, cache = options.image_size, options.cache
  options = others(options)
  if source == "shapes10" then return shrunk(image_size, open_shapes10(options)) end
  local dir = find.expand(source)
  if not sys.is_dir(dir) then
    fail("data: %s is neither a folder nor the name shapes10", dir)
  end
  local found = recognise(dir)
  if #found > 1 then fail(ambiguous(dir, found)) end
  if #found == 1 then
    return shrunk(image_size, both(function(o) return found[1].load(dir, o) end, options))
  end
  if folder.layout(dir) then
    options.size, options.cache = options.size or image_size, cache
    return open_folder(dir, options)
  end
  fail(explain(dir))
end
