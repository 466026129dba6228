--- MNIST and its relatives: gray images of 28x28 in IDX files. Digits (MNIST), clothes (Fashion-MNIST), Japanese
-- letters (KMNIST), letters and digits (EMNIST).
--
-- MNIST, Fashion-MNIST and KMNIST use the same file names. Which one it is, is told by the labels the official files
-- begin with, else by the nearest folder's name (FashionMNIST/raw); a set that neither tells is read as "idx", its
-- classes numbers. Mean and standard deviation are measured, but for MNIST.
-- Source: LeCun, Cortes, Burges, "The MNIST database of handwritten digits"; Xiao et al. 2017, arXiv:1708.07747;
--  Clanuwat et al. 2018, arXiv:1812.01718; Cohen et al. 2017, arXiv:1702.05373.
--
-- Call: data.mnist(folder, {train = true}) -> dataset
-- Shapes: images uint8 (60000, 1, 28, 28) or (10000, 1, 28, 28), labels int64 from 1 (the digit 0) on.
-- Units: 0..255.
-- Options: train  true: the training images; false: the test images
--  emnist  which of EMNIST's sets, where a folder has several: "letters", "balanced", ...
-- Errors: name the file, and the bytes, shape or labels that were expected. Files may be .gz.
-- Example:
--   > data.mnist.classes[1], data.mnist.mean
--   0  {0.1307}
local core    = require "resmoon.core"
local Dataset = require "resmoon.data.dataset"
local shell   = require("resmoon.base.text").shell
local fail    = require "resmoon.base.fail"
local find    = require "resmoon.data.find"
local options_of = require "resmoon.base.options"
local shown   = require "resmoon.base.shown"
local imaging = core.imaging

