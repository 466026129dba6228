--- Images as lines of a table, as Kaggle hands out MNIST and its relatives: label,pixel0,pixel1,...
--
-- A folder with train.csv (or *_train.csv, *-train.csv), and test.csv if it has labels. Classes are the numbers of the
-- labels, unless mnist.lua knows the set.
local core    = require "resmoon.core"
local Dataset = require "resmoon.data.dataset"
local fail    = require "resmoon.base.fail"
local find    = require "resmoon.data.find"
local mnist   = require "resmoon.data.mnist"
local imaging = core.imaging

local csv = {}

-- The beginning of the line of names: "label", "pixel" or nil (another table).
local function columns_of(path)
  if path:find "%.gz$" then return "label" end   -- found out when it is read
  local file = io.open(path, "rb")
  local text = file and file:read(64) or ""
  if file then file:close() end
  text = text:lower():gsub("^\xef\xbb\xbf", ""):gsub('"', "")
  if text:find "^label,%s*pixel" or text:find "^label,%s*1x1" or text:find "^label,%s*p?%d" then return "label" end
  if text:find "^pixel" or text:find "^1x1" then return "pixel" end
end

-- Files of a folder called `word`.csv, stem_word.csv or stem-word.csv, and what their columns are: {path, columns}.
local function tables(folder, word)
  local list = {}
  for _, name in ipairs(imaging.list_folder(folder) or {}) do
    local stem = name:lower():gsub("%.gz$", "")
    if stem == word .. ".csv" or stem:find("[_%-]" .. word .. "%.csv$") then
      local columns = columns_of(folder .. "/" .. name)
      if columns then list[#list + 1] = {folder .. "/" .. name, columns} end
    end
  end
  return list
end

local function has_table(folder)
  for _, each in ipairs(tables(folder, "train")) do
    if each[2] == "label" then return true end
  end
end

--- The folder at or below `dir` that has a training table; or nil.
function csv.find(dir)
  if has_table(dir) then return dir end
  local below = find.below(dir, has_table)
  if #below > 1 then
    fail("data: train.csv is in more than one folder; name one of\n  %s", table.concat(below, "\n  "))
  end
  return below[1]
end

local function one(folder, word)
  local list = tables(folder, word)
  if #list > 1 then
    fail("data: %s holds %d tables for %sing (%s and %s): put one of them into a folder of its own", folder,
         #list, word, list[1][1]:match "[^/]+$", list[2][1]:match "[^/]+$")
  end
  return list[1]
end

local function read(path)
  local images, labels = imaging.read_csv(path)
  return images, labels + 1
end

local function names_of(labels)
  local most, names = labels:max():item(), {}
  for k = 1, most do names[k] = tostring(k - 1) end
  return names
end

-- Classes that have no image: gaps in the labels (sign language without J and Z).
local function note_gaps(labels, classes, notes)
  local there, absent = {}, {}
  for _, label in ipairs(labels:totable()) do there[label] = true end
  for k, name in ipairs(classes) do
    if not there[k] then absent[#absent + 1] = name end
  end
  if #absent > 0 then notes[#notes + 1] = "no image has the label " .. table.concat(absent, ", ") end
end

--- Reads the training table of a folder, and the test table where there is one with labels: train, test or nil.
function csv.open(dir)
  local folder = csv.find(dir)
  local train, test = one(folder, "train"), one(folder, "test")
  local images, labels = read(train[1])
  local notes = {}
  local name, kind = mnist.kind(train[1], labels, "idx", {})
  local classes = kind and name ~= "idx" and labels:max():item() <= #kind.classes and kind.classes or names_of(labels)
  if classes ~= (kind and kind.classes) then name = "csv" end
  note_gaps(labels, classes, notes)
  local facts = name == "csv" and {mirror = false} or kind
  local function set(split, x, y, more)
    return Dataset.new {name = name, split = split, folder = folder, root = find.absolute(dir), format = "table (CSV)",
                        images = x, labels = y, classes = classes, mean = facts.mean, std = facts.std,
                        mirror = facts.mirror, notes = more}
  end
  local training = set("train", images, labels, notes)
  if test and test[2] == "pixel" then
    notes[#notes + 1] = test[1]:match "[^/]+$" .. " has no labels and is left out"
    return training, nil
  end
  if not test then return training, nil end
  local x, y = read(test[1])
  if y:max():item() > #classes then
    fail("%s: has the label %d, expected 0 to %d as in %s", test[1], y:max():item() - 1, #classes - 1, train[1])
  end
  local testing = set("test", x, y, {})
  testing.like = training
  return training, testing
end

return csv
