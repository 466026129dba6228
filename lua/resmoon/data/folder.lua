--- Image folders: one subfolder of JPEG and PNG files for each class.
--
--     DIR/train/cat/001.jpg     DIR/val/cat/051.jpg     DIR/test/cat/101.jpg
--     DIR/cat/001.jpg           where there are no splits
--
-- The names of the subfolders, sorted by their bytes, are the classes; images are read at any depth below a class,
-- sorted too, so their numbers are the same everywhere. tree.lua lists the files, splits.lua tells splits from classes;
-- this file makes data sets of them. What is not read is kept in ds.left as {path, reason}, what is worth knowing in
-- ds.notes.
--
-- Without a transform every image is cut to the proportions of `size` (the center) and scaled to it, and all are kept
-- in memory if they fit into `cache` bytes. With one, or when they do not fit, images are decoded when they are asked
-- for, a batch of them on all threads (files.lua). ds:transformed(transform) gives the same files another transform.
local core       = require "resmoon.core"
local Dataset    = require "resmoon.data.dataset"
local fail       = require "resmoon.base.fail"
local Files      = require "resmoon.data.files"
local find       = require "resmoon.data.find"
local options_of = require "resmoon.base.options"
local splits     = require "resmoon.data.splits"
local transforms = require "resmoon.data.transforms"
local tree       = require "resmoon.data.tree"
local wordnet    = require "resmoon.data.wordnet"
local imaging = core.imaging

local CACHE = 2 << 30
local SHOWN = 5   -- of many things that are wrong in the same way

local known = {"train", "split", "size", "channels", "transform", "cache", "mean", "std", "classes"}

