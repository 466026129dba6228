--- The test images for the network of a run: those it has not been trained on, with labels that mean the same.
--
-- Of the run's own data the test images have to be what they were (runs/record.lua). Those of another data set need
-- the same classes; where these stand in another order, labels are mapped by name, and that is said.
local core   = require "resmoon.core"
local config = require "resmoon.train.config"
local folder = require "resmoon.runs.folder"
local record = require "resmoon.runs.record"
local source = require "resmoon.runs.source"
local sys    = core.sys

-- The record of the run that a checkpoint is of: path is its folder, or a file in it.
local function record_at(path)
  local home = sys.is_dir(path) and path or path:match "^(.*)/[^/]*$" or "."
  return folder.is_run(home) and record.read(home) or nil
end

local function open(c, changes, options)
  local settings = config.with(c, changes)
  settings.val_split = 0
  local _, test = config.open(settings, {crops = options.crops})
  return test
end

local function digest(test, where, like) return record.make({test = test}, {source = where, like = like}) end

-- A set whose label k is map[k], named by `classes`.
local function relabelled(set, map, classes)
  local copy = {}
  for key, value in pairs(set) do copy[key] = value end
  if rawget(set, "labels") then
    copy.labels = core.tensor(map, "int64"):gather(1, set.labels)
  else
    copy.source = relabelled(set.source, map, classes)
  end
  copy.classes = classes
  return setmetatable(copy, getmetatable(set))
end

-- `set` with the network's classes, and a sentence if something had to be done for it.
local function with_classes(set, classes, path)
  local differ = record.classes_differ(classes, set.classes)
  if not differ then return set end
  local number, map = {}, {}
  for k, name in ipairs(classes) do number[name] = k end
  for k, name in ipairs(set.classes) do map[k] = number[name] end
  for k = 1, math.max(#classes, #set.classes) do
    if not map[k] or #classes ~= #set.classes then
      error(("%s knows the classes %s; the data have %s: what the network says would be taken for something else")
            :format(path, table.concat(classes, ", "), table.concat(set.classes, ", ")), 0)
    end
  end
  return relabelled(set, map, classes), ("classes in another order (%s): mapped by name"):format(
    table.concat(set.classes, ", "))
end

-- Images of another data set in the shape that the network has learned with.
local function other_set(c, where, options)
  local changes = {data = where, data_path = nil}
  local settings = config.with(c, changes)
  settings.data_path = nil
  if where ~= "shapes10" then settings.train_size, settings.test_size = nil, nil end
  local test = open(settings, nil, options)
  local wanted = c.input
  if wanted and c.augment ~= "imagenet" and table.concat(test.shape, "x") ~= table.concat(wanted, "x") then
    local from = table.concat(test.shape, " x ")
    if test.shape[1] == wanted[1] and wanted[2] == wanted[3] then
      settings.size = wanted[2]
      test = open(settings, nil, options)
    end
    if table.concat(test.shape, "x") ~= table.concat(wanted, "x") then
      error(("the images of %s are %s, the network's %s"):format(where, from, table.concat(wanted, " x ")), 0)
    end
    return test, ("images of %s are scaled to %s"):format(from, table.concat(wanted, " x "))
  end
  return test
end

-- The run's own test images, compared with its record.
local function own_set(path, c, options)
  local test, made = open(c, nil, options), record_at(path)
  local now = made and digest(test, source.path(c), made)
  local list = made and record.differences(made, now, {"test"}) or
    {c.classes and record.classes_differ(c.classes, test.classes)}
  return test, made, list
end

local function refuse(path, c, list)
  error(("%s was trained on other data than %s holds now:\n  %s\n--data DIR takes another data set with the same "
         .. "classes"):format(path, source.path(c) or c.data, table.concat(list, "\n  ")), 0)
end

-- A sentence where images of the set were trained on, by what is in their files.
local function leak(made, test, where)
  if not made then return nil end
  local seen = record.seen(made, digest(test, source.absolute(where)), "test")
  if #seen > 0 then
    return ("%d of the %d images are ones that the network was trained on or chosen by (%s)"):format(#seen, test:size(),
                                                                                             record.listed(seen))
  end
end

--- Opens the test images for a network: path is the run's folder or a checkpoint, c the config that train.load gave.
-- options: data (a folder or shapes10, instead of the run's own), crops.
-- Returns the data set, and a list of sentences on what a reader of the result has to know.
-- Errors: raises where the run's own images are not what they were, and where classes or images of others do not fit.
local function testset(path, c, options)
  options = options or {}
  local notes = {}
  local function note(text) if text then notes[#notes + 1] = text end end
  if not options.data then
    local test, made, list = own_set(path, c, options)
    if #list > 0 then refuse(path, c, list) end
    if not made then note(path .. " has no record of its data (data.json): only class names were compared") end
    return test, notes
  end
  local where = options.data
  local moved = config.with(c, {data = where})
  moved.data_path = source.absolute(where)
  local ok, test, made, list = pcall(own_set, path, moved, options)
  if ok and made and #list == 0 then return test, notes end   -- its own data, from another place
  local scaled, mapped
  test, scaled = other_set(c, where, options)
  made = record_at(path)
  note(("another data set than the run's (%s): %s"):format(c.data_name or c.data, where))
  note(scaled)
  test, mapped = with_classes(test, c.classes or test.classes, path)
  note(mapped)
  note(leak(made, test, where))
  return test, notes
end

return testset
