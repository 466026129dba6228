--- Image folders: one subfolder of JPEG and PNG files for each class.
--
--     DIR/train/cat/001.jpg     DIR/test/cat/101.jpg     (or val for test)
--     DIR/cat/001.jpg           where there are no splits
--
-- The names of the subfolders, sorted, are the classes; the files of a class are sorted too, so the
-- numbers of the images are the same everywhere. Without a transform every image is cut to the
-- proportions of `size` (the centre) and scaled to it, and all are kept in memory if they fit
-- into `cache` bytes. With one, or when they do not fit, images are decoded when they are asked for, a batch of them
-- on all threads. ds:transformed(transform) gives the same files another transform.
local rm         = require "resmoon.core"
local Dataset    = require "resmoon.data.dataset"
local fail       = require "resmoon.base.fail"
local find       = require "resmoon.data.find"
local transforms = require "resmoon.data.transforms"
local sys, imaging = rm.sys, rm.imaging

local CACHE = 2 << 30
local STATISTICS = 256 << 20

local known = {}
for name in ("train size channels transform cache mean std classes"):gmatch "%S+" do known[name] = true end

-- --- what is in the folder --------------------------------------------------------------

local function is_image(name)
  local suffix = name:match "%.(%a+)$"
  suffix = suffix and suffix:lower()
  return suffix == "jpg" or suffix == "jpeg" or suffix == "png"
end

local function visible(name) return name:sub(1, 1) ~= "." end

