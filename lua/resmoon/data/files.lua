--- A data set of image files that are decoded when they are asked for: Dataset's protocol over a list of paths.
local core       = require "resmoon.core"
local Dataset    = require "resmoon.data.dataset"
local fail       = require "resmoon.base.fail"
local transforms = require "resmoon.data.transforms"
local shown      = require "resmoon.base.shown"
local imaging = core.imaging

local STATISTICS = 256 << 20

-- {C, H, W} of the first image as the transform makes it; of several parts (ten crops), that of each.
local function shape_after(transform, paths, channels)
  local shape = transform(imaging.read_image(paths[1], channels), core.generator(0)).shape
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

--- Makes a set of fields {paths, labels, classes, name, shape or transform, channels, ...}.
function Files.new(fields)
  if fields.transform then fields.shape = shape_after(fields.transform, fields.paths, fields.channels) end
  fields.channels = nil
  return setmetatable(shown.fields(fields), Files.meta)
end

return Files
