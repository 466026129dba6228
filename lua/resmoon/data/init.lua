--- Data: sets of images, and batches of them for training.
--
--     train, test = data.open("~/data")            whatever is there: CIFAR, MNIST, an image folder
--     train = data.shapes10 {size = 20000}         the set that is always there
--     train, val = data.split(train, 0.1, 7)
--     loader = data.Loader(train, {batch_size = 128, shuffle = true, augment = true})
--
-- dataset.lua says what a data set is, loader.lua what a loader does.
--
-- Topic: data
local check = require "resmoon.base.check"
local library = require "resmoon.base.library"
local core    = require "resmoon.core"
local Dataset = require "resmoon.data.dataset"
local Loader  = require "resmoon.data.loader"
local mixing  = require "resmoon.data.mixing"
local cifar   = require "resmoon.data.cifar"
local find    = require "resmoon.data.find"
local folder  = require "resmoon.data.folder"
local split   = require "resmoon.data.split"
local tensors = require "resmoon.data.tensors"
local open    = require "resmoon.data.open"
local summary = require "resmoon.data.summary"
local options = require "resmoon.base.options"
local imaging = core.imaging

local data = {
  Dataset    = Dataset,
  cifar10    = cifar.cifar10,
  cifar100   = cifar.cifar100,
  mnist      = require("resmoon.data.mnist").mnist,
  shapes10   = require "resmoon.data.shapes10",
  folder     = folder.open,
  concat     = require "resmoon.data.concat",
  k_fold     = require "resmoon.data.k_fold",
  split      = split.two,
  sample     = split.sample,
  transforms = require "resmoon.data.transforms",
  from_tensors = tensors.from_tensors,
  from_table = tensors.from_table,
  mixup      = mixing.mixup,
  cutmix     = mixing.cutmix,
  mixed_loss = mixing.mixed_loss,
  open       = open.open,
  inspect    = require "resmoon.data.inspect",
  summary    = summary.lines,
}

--- Batches for training: shuffled, augmented, normalized, prepared ahead by a worker.
-- The order of an epoch and what happens to each image depend on the seed, the epoch and the image's place in
-- it: not on threads or timing.
-- Call: data.Loader(dataset, {options}) -> loader
-- Call: #loader
-- Shapes: batches are x float32 (n, C, H, W), y int64 (n) with labels from 1 on, and with mixup or cutmix mix =
--  {labels = int64 (n), share = number}, for data.mixed_loss; #loader is the number of batches.
-- Options: batch_size  128; the last batch may be smaller
--  shuffle     false
--  augment     false; true is {pad = 4, flip = true}: shifts over black by up to pad pixels, mirroring of every other
--  sampling    nil; "balanced" or weights, a list or tensor (N): each image of an epoch is drawn with replacement, with
--              its share of the weights (PyTorch's WeightedRandomSampler); balanced: each class as often as any other
--  samples     with sampling, how many images an epoch has; as many as the data set
--  random_erasing  nil; the probability, or options of data.transforms.random_erasing: behind normalization, so that
--              a value of 0 is the mean color
--  mixup, cutmix   nil; alpha of the distribution of the share (data.mixup): batches have a third value then, mix
--  drop_last   false; true leaves out a last batch that is smaller
--  normalize   true: (x/255 - mean) / std; false: x/255
--  mean, std   those of the data set, in units of [0, 1]
--  seed        or generator: else rm.random.shuffle and rm.random.augment, as they are when the loader is made
--  prefetch    2: batches made ahead; 0: no worker
-- Errors: raises for an unknown option, or one of a wrong type.
-- Example:
--   > ds = data.shapes10 {size = 100}
--   > loader = data.Loader(ds, {batch_size = 32, shuffle = true, augment = true})
--   > for x, y in loader:epoch(1) do print(x.shape[1], y.dtype) end
--   32  int64
--   32  int64
--   32  int64
--   4  int64
data.Loader = setmetatable({}, {__index = Loader, __call = function(_, ...) return Loader.new(...) end})

--- The images of `dataset` at `indices` as a data set of their own; they share memory.
-- Call: data.subset(dataset, indices) -> dataset
-- Shapes: indices are positions from 1, a list or an int64 tensor (n).
-- Errors: raises for a position out of range.
-- Example:
--   > data.subset(data.shapes10 {size = 10}, {1, 3})
--   shapes10: 2 images (3, 32, 32), 10 classes
function data.subset(dataset, indices)
  check("data.subset(dataset: dataset, indices: table|tensor)", dataset, indices)
  return dataset:subset(indices)
end

--- Mean and standard deviation of each channel, over all pixels.
-- Shapes: takes a data set, or images uint8 (N, C, H, W); gives two lists of C numbers.
-- Units: [0, 1].
-- Call: data.statistics(source) -> {means}, {standard deviations}
-- Errors: raises for more than 64 channels, or images that are not uint8.
-- Example:
--   > data.statistics(rm.full({1, 1, 2, 2}, 51, "uint8"))
--   {0.2}  {0.0}
function data.statistics(source)
  check("data.statistics(source: tensor|dataset)", source)
  return imaging.statistics(type(source) == "userdata" and source or source:all_images())
end

--- Normalizes images channel by channel: y = (x - mean[c]) / std[c], for bytes (x/255 - mean) / std.
-- Shapes: x (N, C, H, W) uint8, or float32 in 0..1; mean and std C numbers; y float32 as x.
-- Errors: raises unless #mean == #std == C and every std > 0.
data.normalize = core.normalize

--- A JPEG or PNG file as uint8 (C, H, W); channels 3 (or 1 for gray).
-- The pixels are those of Pillow's convert("RGB") and convert("L"): no gamma or color profile is applied, alpha is
-- dropped, color becomes gray by ITU-R BT.601, CMYK is converted. Of 16 bits the upper 8 are kept. With orient =
-- true the image is turned as its EXIF orientation says, as a viewer shows it; without, rows are as in the file.
-- Call: data.read_image(path, channels = 3, {orient = false}) -> tensor
-- Shapes: (C, H, W), uint8.
-- Units: 0..255.
-- Errors: raises with the path and what is wrong: missing, damaged, neither JPEG nor PNG.
-- Source: libjpeg-turbo, libpng; Pillow 9.4 for what is done with the numbers.
-- Example:
--   > data.write_png("red.png", rm.full({3, 4, 5}, 200, "uint8"))
--   > data.read_image("red.png").shape
--   {3, 4, 5}
--   > data.read_image("red.png", 1, {orient = true}).shape
--   {1, 4, 5}
function data.read_image(path, channels, given)
  check("data.read_image(path: string, channels: integer?)", path, channels)
  return imaging.read_image(find.expand(path), channels, options("read_image", given, {"orient"}).orient)
end

--- Writes uint8 (1 or 3, H, W) as a PNG file.
-- Call: data.write_png(path, image) -> nothing
-- Shapes: (1, H, W) or (3, H, W), uint8.
-- Units: 0..255.
-- Errors: raises for another shape or type, or a file that cannot be written.
-- Example:
--   > data.write_png("gray.png", rm.zeros({1, 2, 2}, "uint8"))
--   > rm.sys.exists "gray.png"
--   true
function data.write_png(path, image)
  check("data.write_png(path: string, image: tensor)", path, image)
  return imaging.write_png(find.expand(path), image)
end

return library("data", data)
