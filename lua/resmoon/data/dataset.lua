--- Data sets: what a network is trained on and tested with.
--
--     ds:size()                 how many images; also #ds
--     ds:get(i)                 image uint8 (C, H, W), label 1..K
--     ds:batch({7, 1, 4})       images uint8 (3, C, H, W), labels int64 (3)
--     ds:batch(128)             the same for 128 images spread evenly over the set
--     ds.classes                names, ds.classes[label]
--     ds.shape                  {C, H, W}
--     ds.mean, ds.std           of each channel, in units of [0, 1]
--     ds.name                   "cifar10", ...
--     ds.root, ds.paths         of sets of image files: the folder, and the path of each image
--     ds.notes, ds.left         what is worth knowing of how it was read, and what was left out, as {path, reason}
--     ds.mirror                 whether an image mirrored left to right keeps its class: false for digits and letters
--
-- Anything with these is a data set; `Dataset` is the one that holds all its images in one uint8
-- tensor (N, C, H, W), as bytes: 50,000 images of 32x32 are 154 MB. A subset shares the images
-- of its parent and adds a list of positions.
--
-- Call: data.Dataset
-- Call: #ds
-- Shapes: images uint8 (N, C, H, W), labels int64 (N) from 1 on.
-- Units: images 0..255; mean and std in [0, 1].
-- Errors: raises for a position out of range.
-- Example:
--   > ds = data.shapes10 {size = 100}
--   > x, y = ds:batch(4)
--   > x.shape, y, ds.classes[1]
--   {4, 3, 32, 32}  [5, 6, 9, 7]  int64 (4)  circle
local check       = require "resmoon.base.check"
local fail        = require "resmoon.base.fail"
local guard       = require "resmoon.base.guard"
local core        = require "resmoon.core"
local is          = require "resmoon.base.is"
local Transformed = require "resmoon.data.transformed"
local shown       = require "resmoon.base.shown"
local imaging = core.imaging

local Dataset = {__name = "Dataset"}

local CHUNK = 1000  -- images that are floats at a time

local getters = {}

-- Statistics are worked out when somebody asks; where a set has a training split they are that
-- split's (`like`), since a network must not know anything of the images it is tested on.
local function statistics(self)
  local source = self.like
  if source then
    if type(source) == "function" then source = source() end
    self.mean, self.std = source.mean, source.std
  else
    self.mean, self.std = imaging.statistics((self.some_images or self.all_images)(self))
    for c, std in ipairs(self.std) do
      if std == 0 then self.std[c] = 1 end   -- a channel of one value: normalized, it is 0
    end
  end
end

function getters.mean(self)
  statistics(self)
  return rawget(self, "mean")
end

function getters.std(self)
  statistics(self)
  return rawget(self, "std")
end

function Dataset.__index(self, name)
  local getter = getters[name]
  if getter then return getter(self) end
  return Dataset[name]
end

function Dataset.__len(self) return self:size() end