local function characters(text)
  local list = {}
  for c in text:gmatch "." do list[#list + 1] = c end
  return list
end

local function words(text)
  local list = {}
  for word in text:gmatch "[^,]+" do list[#list + 1] = word end
  return list
end

local digits = "0123456789"
local capitals = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

-- first: the number of the first class in the files; mirror: whether a mirrored image keeps its class.
local kinds = {
  mnist = {classes = characters(digits), mean = {0.1307}, std = {0.3081}, mirror = false,
           begins = {["5041921314"] = true, ["7210414959"] = true, ["1014007353"] = true}},   -- Kaggle's order
  fashionmnist = {classes = words "T-shirt/top,Trouser,Pullover,Dress,Coat,Sandal,Shirt,Sneaker,Bag,Ankle boot",
                  mirror = true, begins = {["9003027255"] = true, ["9211614657"] = true}},
  kmnist = {classes = words "o,ki,su,tsu,na,ha,ma,ya,re,wo", mirror = false, begins = {}},
  idx = {classes = characters(digits), mirror = false, begins = {}},
}

-- EMNIST's six sets; "merged" ones have one class for a letter whose capital looks the same.
local merged = characters(digits .. capitals .. "abdefghnqrt")
local emnist = {
  byclass = {classes = characters(digits .. capitals .. capitals:lower())},
  bymerge = {classes = merged}, balanced = {classes = merged},
  letters = {classes = characters(capitals:lower()), first = 1},
  digits = {classes = characters(digits)}, mnist = {classes = characters(digits)},
}

local mnist = {
  name = "mnist", mean = kinds.mnist.mean, std = kinds.mnist.std, classes = kinds.mnist.classes,
  places = {"MNIST/raw", "mnist", "raw", "mnist/MNIST/raw", "MNIST", "FashionMNIST/raw", "KMNIST/raw"},
}

local own = {}   -- what other files of this folder use

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

-- Images and labels of the files `stem`-images and `stem`-labels, which must be as many; `first` is the number of the
-- first class. Images come first: that they are a failed download says more than that the labels are missing.
local function read(folder, stem, classes, first)
  local images_path = pick(folder, spellings(stem .. "-images", 3))
  local images = imaging.idx_images(images_path)
  local labels_path = pick(folder, spellings(stem .. "-labels", 1))
  local labels = imaging.idx_labels(labels_path, #classes, first or 0)
  if labels.shape[1] ~= images.shape[1] then
    fail("%s: holds %d labels, expected %d: one for each image of %s",
         labels_path, labels.shape[1], images.shape[1], images_path)
  end
  return images, labels
end

-- --- which set it is ------------------------------------------------------------------------

-- By the names of the folders, the nearest first.
local function kind_by_folder(folder)
  folder = find.absolute(folder):lower()
  while folder and folder ~= "" do
    local name = folder:match "[^/]*$"
    if name:find "fashion" then return "fashionmnist" end
    if name:find "kmnist" or name:find "kuzushiji" then return "kmnist" end
    if name:find "mnist" then return "mnist" end
    folder = folder:match "^(.*)/"
  end
end

-- By the first ten labels, from 1.
local function kind_by_labels(labels)
  local n = math.min(10, labels.shape[1])
  local text = ""
  for i = 1, n do text = text .. (labels[i]:item() - 1) end
  for name, kind in pairs(kinds) do
    if kind.begins[text] then return name end
  end
end

--- The kind of a set with these labels in this folder: its name, and the facts. `otherwise`: where nothing tells.
function own.kind(folder, labels, otherwise, notes)
  local by_labels, by_folder = kind_by_labels(labels), kind_by_folder(folder)
  if by_labels and by_folder and by_labels ~= by_folder then
    notes[#notes + 1] = ("its labels are those of %s, although the folder says %s"):format(by_labels, by_folder)
  end
  local name = by_labels or by_folder or otherwise
  if name == "idx" then
    notes[#notes + 1] = "nothing tells which of MNIST's relatives it is: classes are the numbers of the labels"
  end
  return name, kinds[name]
end

-- --- EMNIST ---------------------------------------------------------------------------------

--- The sets of EMNIST in a folder: {"letters", ...}.
local function emnist_in(folder)
  local list = {}
  for _, name in ipairs(imaging.list_folder(folder) or {}) do
    local set = name:match "^emnist%-(%w+)%-train%-images[%-%.]idx3%-ubyte"
    if set and emnist[set] and list[#list] ~= set then list[#list + 1] = set end
  end
  return list
end

local function emnist_folder(dir)
  local function holds(folder) return #emnist_in(folder) > 0 end
  if holds(dir) then return dir end
  local below = find.below(dir, holds)
  if #below > 1 then fail("data: EMNIST is in more than one folder; name one of\n  %s", table.concat(below, "\n  ")) end
  return below[1]
end

-- Images are stored on their side: their rows are columns.
local function load_emnist(folder, options)
  local found, split = emnist_in(folder), options.train == false and "test" or "train"
  local which = options.emnist or #found == 1 and found[1]
  if not which then
    fail("data: %s holds %d sets of EMNIST; name one as %s/emnist-%s (%s)", folder, #found, folder, found[1],
         table.concat(found, ", "))
  end
  local set = emnist[which] or fail("mnist: emnist is %q, expected one of %s", which, table.concat(found, ", "))
  local stem = ("emnist-%s-%s"):format(which, split)
  local images, labels = read(folder, stem, set.classes, set.first)
  return Dataset.new {
    name = "emnist-" .. which, split = split, folder = folder, root = folder, format = "IDX files",
    classes = set.classes, images = images:transpose(3, 4):contiguous(), labels = labels, mirror = false,
  }
end

-- --- opening --------------------------------------------------------------------------------

-- One split as it lies on disk; otherwise is kind's.
local function load_split(dir, options, otherwise)
  local split = options.train == false and "test" or "train"
  local stem = split == "train" and "train" or "t10k"
  local names = spellings(stem .. "-images", 3)
  local folder, looked = find.folder(dir, mnist.places, names)
  if not folder then
    local place = emnist_folder(dir)
    if place then return load_emnist(place, options) end
    fail(find.missing("mnist", names, looked, ("`resmoon fetch mnist %s` downloads it"):format(shell(dir))))
  end
  local images, labels = read(folder, stem, mnist.classes)
  local notes = {}
  local name, kind = own.kind(folder, labels, otherwise or "mnist", notes)
  return Dataset.new {
    name = name, split = split, folder = folder, root = find.absolute(dir), format = "IDX files", images = images,
    labels = labels, classes = kind.classes, mean = kind.mean, std = kind.std, mirror = kind.mirror, notes = notes,
  }
end

--- Reads one split below `dir`; options.train is true unless given.
-- Errors: name the file, and the bytes, shape or labels that were expected.
local function load(_, dir, options, otherwise)
  options = options_of("mnist", options, {"train", "emnist"})
  dir = find.expand(dir)
  find.check("mnist", dir)
  local set = load_split(dir, options, otherwise)
  if set.split == "test" and not rawget(set, "mean") then   -- of the training images
    set.like = function()
      local copy = {}
      for key, value in pairs(options) do copy[key] = value end
      copy.train = true
      return load_split(dir, copy, otherwise)
    end
  end
  return set
end

--- The folder below `dir` that holds the training images of one of the sets; or nil.
function own.find(dir)
  local names = spellings("train-images", 3)
  return find.folder(dir, mnist.places, names) or emnist_folder(dir)
end

--- "DIR/emnist-letters" as the folder and the name of the set, where that is one of several in DIR.
function own.chosen(path)
  local folder, set = path:match "^(.*)/emnist%-(%w+)$"
  if not set then folder, set = ".", path:match "^emnist%-(%w+)$" end
  for _, each in ipairs(set and emnist_in(folder) or {}) do
    if each == set then return folder, set end
  end
end

own.mnist = setmetatable(shown.fields(mnist), {__call = load})
return own
