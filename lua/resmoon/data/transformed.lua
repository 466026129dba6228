--- A data set whose images are made anew, by a transform, each time a batch is asked for.
--
-- It answers Dataset's protocol over another set that holds its images in memory. (Image folders keep the transform
-- themselves, since they decode and transform in one go.) Mean and standard deviation are those of the images as they
-- are.
local check      = require "resmoon.base.check"
local guard      = require "resmoon.base.guard"
local core       = require "resmoon.core"
local fail       = require "resmoon.base.fail"
local transforms = require "resmoon.data.transforms"

local Transformed = {}

local Dataset  -- the class that it stands for

local own = {}

function own:size() return self.source:size() end
function own:all_labels() return self.source:all_labels() end
function own:all_images() return self.source:all_images() end
function own:subset(indices) return Transformed.new(self.source:subset(indices), self.transform) end
function own:transformed(transform) return Transformed.new(self.source, transform) end

function own:batch(which, generator_of)
  local x, y = self.source:batch(which)
  return transforms.apply(x, self.transform, generator_of), y
end

-- What the images are and where they come from does not change with what is made of them.
local of_source = {}
for name in ("mean std mirror root paths notes left format folder survey sizes"):gmatch "%S+" do
  of_source[name] = true
end

local meta = {}

function meta.__index(self, name)
  if own[name] then return own[name] end
  if of_source[name] then return rawget(self, "source")[name] end
  return Dataset[name]
end

--- Class: Dataset, which has the methods that this file leaves as they are. It requires this file, and says so here.
function Transformed.extend(class)
  Dataset, meta.__len, meta.__tostring = class, class.__len, class.__tostring
end

--- source: a Dataset. The shape is that of the first image; of several parts (ten crops), that of each part.
function Transformed.new(source, transform)
  check("transformed(dataset: dataset)", source)
  if type(transform) ~= "function" and not (getmetatable(transform) or {}).__call then
    fail("transformed: argument 1 is %k, expected a transform (data.transforms) or a function", transform)
  end
  local image = transform((source:get(1)), core.generator(0))
  check("transformed(image: tensor)", image)   -- what the transform gives
  local shape = image.shape
  if #shape < 3 then
    fail("transformed: the transform gives (%s) for the first image, expected (C, H, W)", table.concat(shape, ", "))
  end
  return setmetatable({source = source, transform = transform, shape = {table.unpack(shape, #shape - 2)},
                       name = source.name, split = source.split, classes = source.classes,
                       mirror = source.mirror}, meta)
end

guard.all("data.Dataset", own, function(v) return check.is(v, "dataset") end)

return Transformed
