--- The images of a config: its sets, cut and normalized as it says.
local check      = require "resmoon.base.check"
local data       = require "resmoon.data"
local setting    = require "resmoon.runs.setting"
local source     = require "resmoon.runs.source"
local transforms = require "resmoon.data.transforms"
local shown      = require "resmoon.base.shown"

local TEST_SEED = 1   -- draws the images of test_size

local GIVEN = "given"   -- what config.data is where data sets were given (config/given.lua)

local sets = {}

local function shrunk(size, ...)
  local list = table.pack(...)
  for i = 1, list.n do list[i] = list[i] and list[i]:shrunk(size) end
  return table.unpack(list, 1, list.n)
end

-- What the sets of a config become for training and for testing, each image cut into so many crops.
local function transformed(c, train, test, validation, crops)
  if c.augment == "imagenet" then
    local size = c.size or train.images and train.shape[2] or 224
    local fixed = transforms.imagenet_test(size)
    return train:transformed(transforms.imagenet_train(size)),
           test and test:transformed(transforms.imagenet_test(size, {crops = crops})),
           validation and validation:transformed(fixed)
  end
  if crops == 10 then
    local cut = transforms.ten_crop {test.shape[2], test.shape[3]}
    test = test:transformed(transforms.compose {transforms.pad(4), cut})
  end
  return train, test, validation
end

--- The transform by which single images are made fit for a run's network, as its test images are.
-- Call: train.config.test_transform(config) -> transform
-- Errors: raises for a config that does not say its input.
-- Example:
--   > c = train.config.complete {input = {3, 32, 32}, augment = "imagenet"}
--   > train.config.test_transform(c)
--   transform: shorter, center_crop
function sets.test_transform(c)
  check("train.config.test_transform(config: table)", c)
  if not c.input then error("train: the config does not say what its images are (input)", 0) end
  if c.augment == "imagenet" then return transforms.imagenet_test(c.input[2]) end
  return transforms.cover {c.input[2], c.input[3]}
end

--- How many test images of a shape go through a network at a time: 250 of 64 x 64, fewer of larger ones.
-- Call: train.config.test_batch(shape) -> number
-- Shapes: shape is {C, H, W}.
-- Errors: none.
-- Example:
--   > train.config.test_batch {3, 32, 32}, train.config.test_batch {3, 224, 224}
--   250  20
function sets.test_batch(shape)
  check("train.config.test_batch(shape: number[])", shape)
  return math.min(250, math.max(1, 250 * 64 * 64 // ((shape[2] or 1) * (shape[3] or 1))))
end

--- Training and test set of a config, and the validation set or nil: the data's own validation split, else val_split of
-- the training images. train_size, test_size and val_split take the same share of every class, drawn by the seed (of
-- test images by a fixed one, so that runs of several seeds are compared on the same images). With crops = 10 each test
-- image comes as ten parts: with augment = "imagenet" the ten crops instead of the center; else the image with 4 black
-- pixels around, as training shifts it, cut to its own size. given: {train =, test =, validation =}, the data sets of a
-- config whose data were given as such (train.run {data = dataset}).
-- Call: train.config.open(config, {crops = 1, given = nil}) -> train, test, validation
-- Shapes: as of the data sets.
-- Errors: raises for a set that is not there, or more images than it has.
-- Example:
--   > settings = {train_size = 100, test_size = 20, val_split = 0.1}
--   > a, b, c = train.config.open(train.config.complete(settings))
--   > a:size(), b:size(), c:size()
--   90  20  10
function sets.open(c, options)
  check("train.config.open(config: table, options: table?)", c, options)
  local train, test, validation
  local given = options and options.given
  local whole = c.augment == "imagenet"   -- images come as they are, and are cut later
  local function some(set, n, what, seed)
    if not (set and n) then return set end
    if n > set:size() then setting.bad(what, n, ("at most %d, the images of %s"):format(set:size(), c.data)) end
    return data.sample(set, n, seed)
  end
  if c.data == GIVEN and not given then
    error("train: this run's data were data sets that a program gave, not a folder: it has to give them again "
          .. "(train.resume(folder, {data = dataset}), or data = {train =, test =})", 0)
  end
  if given then
    train, test, validation = given.train, given.test, given.validation
    if c.size then train, test, validation = shrunk(c.size, train, test, validation) end
    train = some(train, c.train_size, "train_size", c.seed)
    test = some(test, c.test_size, "test_size", TEST_SEED)
  elseif c.data == "shapes10" then
    train = data.shapes10 {train = true, size = c.train_size, seed = c.data_seed}
    test = data.shapes10 {train = false, size = c.test_size, seed = c.data_seed}
    if c.size and not whole then train, test = train:shrunk(c.size), test:shrunk(c.size) end
  else
    train, test, validation = data.open(source.of(c), whole and {cache = false} or {image_size = c.size})
    train = some(train, c.train_size, "train_size", c.seed)
    test = some(test, c.test_size, "test_size", TEST_SEED)   -- runs of other seeds are tested on the same images
  end
  if (c.val_split or 0) > 0 and not validation then train, validation = data.split(train, c.val_split, c.seed) end
  return transformed(c, train, test, validation, options and options.crops or 1)
end

--- What the images of a run are normalized with: mean and standard deviation of each channel, those of the config
-- or else of the training set; 0 and 1 (pixels from 0 to 1) where the config does not standardize.
-- Call: train.config.normalization(config, dataset) -> mean, std
-- Shapes: lists of C numbers.
-- Units: of [0, 1].
-- Errors: raises where the config gives mean or std, but the set holds float32 numbers, which come as they are (nil);
--  and where it has more or fewer numbers than the images have channels.
-- Example:
--   > c = train.config.complete {standardize = false}
--   > train.config.normalization(c, data.shapes10 {size = 10})
--   {0, 0, 0}  {1, 1, 1}
function sets.normalization(c, dataset)
  check("train.config.normalization(config: table, dataset: dataset)", c, dataset)
  if dataset.inputs then
    if c.mean or c.std then
      error(("train: mean and std are of images of bytes; %s holds float32 numbers"):format(dataset.name), 0)
    end
    return nil, nil
  end
  for _, name in ipairs {"mean", "std"} do
    if c[name] and #c[name] ~= dataset.shape[1] then
      error(("train: %s is %s, expected a number for each of the %d channels of the images"):format(name,
            table.concat(c[name], ","), dataset.shape[1]), 0)
    end
  end
  if c.standardize then return shown.mark(c.mean or dataset.mean), shown.mark(c.std or dataset.std) end
  local mean, std = {}, {}
  for i = 1, dataset.shape[1] do mean[i], std[i] = 0, 1 end
  return shown.mark(mean), shown.mark(std)
end

return sets
