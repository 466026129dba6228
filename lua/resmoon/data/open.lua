--- Opens whatever data set is meant: by its name, or by what lies below a folder.
local check = require "resmoon.base.check"
local imaging = require("resmoon.core").imaging
local sys    = require("resmoon.core").sys
local fail   = require "resmoon.base.fail"
local find   = require "resmoon.data.find"
local cifar  = require "resmoon.data.cifar"
local csv    = require "resmoon.data.csv"
local folder = require "resmoon.data.folder"
local mnist  = require "resmoon.data.mnist"
local options_of = require "resmoon.base.options"
local shapes10 = require "resmoon.data.shapes10"
local split  = require "resmoon.data.split"
local summary = require "resmoon.data.summary"
local text   = require "resmoon.base.text"

-- A set without a test split: a tenth of it, always the same images.
local TEST_SHARE, TEST_SEED = 0.1, 1

local function note(set, words)
  local notes = {}
  table.move(set.notes or {}, 1, set.notes and #set.notes or 0, 1, notes)
  notes[#notes + 1] = words
  set.notes = notes
end

-- What cannot be learned is not trained: a class whose only image tests.
local function check_classes(whole, train)
  local before = summary.counts(whole)
  for k, n in ipairs(summary.counts(train)) do
    if n == 0 and before[k] > 0 then
      fail("data: %s has no test split, and no image of %s would be left to train with: put more images there, or "
           .. "make a test split", whole.root or whole.name, text.visible(whole.classes[k]))
    end
  end
end

-- A set without a test split gives up some of its images.
local function held_out(whole)
  if whole:size() < 2 then
    fail("data: %s has %d image and no test split, expected at least two images", whole.root or whole.name,
        whole:size())
  end
  local train, test = split.two(whole, math.max(1, math.floor(whole:size() * TEST_SHARE + 0.5)), TEST_SEED)
  check_classes(whole, train)
  test.like, train.like = train, nil
  note(train, ("no test split: %d of %d images, drawn by class, always the same, are held out for testing"):format(
    test:size(), whole:size()))
  return train, test
end

-- load(options) for each of the two splits.
local function two(load, options)
  local function with(train)
    local copy = {}
    for key, value in pairs(options) do copy[key] = value end
    copy.train = train
    return load(copy)
  end
  if options.train ~= nil then   -- the other is not wanted
    local set = with(options.train)
    return options.train and set or nil, not options.train and set or nil
  end
  local train, test = with(true), with(false)
  if rawget(test, "like") then test.like = train end   -- read already
  return train, test
end

-- find(dir): the folder that holds it, or nil; load(dir, options) -> train, test, validation.
local formats = {
  {name = "cifar10", text = "data_batch_1.bin (or .gz) or data_batch_1",
   find = function(dir) return cifar.find(cifar.cifar10, dir) end,
   load = function(dir, options) return two(function(o) return cifar.cifar10(dir, o) end, options) end},
  {name = "cifar100", text = "train.bin (or .gz), or the pickle train with meta",
   find = function(dir) return cifar.find(cifar.cifar100, dir) end,
   load = function(dir, options) return two(function(o) return cifar.cifar100(dir, o) end, options) end},
  {name = "mnist", text = "train-images-idx3-ubyte (or .gz), as in MNIST/raw; emnist-*-train-images-idx3-ubyte",
   find = mnist.find,
   load = function(dir, options)
     return two(function(o) return mnist.mnist(dir, o, "idx") end, options)
   end},
  {name = "csv", text = "train.csv with the columns label,pixel0,pixel1,...", find = csv.find,
   load = function(dir, options)
     options_of("data.open of a table", options, {"train"})
     local train, test = csv.open(dir)
     if not test then return held_out(train) end
     return train, test
   end},
}

-- The formats found below dir. What lies in dir itself hides what lies deeper.
local function recognize(dir)
  local direct, nested = {}, {}
  for _, format in ipairs(formats) do
    local place = format.find(dir)
    if place then
      local list = place == dir and direct or nested
      list[#list + 1] = {name = format.name, load = format.load, place = place}
    end
  end
  return #direct > 0 and direct or nested
end

-- What lies in a folder that is none of the known ones, where that helps: archives, weights, pages. At most ten.
local function strangers(dir)
  local lines = {}
  for i, name in ipairs(imaging.list_folder(dir) or {}) do
    if i > 200 or #lines >= 10 then break end
    local kind, what, advice = imaging.file_kind(dir .. "/" .. name)
    if kind and kind ~= "text" and kind ~= "unknown" and name:sub(1, 1) ~= "." then
      lines[#lines + 1] = ("  %s is %s%s"):format(name, what, advice and ": " .. advice:gsub("FILE", dir .. "/" .. name)
                                                  or "")
    end
  end
  return lines
end

local function explain(dir)
  local lines = {("data: nothing known in %s; looked there and up to three folders deeper for"):format(dir)}
  for _, format in ipairs(formats) do lines[#lines + 1] = ("  %-9s %s"):format(format.name, format.text) end
  lines[#lines + 1] = "  images    train/CLASS/*.jpg and test/CLASS/*.jpg (or val), or CLASS/*.jpg; .jpeg and .png too"
  local found = strangers(dir)
  if #found > 0 then
    lines[#lines + 1] = "What lies there:"
    table.move(found, 1, #found, #lines + 1, lines)
  end
  lines[#lines + 1] = ("`resmoon fetch cifar10 %s` downloads CIFAR-10; the name shapes10 needs no files"):format(
    text.shell(dir))
  return table.concat(lines, "\n")
end

-- The same, and why none of what lies there is an image.
local function explain_all(dir)
  local _, reason = pcall(folder.refuse, find.absolute(dir))
  reason = tostring(reason):match "folder: no image.*left out.*"
  return explain(dir) .. (reason and "\n" .. reason or "")
end

-- A path that is not a folder: what it is instead, and what to do.
local function refuse_file(path)
  local kind, what, advice = imaging.file_kind(path)
  if not sys.exists(path) then fail("data: %s is neither a folder nor the name shapes10", path) end
  if not kind then fail("data: %s", what) end
  fail("data: %s is a file, expected a folder: it is %s%s", path, what,
       advice and ": " .. advice:gsub("FILE", path) or kind == "pickle" and "; give the folder it is in" or "")
end

local function ambiguous(dir, found)
  local lines = {("data: %s holds more than one data set; name one folder of"):format(dir)}
  for _, set in ipairs(found) do lines[#lines + 1] = ("  %-9s %s"):format(set.name, set.place) end
  return table.concat(lines, "\n")
end

-- Options without image_size and cache, which are not for every set's own function.
local function others(options)
  local copy = {}
  for key, value in pairs(options) do copy[key] = value end
  copy.image_size, copy.cache = nil, nil
  return copy
end

local function shrunk(size, train, test)
  if not size then return train, test end
  return train and train:shrunk(size), test and test:shrunk(size)
end

-- shapes10's size is that of the training set: a fifth as many images test it.
local function open_shapes10(options)
  options_of("shapes10", options, {"train", "size", "seed"})
  return two(function(o)
    local size = o.size
    if size and o.train == false and options.train == nil then size = math.max(1, size // 5) end
    return shapes10 {train = o.train, seed = o.seed, size = size}
  end, options)
end

local function open_folder(plan, options)
  options.train = nil
  local train = folder.make(plan, "train", options)
  if #train.classes == 1 then fail("%s", folder.one_class(plan, train.classes)) end
  local function other(name)
    if not plan[name] then return nil end
    local set = folder.make(plan, name, options)
    if rawget(set, "like") then set.like = train end   -- read already
    return set
  end
  local test, validation = other "test", other "val"
  if not test and validation then
    test, validation = validation, nil
    note(train, ("no test split: %s tests, and chooses the best weights"):format(plan.val_folder.name))
  end
  if not test then return held_out(train) end
  return train, test, validation
end

local function open(source, options, image_size, cache)
  if source == "shapes10" then return shrunk(image_size, open_shapes10(options)) end
  local dir = find.expand(source)
  if not sys.is_dir(dir) then
    local parent, set = mnist.chosen(dir)
    if not parent then refuse_file(dir) end
    dir, options.emnist = parent, set
  end
  local found = recognize(dir)
  if #found > 1 then fail(ambiguous(dir, found)) end
  if #found == 1 then return shrunk(image_size, found[1].load(dir, options)) end
  local plan = folder.plan(find.absolute(dir))
  if not plan then fail(explain_all(dir)) end
  options.size, options.cache = options.size or image_size, cache
  return open_folder(plan, options)
end

--- Opens a data set.
-- source: "shapes10", or a folder that holds CIFAR-10, CIFAR-100 (binary or Python version), MNIST, Fashion-MNIST,
-- KMNIST, EMNIST, a table of Kaggle's (train.csv) or images, in it or up to three folders deeper. Of several EMNIST
-- sets in one folder, "DIR/emnist-letters" is one.
-- Validation is nil where there is no such split. Where there is no test split, the validation split takes its place;
-- where there is neither, a tenth of the images of each class is held out, the same ones every time. train.notes says
-- which.
-- options.image_size is the height and width to which images are scaled: those of folders are cut to a square and
-- resized, others shrunk by a whole factor (ds:shrunk). options.cache is data.folder's, and nothing to other sets.
-- The other options go to the set's own function (data.cifar10, data.folder, ...). With options.train true or
-- false that split alone is returned.
-- Errors: say what was looked for, where, and what was found instead: an archive not unpacked, a web page, a file.
-- Call: data.open(source = "shapes10", {train = nil, image_size = nil, ...}) -> train, test, validation
-- Shapes: as of the set: images uint8 (N, C, H, W), labels int64 (N) from 1 on.
-- Example:
--   > train, test = data.open("shapes10", {size = 100})
--   > train:size(), test:size()
--   100  20
local function open_source(source, options)
  check("data.open(source: any?, options: table?)", source, options)
  source, options = source or "shapes10", options or {}
  local train, test, validation = open(source, others(options), options.image_size, options.cache)
  if options.train == nil then return train, test, validation end
  if options.train then return train end
  return test
end

return {open = open_source, recognize = recognize, explain = function(dir) fail(explain_all(dir)) end}