-- The first of a list, and how many more there are.
local function few(list, text)
  local shown = {}
  for i = 1, math.min(#list, SHOWN) do shown[i] = text and text(list[i]) or list[i] end
  return table.concat(shown, ", ") .. (#list > SHOWN and (" and %d more"):format(#list - SHOWN) or "")
end

-- --- classes ----------------------------------------------------------------------------

-- The folders of a split that are classes. Those without an image are none where they hold other files only; an empty
-- one, or one of images that cannot be read, would be a class that silently went missing.
local function class_folders(node, left)
  local list, empty = {}, {}
  for _, child in ipairs(node.folders) do
    local pictures, files = tree.holds(child)
    if child.count > 0 then list[#list + 1] = child
    elseif files and not pictures then left[#left + 1] = {child.path, "folder without images"}
    else empty[#empty + 1] = child end
  end
  return list, empty
end

-- `refuse` is fail, or takes a complaint and goes on: resmoon data tells all of them.
local function refuse_empty(node, empty, refuse)
  refuse("folder: no image (.jpg, .jpeg, .png) in %s of %s: put images in, or remove the folder%s",
       few(empty, function(child)
         return tree.holds(child) and child.name .. " (images of other formats only)" or child.name
       end), node.path, #empty > 1 and "s" or "")
end

-- Names of the classes: those given, or those of the training split (else of the split itself).
local function classes_of(plan, split, left, refuse)
  local node = plan.train or plan[split]
  local list, empty = class_folders(node, left)
  if #empty > 0 then refuse_empty(node, empty, refuse) end
  local names = {}
  for i, child in ipairs(list) do names[i] = child.name end
  return names
end

-- The class with another spelling of a name, in words; or "".
local function similar(name, classes)
  for _, class in ipairs(classes) do
    if class:lower() == name:lower() then return (" (%s differs only in capital letters)"):format(class) end
  end
  return ""
end

-- Paths of the images of a split, and the class of each.
local function scan(node, classes, left, notes, split, refuse)
  local number, paths, labels, unknown = {}, {}, {}, {}
  for k, name in ipairs(classes) do number[name] = k end
  local found, empty = class_folders(node, left)
  for _, child in ipairs(empty) do
    if not number[child.name] then left[#left + 1] = {child.path, "folder without images"} end
  end
  local present, seen = {}, {}
  for _, child in ipairs(found) do
    local k = number[child.name]
    if not k then unknown[#unknown + 1] = child
    else
      present[k] = true
      local first = #paths + 1
      tree.collect(child, paths, left, seen, k)
      for i = first, #paths do labels[i] = k end
    end
  end
  if #unknown > 0 then
    refuse("folder: %s is none of the %d classes %s%s", few(unknown, function(child) return child.path end), #classes,
         few(classes), similar(unknown[1].name, classes))
  end
  local absent = {}
  for k, name in ipairs(classes) do
    if not present[k] then absent[#absent + 1] = name end
  end
  if #absent > 0 and #paths > 0 then notes[#notes + 1] = ("%s has no image of %s"):format(split, few(absent)) end
  return paths, labels
end

local function refuse_bad(bad, paths)
  local lines = {}
  for i = 1, math.min(#bad, SHOWN) do lines[i] = ("  %s: %s"):format(paths[bad[i][1]], bad[i][2]) end
  if #bad > SHOWN then lines[#lines + 1] = ("  and %d more; `resmoon data DIR` lists them all"):format(#bad - SHOWN) end
  fail("folder: %d of %d files cannot be read as images: mend or remove them\n%s", #bad, #paths,
       table.concat(lines, "\n"))
end

-- --- plans --------------------------------------------------------------------------------

local folder = {}

--- What is to be read from a folder, and how: splits.plan's, with the images of a split that only a table labels.
-- Returns nil where there is no image in any folder below it. Errors: as splits.plan's.
function folder.plan(dir)
  local plan = splits.plan(tree.read(dir))
  if not plan then return nil end
  local seen = {}
  for _, name in ipairs {"root", "train_folder", "val_folder", "test_folder", "train", "val", "test"} do
    local node = plan[name]
    if node and not seen[node] then
      seen[node] = true
      tree.beside(node, plan.left)
    end
  end
  plan.dir = dir
  for split, node in pairs(plan.unlabeled) do
    local annotated = wordnet.annotations(plan[split .. "_folder"], split)
    if annotated then
      plan.annotated = plan.annotated or {}
      plan.annotated[split] = annotated
      plan[split], plan.unlabeled[split] = node, nil
    else
      plan.left[#plan.left + 1] = {node.path, "image without a label", node.count}
      plan.notes[#plan.notes + 1] = ("%s is without labels (%d images, no class folders) and is left out"):format(
        plan[split .. "_folder"].name, node.count)
    end
  end
  for _, split in ipairs {"val", "test"} do
    if plan.train and plan[split] and plan[split].id == plan.train.id then
      plan.notes[#plan.notes + 1] = ("%s is the same folder as %s: what it measures was trained on"):format(
        plan[split].path, plan.train.path)
    end
  end
  if plan.train and plan.train ~= plan.root and plan.layout == "plain" and plan.train.path ~= dir then
    plan.notes[#plan.notes + 1] = "read from " .. plan.train.path
  end
  return plan
end

local function relative(path, dir)
  return path:sub(1, #dir + 1) == dir .. "/" and path:sub(#dir + 2) or path
end

-- The paths, labels and class names of one split of a plan. refuse: takes complaints; else they are raised.
local function contents(plan, split, classes, refuse)
  refuse = refuse or fail
  local left, notes = {}, {}
  local node = plan[split]
  local names = classes or classes_of(plan, split, split == "train" and {} or left, refuse)
  local paths, labels
  if plan.annotated and plan.annotated[split] then
    paths, labels = wordnet.labeled(node, plan.annotated[split], names, left)
  else
    paths, labels = scan(node, names, left, notes, relative(node.path, plan.dir), refuse)
  end
  if #paths == 0 then
    refuse("folder: no image (.jpg, .jpeg, .png) in %d subfolders of %s", #node.folders, node.path)
  end
  return {paths = paths, labels = labels, classes = names, left = left, notes = notes}
end
folder.contents = contents

--- Why one class is not enough, in words.
function folder.one_class(plan, classes)
  return ("folder: %s has only the class %s, expected at least two: one folder for each class "
          .. "(DIR/CLASS/IMAGE.jpg)"):format(plan.train.path, classes[1])
end

-- --- opening -----------------------------------------------------------------------------

-- {C, H, W} as asked for, or as the first image has it: of the training split, since all splits must fit one network.
local function shape_of(options, paths)
  local size, channels = options.size, options.channels or 3
  if not size then return imaging.read_image(paths[1], channels).shape end
  if type(size) ~= "table" then size = {size, size} end
  return {channels, size[1], size[2]}
end

local function check_options(options)
  options_of("folder", options, known)
  if options.channels and options.channels ~= 1 and options.channels ~= 3 then
    fail("folder: channels must be 1 or 3, got %s", options.channels)
  end
  local split = options.split or options.train == false and "test" or "train"
  if split ~= "train" and split ~= "val" and split ~= "test" then
    fail("folder: split is %s, expected train, val or test", options.split)
  end
  return split
end

-- "120x90 to 640x480 pixels, cut and scaled to 32x32"
local function sizes(survey, shape, transformed)
  local w, h = survey.width, survey.height
  local same = w[1] == w[2] and h[1] == h[2]
  local text = same and ("%dx%d pixels"):format(w[1], h[1])
               or ("%dx%d to %dx%d pixels"):format(w[1], h[1], w[2], h[2])
  if not transformed and not (same and h[1] == shape[2] and w[1] == shape[3]) then
    text = ("%s, cut and scaled to %dx%d"):format(text, shape[3], shape[2])
  end
  return text
end

--- One split of a plan as a data set.
-- Errors: raises where the plan has no such split, or files are bad.
function folder.make(plan, split, options)
  local node = plan[split]
  if not node then
    fail("folder: %s has no subfolder %s", plan.dir, split == "train" and "train or training"
         or split == "val" and "val or validation" or "test or val")
  end
  local c = contents(plan, split, options.classes)
  local survey = imaging.survey(c.paths)
  if #survey.bad > 0 then refuse_bad(survey.bad, c.paths) end
  local reference = c.paths
  if not options.size and not options.transform and plan.train and split ~= "train" then
    reference = contents(plan, "train", options.classes).paths
  end
  local channels = options.channels or 3
  local shape = not options.transform and shape_of(options, reference) or nil
  local fields = {
    name = plan.dir:match "[^/]+$" or "folder", split = split, folder = node.path, root = plan.dir,
    format = "image folder",
    classes = wordnet.names(plan, c.classes, c.notes), labels = core.tensor(c.labels, "int64"), mean = options.mean,
    std = options.std, paths = c.paths, mirror = true, survey = survey, left = c.left, notes = c.notes,
    sizes = sizes(survey, shape, options.transform),
  }
  if split == "train" or not plan.train then
    table.move(plan.left, 1, #plan.left, #fields.left + 1, fields.left)
    table.move(plan.notes, 1, #plan.notes, #fields.notes + 1, fields.notes)
  end
  if split ~= "train" and not options.mean and plan.train then
    fields.like = function() return folder.make(plan, "train", options) end
  end
  local cache = options.cache == nil and CACHE or options.cache
  if type(cache) == "number" then cache = shape and #c.paths * shape[1] * shape[2] * shape[3] <= cache end
  if cache and not options.transform then
    fields.images = transforms.read(c.paths, channels, transforms.cover {shape[2], shape[3]})
    return Dataset.new(fields)
  end
  fields.shape, fields.transform, fields.channels = shape, options.transform, channels
  return Files.new(fields)
end

--- Opens a folder of images.
-- options: train (true: the training split, or DIR itself; false: the test split, or the validation split where there
-- is no test), or split ("train", "val", "test"); size (a number or {h, w}; that of the first training image); channels
-- (3; 1 for gray); transform (one of data.transforms, or a function); cache (true, false, or bytes: 2 GiB); mean, std;
-- classes (the sorted subfolders). Splits may be called train or training, val, valid, validation or dev, test, testing
-- or eval, in capital letters or not, and lie in a folder of their own. JPEG and PNG files are read at any depth below
-- a class; what is left out is in ds.left. `resmoon data DIR` shows what would be read.
-- Errors: name the folder or file, and what was expected there: a class without images, a test class that training
--  has not, a file that is not an image, folders that could be splits or classes.
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
function folder.open(dir, options)
  options = options or {}
  local split = check_options(options)
  dir = find.expand(dir)
  find.check("folder", dir)
  dir = find.absolute(dir)
  local plan = folder.plan(dir)
  if not plan then folder.refuse(dir) end
  if split == "test" and not options.split and not plan.test then split = "val" end
  if split ~= "train" and plan.layout == "plain" then
    fail("folder: %s has no subfolder test or val", dir)
  end
  return folder.make(plan, split, options)
end

--- Raises: there is no image in any folder below `dir`.
function folder.refuse(dir)
  local node = tree.read(dir)
  if #node.folders == 0 then
    fail("folder: %s has no subfolders, expected one for each class (DIR/CLASS/IMAGE.jpg)", dir)
  end
  local _, left = tree.collect(node)
  local reasons = #left > 0 and (" (left out: %s)"):format(few(left, function(each)
    return relative(each[1], dir) .. ", " .. each[2]
  end)) or ""
  fail("folder: no image (.jpg, .jpeg, .png) in %d subfolders of %s%s", #node.folders, dir, reasons)
end

return folder