function Dataset.__tostring(self)
  return ("%s: %d images (%s), %d classes"):format(self.name, self:size(),
    table.concat(self.shape, ", "), #self.classes)
end

local function extent(tensor) return tensor.shape[1] end

--- Makes a data set of tensors.
-- fields: images uint8 (N, C, H, W), labels int64 (N), classes (names), name; mean and std where
-- they are known; `like`, a data set (or a function that gives one) whose statistics count.
-- Errors: raises where counts of images and labels differ.
-- Call: data.Dataset.new {fields} -> dataset
-- Shapes: images uint8 (N, C, H, W), labels int64 (N) from 1 on.
-- Example:
--   > fields = {name = "mine", classes = {"a", "b"}}
--   > fields.images = rm.zeros({4, 1, 8, 8}, "uint8")
--   > fields.labels = rm.tensor({1, 2, 1, 2}, "int64")
--   > data.Dataset.new(fields)
--   mine: 4 images (1, 8, 8), 2 classes
function Dataset.new(fields)
  check("data.Dataset.new(fields: table)", fields)
  check("data.Dataset.new(images: tensor, labels: tensor)", fields.images, fields.labels)
  local self = {}
  for key, value in pairs(fields) do self[key] = value end
  local shape = fields.images.shape
  if #shape ~= 4 or fields.images.dtype ~= "uint8" then
    fail("dataset: images are %s (%s), expected uint8 (N, C, H, W)", fields.images.dtype, table.concat(shape, ", "))
  elseif extent(fields.labels) ~= shape[1] then
    fail("dataset: %d images, but %d labels", shape[1], extent(fields.labels))
  end
  self.images, self.labels = fields.images:contiguous(), fields.labels:contiguous()   -- of a view, a copy
  self.shape = {shape[2], shape[3], shape[4]}
  return setmetatable(shown.fields(self), Dataset)
end

--- How many images there are; also #ds.
-- Call: ds:size() -> number
-- Errors: none.
-- Example:
--   > data.shapes10({size = 10}):size()
--   10
function Dataset:size() return extent(self.indices or self.labels) end

-- Positions of a subset in the tensors it shares with its parent.
local function positions(self, indices)
  return self.indices and imaging.gather(self.indices, indices) or indices
end

--- n positions spread evenly over 1..size: in sets that are sorted by class, some of each.
-- Call: data.Dataset.spread(size, n) -> list of numbers
-- Errors: none.
-- Example:
--   > data.Dataset.spread(100, 4)
--   {1, 26, 51, 76}
function Dataset.spread(size, n)
  if math.type(size) ~= "integer" or math.type(n) ~= "integer" or n > size then
    fail("spread: expected two whole numbers, size and n, n at most size, got %s and %s", size, n)
  end
  local list = {}
  for k = 1, n do list[k] = 1 + (k - 1) * size // n end
  return shown.mark(list)
end

--- Image and label number i; negative i counts from the end.
-- Call: ds:get(i) -> image, label
-- Shapes: image uint8 (C, H, W), label a number from 1 on.
-- Errors: raises for a position out of range.
-- Example:
--   > image, label = data.shapes10({size = 10}):get(-1)
--   > image.shape, math.type(label)
--   {3, 32, 32}  integer
function Dataset:get(i)
  check("Dataset.get(i: number)", i)
  local n = self:size()
  if i < 0 then i = n + 1 + i end
  if i < 1 or i > n then fail("dataset: index %d is out of range, expected 1 to %d", i, n) end
  local x, y = self:batch({i})
  return x[1], y:item()
end

--- Images and labels by number: a list, an int64 tensor, or a count (that many, evenly spread).
-- Call: ds:batch(which) -> images, labels
-- Shapes: images uint8 (n, C, H, W), labels int64 (n) from 1 on.
-- Errors: raises for a position out of range, or a count above the number of images.
-- Example:
--   > x, y = data.shapes10({size = 10}):batch {7, 1, 4}
--   > x.shape, x.dtype, y.shape
--   {3, 3, 32, 32}  uint8  {3}
function Dataset:batch(which, _)   -- a loader gives all data sets its generators; here nothing is random
  check("Dataset.batch(which: number|table|tensor)", which)
  if type(which) == "number" then
    local n = self:size()
    if which < 1 or which > n then fail("batch: size %d, expected 1 to %d", which, n) end
    which = Dataset.spread(n, which)
  end
  which = positions(self, which)
  return imaging.gather(self.images, which), imaging.gather(self.labels, which)
end

--- All images, or all labels, in one tensor: no copy, unless this is a subset.
-- Call: ds:all_images() -> tensor
-- Call: ds:all_labels() -> tensor
-- Shapes: uint8 (N, C, H, W), and int64 (N) from 1 on.
-- Errors: none.
-- Example:
--   > ds = data.shapes10 {size = 10}
--   > ds:all_images().shape, ds:all_labels().shape
--   {10, 3, 32, 32}  {10}
function Dataset:all_images()
  return self.indices and imaging.gather(self.images, self.indices) or self.images
end

--- All labels, int64 (N).
function Dataset:all_labels()
  return self.indices and imaging.gather(self.labels, self.indices) or self.labels
end

--- The images at `indices` (a list or an int64 tensor) as a data set of their own.
-- Call: ds:subset(indices) -> dataset
-- Shapes: indices are positions from 1.
-- Errors: raises for a position out of range.
-- Example:
--   > data.shapes10({size = 10}):subset({1, 3, 5}):size()
--   3
function Dataset:subset(indices)
  check("Dataset.subset(indices: table|tensor)", indices)
  if type(indices) == "table" then indices = core.tensor(indices, "int64") end
  local copy = {}
  for key, value in pairs(self) do copy[key] = value end
  copy.indices = positions(self, indices)
  imaging.gather(self.labels, copy.indices)  -- raises if one is out of range
  if self.paths then
    copy.paths = {}
    for i, k in ipairs(indices:totable()) do copy.paths[i] = self.paths[k] end
  end
  copy.like = copy.like or self
  return setmetatable(copy, Dataset)
end

--- The same images, made anew by a transform each time a batch is asked for: a random one makes others in each epoch.
-- In place of a transform that the set has, not after it. Mean and standard deviation stay those of the images as
-- they are.
-- Call: ds:transformed(transform) -> dataset
-- Shapes: images uint8 (N, C, H', W') as the transform makes them of (C, H, W).
-- Errors: whatever the transform raises for the first image.
-- Example:
--   > data.shapes10({size = 10}):transformed(data.transforms.imagenet_train(24))
--   shapes10: 10 images (3, 24, 24), 10 classes
function Dataset:transformed(transform)
  return Transformed.new(self, transform)
end

--- The same images, smaller: each pixel is the mean of a square of pixels.
-- Call: ds:shrunk(size) -> dataset
-- Shapes: images uint8 (N, C, H, W) become (N, C, size, size).
-- Errors: raises unless the images are square and size divides their height.
-- Example:
--   > data.shapes10({size = 10}):shrunk(16)
--   shapes10: 10 images (3, 16, 16), 10 classes
function Dataset:shrunk(size)
  local height, width = self.shape[2], self.shape[3]
  if height ~= width or math.type(size) ~= "integer" or size < 1 or height % size ~= 0 then
    fail("shrunk: size is %s, expected a whole number that divides both sides of %dx%d images", size, height,
         width)
  end
  local factor, parts, n = height // size, {}, self:size()
  if factor == 1 then return self end
  for first = 1, n, CHUNK do
    local chunk = self:batch(core.arange(first, math.min(first + CHUNK - 1, n), 1, "int64"))
    parts[#parts + 1] = (chunk:float():avg_pool2d(factor) + 0.5):byte():contiguous()
  end
  return Dataset.new {name = self.name, split = self.split, classes = self.classes, labels = self:all_labels(),
                      images = #parts == 1 and parts[1] or core.cat(parts, 1), mean = self.mean, std = self.std,
                      mirror = self.mirror, root = self.root, notes = self.notes,
                      left = self.left, format = self.format, folder = self.folder}
end

local function is_dataset(v)
  if not is.indexed(v) or is.tensor(v) or is.layer(v) or is.generator(v) then return false end
  return v.batch ~= nil and v.size ~= nil
end

-- Sets of other kinds have these methods themselves: called on one of them by name, these would look for tensors.
local function holds_tensors(v) return is_dataset(v) and is.tensor(v.indices or v.labels) end
for _, name in ipairs {"size", "batch", "subset", "all_labels", "all_images"} do
  Dataset[name] = guard.one("data.Dataset", name, Dataset[name], holds_tensors)
end

check.kind("dataset", "a data set, as data.open or data.shapes10 gives it", is_dataset)
guard.all("data.Dataset", Dataset, is_dataset)
Transformed.extend(Dataset)

return Dataset