local function subfolders(dir)
  local list = {}
  for _, name in ipairs(sys.list(dir)) do
    if visible(name) and sys.is_dir(dir .. "/" .. name) then list[#list + 1] = name end
  end
  return list
end

local splits = {train = {"train", "training"}, test = {"test", "val", "valid", "validation"}}

-- The folder of the split, or nil; and whether `dir` has splits at all.
local function split_folder(dir, split)
  for _, name in ipairs(splits[split]) do
    if sys.is_dir(dir .. "/" .. name) then return dir .. "/" .. name, true end
  end
  local other = splits[split == "train" and "test" or "train"]
  for _, name in ipairs(other) do
    if sys.is_dir(dir .. "/" .. name) then return nil, true end
  end
  return split == "train" and dir or nil, false
end

-- Class names, paths of all images and the class of each.
local function scan(dir, classes)
  local found = subfolders(dir)
  if #found == 0 then
    fail("folder: %s has no subfolders, expected one for each class (DIR/CLASS/IMAGE.jpg)", dir)
  end
  classes = classes or found
  local number, paths, labels = {}, {}, {}
  for k, name in ipairs(classes) do number[name] = k end
  for _, class in ipairs(found) do
    local k = number[class]
    if not k then
      fail("folder: %s/%s is none of the %d classes %s ...", dir, class, #classes, classes[1])
    end
    for _, name in ipairs(sys.list(dir .. "/" .. class)) do
      if visible(name) and is_image(name) then
        paths[#paths + 1] = dir .. "/" .. class .. "/" .. name
        labels[#labels + 1] = k
      end
    end
  end
  if #paths == 0 then
    fail("folder: no image (.jpg, .jpeg, .png) in %d subfolders of %s", #found, dir)
  end
  return classes, paths, labels
end

--- Whether `dir` looks like an image folder, in words of `layout`: "splits", "plain" or nil.
local function layout(dir)
  if split_folder(dir, "train") ~= dir then
    local train = split_folder(dir, "train")
    return train and #subfolders(train) > 0 and "splits" or nil
  end
  for _, class in ipairs(subfolders(dir)) do
    for _, name in ipairs(sys.list(dir .. "/" .. class)) do
      if is_image(name) then return "plain" end
    end
  end
end

-- --- files that are decoded on demand -------------------------------------------------------

-- {C, H, W} of the first image as the transform makes it; of several parts (ten crops), that of each.
local function shape_after(transform, paths, channels)
  local shape = transform(imaging.read_image(paths[1], channels), rm.generator(0)).shape
  return {table.unpack(shape, #shape - 2)}
end

-- The protocol of Dataset over a list of paths.
local Files = {}
setmetatable(Files, {__index = Dataset})

-- Without a transform of its own every image is cut to the proportions of the set and scaled.
local function plainly(self) return transforms.cover {self.shape[2], self.shape[3]} end

function Files:all_images() return transforms.read(self.paths, self.shape[1], plainly(self)) end

-- For mean and standard deviation, which are those of the images without a random transform: all, or where these
-- were more than STATISTICS bytes, as many as fit, evenly spread.
function Files:some_images()
  local c, h, w = table.unpack(self.shape)
  local n = math.min(#self.paths, math.max(1, STATISTICS // (c * h * w)))
  local paths = {}
  for i, k in ipairs(Dataset.spread(#self.paths, n)) do paths[i] = self.paths[k] end
  return transforms.read(paths, c, plainly(self))
end

function Files:all_labels() return self.labels end
function Files:size() return #self.paths end

function Files:batch(which, generator_of)
  if type(which) == "number" then which = Dataset.spread(self:size(), which) end
  if type(which) == "userdata" then which = which:totable() end
  local paths = {}
  for i, n in ipairs(which) do
    paths[i] = self.paths[n] or fail("batch: index %s is out of range, expected 1 to %d", n, #self.paths)
  end
  local labels = imaging.gather(self.labels, which)
  return transforms.read(paths, self.shape[1], self.transform or plainly(self), generator_of), labels
end

function Files:transformed(transform)
  local copy = {}
  for key, value in pairs(self) do copy[key] = value end
  copy.transform, copy.shape = transform, shape_after(transform, self.paths, self.shape[1])
  return setmetatable(copy, getmetatable(self))
end

function Files:subset(indices)
  if type(indices) == "userdata" then indices = indices:totable() end
  local copy, paths = {}, {}
  for key, value in pairs(self) do copy[key] = value end
  for i, n in ipairs(indices) do paths[i] = self.paths[n] end
  copy.paths, copy.labels = paths, imaging.gather(self.labels, indices)
  copy.like = copy.like or self
  return setmetatable(copy, getmetatable(self))
end

Files.meta = {__len = Dataset.__len, __tostring = Dataset.__tostring}
function Files.meta.__index(self, name)
  if Files[name] ~= nil then return Files[name] end
  return Dataset.__index(self, name)
end

-- --- opening -----------------------------------------------------------------------------

-- {C, H, W}: as asked for, or as the first image (after the transform) has it.
local function shape_of(options, paths)
  local channels, size = options.channels or 3, options.size
  if channels ~= 1 and channels ~= 3 then
    fail("folder: channels must be 1 or 3, got %s", channels)
  end
  if options.transform then return shape_after(options.transform, paths, channels) end
  if not size then return imaging.read_image(paths[1], channels).shape end
  if type(size) ~= "table" then size = {size, size} end
  return {channels, size[1], size[2]}
end

local folder

-- The training split of the same folder: its classes and statistics are those of the test split.
local function training(dir, options)
  local copy = {}
  for key, value in pairs(options) do copy[key] = value end
  copy.train = true
  return folder(dir, copy)
end

--- Opens a folder of images.
-- options: train (true: DIR/train, or DIR itself; false: DIR/test or DIR/val); size (a number or
-- {h, w}; that of the first image); channels (3; 1 for grey); transform (one of
-- data.transforms, or a function); cache (true, false, or bytes: 2 GiB); mean, std; classes (the sorted subfolders).
-- Errors: name the folder or file, and what was expected there.
-- Call: data.folder(folder, {options}) -> dataset
-- Shapes: images uint8 (N, C, H, W), labels int64 (N) from 1 on, in the order of the sorted class names.
-- Units: 0..255.
-- Source: libjpeg-turbo, libpng; resized with antialiasing.
-- Example:
--   > rm.sys.mkdir_p "pets/cat"; rm.sys.mkdir_p "pets/dog"
--   > data.write_png("pets/cat/1.png", rm.zeros({3, 4, 4}, "uint8"))
--   > data.write_png("pets/dog/1.png", rm.zeros({3, 4, 4}, "uint8"))
--   > data.folder "pets"
--   pets: 2 images (3, 4, 4), 2 classes
function folder(dir, options)
  options = options or {}
  for name in pairs(options) do
    if not known[name] then fail("folder: unknown option %q", name) end
  end
  dir = find.expand(dir)
  find.check("folder", dir)
  local split = options.train == false and "test" or "train"
  local place = split_folder(dir, split)
  if not place then
    fail("folder: %s has no subfolder %s", dir, table.concat(splits[split], " or "))
  end
  local classes = options.classes
  if split == "test" and not classes then classes = subfolders(split_folder(dir, "train") or place) end
  local names, paths, labels = scan(place, classes)
  local shape = shape_of(options, paths)
  local cache = options.cache == nil and CACHE or options.cache
  if type(cache) == "number" then cache = #paths * shape[1] * shape[2] * shape[3] <= cache end
  local fields = {
    name = dir:match "[^/]+$" or "folder", split = split, folder = place, classes = names,
    labels = rm.tensor(labels, "int64"), mean = options.mean, std = options.std, paths = paths, mirror = true,
  }
  if split == "test" and not options.mean and split_folder(dir, "train") then
    fields.like = function() return training(dir, options) end
  end
  if cache and not options.transform then
    fields.images = transforms.read(paths, shape[1], transforms.cover {shape[2], shape[3]})
    return Dataset.new(fields)
  end
  fields.shape, fields.transform = shape, options.transform
  return setmetatable(fields, Files.meta)
end

return {open = folder, layout = layout}
