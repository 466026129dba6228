--- CIFAR-10 and CIFAR-100: 60,000 color images of 32x32, in the official files, binary or Python's.
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
local imaging = require("resmoon.core").imaging
local Dataset = require "resmoon.data.dataset"
local shell   = require("resmoon.base.text").shell
local fail    = require "resmoon.base.fail"
local find    = require "resmoon.data.find"
local options_of = require "resmoon.base.options"
local shown   = require "resmoon.base.shown"

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
  places = {"cifar-10-batches-bin", "cifar10", "cifar10/cifar-10-batches-bin", "cifar-10"}, meta = "batches.meta.txt",
  python = {
    train = {"data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5"}, test = {"test_batch"},
    labels = "labels", meta = "batches.meta", names = "label_names", places = {"cifar-10-batches-py"},
  },
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
  places = {"cifar-100-binary", "cifar100", "cifar100/cifar-100-binary", "cifar-100"}, meta = "fine_label_names.txt",
  python = {
    train = {"train"}, test = {"test"}, labels = "fine_labels", meta = "meta", names = "fine_label_names",
    places = {"cifar-100-python"},
  },
}

-- The names of classes in a file beside the images: a list, or nil where there is no such file.
local function names_in(set, folder, python)
  local path = find.file(folder .. "/" .. (python and set.python.meta or set.meta))
  if not path then return nil end
  if python then return imaging.cifar_python_names(path, set.python.names), path end
  local list, file = {}, assert(io.open(path, "rb"))
  for line in file:lines() do
    line = line:gsub("%s+$", "")
    if line ~= "" then list[#list + 1] = line end
  end
  file:close()
  return list, path
end

-- The classes of a set: its own, or those that a file of names gives if they are others (somebody's own images in this
-- format). A list that breaks off is not followed.
local function classes_of(set, folder, python, notes)
  local names, path = names_in(set, folder, python)
  if not names or #names == 0 then return set.classes end
  local same = true
  for k, name in ipairs(names) do same = same and name == set.classes[k] end
  if same and #names == #set.classes then return set.classes end
  if same then
    notes[#notes + 1] = ("%s names %d of %d classes: those of %s are taken"):format(path, #names, #set.classes,
        set.name)
    return set.classes
  end
  notes[#notes + 1] = "classes are named by " .. path
  return names
end

-- Files called "train" and "test" may be anything: those of CIFAR-100 are pickles.
local function is_pickle(path)
  local name = path:match "[^/]+$"
  if name ~= "train" and name ~= "test" then return true end
  return imaging.file_kind(path) == "pickle" or find.file(path:match "^(.*)/" .. "/meta") ~= nil
end

-- Where the files of one split lie: the folder, whether they are of the Python version, and the folders looked in.
local function place_of(set, dir, split)
  local folder, looked = find.folder(dir, set.places, {set[split][1]})
  if folder then return folder, false, looked end
  return find.folder(dir, set.python.places, {set.python[split][1]}, is_pickle), true, looked
end

--- Reads the files of one split below `dir`.
-- options: train (true); records, how many each file must hold (the official number; 0: any).
-- Errors: name the file, and the bytes or labels that were expected.
local function load(set, dir, options)
  options = options_of(set.name, options, {"train", "records"})
  dir = find.expand(dir)
  find.check(set.name, dir)
  local split = options.train == false and "test" or "train"
  local folder, python, looked = place_of(set, dir, split)
  if not folder then
    fail(find.missing(set.name, {set[split][1]}, looked,
      ("or the Python version, %s; `resmoon fetch %s %s` downloads it"):format(set.python[split][1], set.name,
                                                                                shell(dir))))
  end
  local notes, paths = {}, {}
  for i, name in ipairs(python and set.python[split] or set[split]) do
    paths[i] = find.file(folder .. "/" .. name) or folder .. "/" .. name
  end
  local classes = classes_of(set, folder, python, notes)
  local images, labels
  if python then   -- a pickle says itself how many images it holds, so that none can be missing
    images, labels = imaging.read_cifar_python(paths, set.python.labels, #classes, options.records)
    local official = #paths * set[split .. "_records"]
    if images.shape[1] ~= official and not options.records then
      notes[#notes + 1] = ("%d images for %sing, %d in the original"):format(images.shape[1], split, official)
    end
  else
    images, labels = imaging.read_cifar(paths, set.label_bytes, #classes, options.records or set[split .. "_records"])
  end
  return Dataset.new {
    name = set.name, split = split, folder = folder, root = find.absolute(dir), images = images, labels = labels,
    classes = classes, mean = set.mean, std = set.std, mirror = true, notes = notes,
    format = python and "Python version" or "binary version",
  }
end

--- The folder below `dir` that holds the training files of a set, in either version; or nil.
local function find_set(set, dir)
  local place = place_of(set, dir, "train")
  return place
end

-- data.cifar10 is a table of facts (mean, std, classes) that can be called with a folder.
local function callable(set)
  return setmetatable(shown.fields(set), {__call = load})
end

return {cifar10 = callable(cifar10), cifar100 = callable(cifar100), find = find_set}
