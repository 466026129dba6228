--- Shapes10: 32x32 color images of ten drawn figures, made on the spot from a seed.
--
--     train = data.shapes10 {train = true, size = 20000, seed = 1}
--
-- The same call gives the same images everywhere; the first 1000 images of a larger set are the
-- smaller set. Training and test images are drawn from different random numbers.
-- src/data/shapes10.c has the drawing.
--
-- Call: data.shapes10 {train = true, size = 50000, seed = 1} -> dataset
-- Shapes: images uint8 (size, 3, 32, 32), labels int64 (size), 1..10.
-- Units: 0..255. The test split has 10000 images unless size is given.
-- Errors: raises for an unknown option, or a size that is no whole number from 1.
-- Example:
--   > data.shapes10 {train = false, size = 200}
--   shapes10: 200 images (3, 32, 32), 10 classes
--   > table.concat(data.shapes10.classes, " ", 1, 3)
--   circle square triangle
local core    = require "resmoon.core"
local Dataset = require "resmoon.data.dataset"
local fail    = require "resmoon.base.fail"
local options_of = require "resmoon.base.options"

local shapes10 = {
  name = "shapes10", classes = core.imaging.shapes10_classes,
  mean = {0.4038, 0.4055, 0.4042}, std = {0.2326, 0.2342, 0.2323},
}

local sizes = {train = 50000, test = 10000}

--- options: train (true), size (50000, for the test split 10000), seed (1).
local function make(set, options)
  options = options_of("shapes10", options, {train = "boolean", size = "any", seed = "integer"})
  local split = options.train == false and "test" or "train"
  local size = options.size or sizes[split]
  if math.type(size) ~= "integer" or size < 1 then
    fail("shapes10: size must be a whole number from 1, got %s", size)
  end
  local images, labels = core.imaging.shapes10(size, options.seed or 1, split == "train" and 0 or 1)
  return Dataset.new {
    name = "shapes10", split = split, images = images, labels = labels, classes = set.classes,
    mean = set.mean, std = set.std, mirror = true,
  }
end

return setmetatable(shapes10, {__call = make})
