--- CIFAR-10 and CIFAR-100: 60,000 colour images of 32x32, in the official binary files.
-- Source: Krizhevsky 2009, "Learning multiple layers of features from tiny images".
--
-- Call: data.cifar10(folder, {train = true}) -> dataset
-- Call: data.cifar100(folder, {train = true}) -> dataset
-- Shapes: images uint8 (50000, 3, 32, 32) or (10000, 3, 32, 32), labels int64 from 1 on.
-- Units: 0..255. data.cifar10.mean, .std (of each channel, in [0, 1]) and .classes need no files.
-- Options: train    true: the training images; false: the test images
--  records  how many images each file must hold (the official number; 0: any)
-- Errors: name the folder that was looked in, or the file, and the bytes or labels that were expected.
-- Example:
--   > data.cifar10.mean, data.cifar10.classes[1], #data.cifar100.classes
--   {0.4914, 0.4822, 0.4465}  airplane  100
local rm      = require "resmoon.core"
local Dataset = require "resmoon.data.dataset"
local fail    = require "resmoon.base.fail"
local find    = require "resmoon.data.find"

local function words(text)
  local list = {}
  for word in text:gmatch "%S+" do list[#list + 1] = word end
  return list
end

--- What is known of each set; mean and std are of the 50,000 training images, in [0, 1].
local cifar10 = {
  name = "cifar10", label_bytes = 1,
  mean = {0.4914, 0.4822, 0.4465}, std = {0.2470, 0.2435, 0.2616},
  classes = words "airplane automobile bird cat deer dog frog horse ship truck",
  train = {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin"},
  test = {"test_batch.bin"}, train_records = 10000, test_records = 10000,
  places = {"cifar-10-batches-bin", "cifar10", "cifar10/cifar-10-batches-bin", "cifar-10"},
}

local cifar100 = {
  name = "cifar100", label_bytes = 2,
  mean = {0.5071, 0.4865, 0.4409}, std = {0.2673, 0.2564, 0.2762},
  classes = words [[apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus
    butterfly camel can castle caterpillar cattle chair chimpanzee clock cloud cockroach couch crab
    crocodile cup dinosaur dolphin elephant flatfish forest fox girl hamster house kangaroo keyboard
    lamp lawn_mower leopard lion lizard lobster man maple_tree motorcycle mountain mouse mushroom
    oak_tree orange orchid otter palm_tree pear pickup_truck pine_tree plain plate poppy porcupine
    possum rabbit raccoon ray road rocket rose sea seal shark shrew skunk skyscraper snail snake
    spider squirrel streetcar sunflower sweet_pepper table tank telephone television tiger tractor
    train trout tulip turtle wardrobe whale willow_tree wolf woman worm]],
  train = {"train.bin"}, test = {"test.bin"}, train_records = 50000, test_records = 10000,
  places = {"cifar-100-binary", "cifar100", "cifar100/cifar-100-binary", "cifar-100"},
}

--- Reads the files of one split below `dir`.
-- options: train (true); records, how many each file must hold (the official number; 0: any).
-- Errors: name the file, and the bytes or labels that were expected.
local function load(set, dir, options)
  options = options or {}
  dir = find.expand(dir)
  find.check(set.name, dir)
  local split = options.train == false and "test" or "train"
  local names = set[split]
  local folder, looked = find.folder(dir, set.places, names)
  if not folder then
    fail(find.missing(set.name, {names[1]}, looked,
      ("`resmoon fetch %s %s` downloads it"):format(set.name, dir)))
  end
  local paths = {}
  for i, name in ipairs(names) do paths[i] = find.file(folder .. "/" .. name) or folder .. "/" .. name end
  local records = options.records or set[split .. "_records"]
  local images, labels = rm.imaging.read_cifar(paths, set.label_bytes, #set.classes, records)
  return Dataset.new {
    name = set.name, split = split, folder = folder, images = images, labels = labels,
    classes = set.classes, mean = set.mean, std = set.std, mirror = true,
  }
end

-- data.cifar10 is a table of facts (mean, std, classes) that can be called with a folder.
local function callable(set)
  return setmetatable(set, {__call = load})
end

return {cifar10 = callable(cifar10), cifar100 = callable(cifar100)}
