--- MNIST: 70,000 grey images of 28x28 handwritten digits, in the official IDX files.
-- Source: LeCun, Cortes, Burges, "The MNIST database of handwritten digits".
--
-- Call: data.mnist(folder, {train = true}) -> dataset
-- Shapes: images uint8 (60000, 1, 28, 28) or (10000, 1, 28, 28), labels int64 from 1 (the digit 0) on.
-- Units: 0..255.
-- Errors: name the file, and the bytes, shape or labels that were expected. Files may be .gz.
-- Example:
--   > data.mnist.classes[1], data.mnist.mean
--   0  {0.1307}
local rm      = require "resmoon.core"
local Dataset = require "resmoon.data.dataset"
local fail    = require "resmoon.base.fail"
local find    = require "resmoon.data.find"
local imaging = rm.imaging

local mnist = {
  name = "mnist", mean = {0.1307}, std = {0.3081},
  classes = {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"},
  places = {"MNIST/raw", "mnist", "raw", "mnist/MNIST/raw", "MNIST"},
}

-- Both spellings of the names are about: "train-images-idx3-ubyte" and "train-images.idx3-ubyte".
local function spellings(stem, rank)
  return {("%s-idx%d-ubyte"):format(stem, rank), ("%s.idx%d-ubyte"):format(stem, rank)}
end

local function pick(folder, names)
  for _, name in ipairs(names) do
    local path = find.file(folder .. "/" .. name)
    if path then return path end
  end
  fail(find.missing("mnist", names, {folder}))
end

--- Reads one split below `dir`; options.train is true unless given.
-- Errors: name the file, and the bytes, shape or labels that were expected.
local function load(set, dir, options)
  dir = find.expand(dir)
  find.check("mnist", dir)
  local split = options and options.train == false and "test" or "train"
  local stem = split == "train" and "train" or "t10k"
  local names = spellings(stem .. "-images", 3)
  local folder, looked = find.folder(dir, set.places, names)
  if not folder then
    fail(find.missing("mnist", names, looked, ("`resmoon fetch mnist %s` downloads it"):format(dir)))
  end
  local path = pick(folder, names)
  local images = imaging.idx_images(path)
  local labels_path = pick(folder, spellings(stem .. "-labels", 1))
  local labels = imaging.idx_labels(labels_path, #set.classes)
  if labels.shape[1] ~= images.shape[1] then
    fail("%s: holds %d labels, expected %d: one for each image of %s",
         labels_path, labels.shape[1], images.shape[1], path)
  end
  return Dataset.new {
    name = "mnist", split = split, folder = folder, images = images, labels = labels,
    classes = set.classes, mean = set.mean, std = set.std, mirror = false,
  }
end

return setmetatable(mnist, {__call = load})
