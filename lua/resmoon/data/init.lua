--- Data: sets of images, and batches of them for training.
--
--     train, test = data.open("~/data")            whatever is there: CIFAR, MNIST, an image folder
--     train = data.shapes10 {size = 20000}         the set that is always there
--     train, val = data.split(train, 0.1, 7)
--     loader = data.Loader(train, {batch_size = 128, shuffle = true, augment = true})
--
-- dataset.lua says what a data set is, loader.lua what a loader does.
local rm      = require "resmoon.core"
local Dataset = require "resmoon.data.dataset"
local Loader  = require "resmoon.data.loader"
local cifar   = require "resmoon.data.cifar"
local find    = require "resmoon.data.find"
local folder  = require "resmoon.data.folder"
local imaging = rm.imaging

local data = {
  Dataset    = Dataset,
  cifar10    = cifar.cifar10,
  cifar100   = cifar.cifar100,
  mnist      = require "resmoon.data.mnist",
  shapes10   = require "resmoon.data.shapes10",
  folder     = folder.open,
  split      = require "resmoon.data.split",
  transforms = require "resmoon.data.transforms",
  open       = require "resmoon.data.open",
}

data.Loader = setmetatable({}, {__index = Loader, __call = function(_, ...) return Loader.new(...) end})

--- The images of `dataset` at `indices` as a data set of their own; they share memory.
function data.subset(dataset, indices) return dataset:subset(indices) end

--- Mean and standard deviation of each channel, over all pixels.
-- Shapes: takes a data set, or images uint8 (N, C, H, W); gives two lists of C numbers.
-- Units: [0, 1].
function data.statistics(source)
  return imaging.statistics(type(source) == "userdata" and source or source:all_images())
end

--- Normalises images channel by channel: y = (x - mean[c]) / std[c], for bytes (x/255 - mean) / std.
-- Shapes: x (N, C, H, W) uint8, or float32 in 0..1; mean and std C numbers; y float32 as x.
-- Errors: raises unless #mean == #std == C and every std > 0.
data.normalize = rm.normalize

--- A JPEG or PNG file as uint8 (C, H, W); channels 3 (or 1 for grey).
function data.read_image(path, channels) return imaging.read_image(find.expand(path), channels) end

--- Writes uint8 (1 or 3, H, W) as a PNG file.
function data.write_png(path, image) return imaging.write_png(find.expand(path), image) end

return data
