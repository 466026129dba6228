--- ImageNet's names: folders called n02124075, words.txt that says "Egyptian cat", and tables that label images.
--
-- Tiny-ImageNet has train/WNID/images/*.JPEG, val/images/*.JPEG with val/val_annotations.txt, test/images/*.JPEG
-- without labels, and words.txt and wnids.txt beside them.
-- Source: Tiny-ImageNet-200 (Stanford CS231n, 2015).
local fail = require "resmoon.base.fail"

local wordnet = {}

local function lines_of(path)
  local file, reason = io.open(path, "rb")
  if not file then fail("folder: %s", reason) end
  local text = file:read "a"
  file:close()
  return text:gmatch "[^\r\n]+"
end

local function has_file(node, name)
  for _, file in ipairs(node.others) do
    if file[1] == name then return node.path .. "/" .. name end
  end
end

--- The table beside the images of a split, as {image name = wnid, path = of the table}; nil where there is none.
function wordnet.annotations(node, split)
  local path = has_file(node, split .. "_annotations.txt")
  if not path then return nil end
  local list, number = {}, 0
  for line in lines_of(path) do
    number = number + 1
    local name, class = line:match "^([^\t]+)\t([^\t]+)"
    if not name then fail("folder: %s: line %d is not an image and its class, separated by a tab", path, number) end
    list[name] = class
  end
  return {path = path, class = list, count = number}
end

--- Paths of the images of an annotated split, and their labels. Images that the table lacks are left out.
function wordnet.labeled(node, annotations, classes, left)
  local number, paths, labels = {}, {}, {}
  for k, name in ipairs(classes) do number[name] = k end
  for _, name in ipairs(node.images) do
    local class = annotations.class[name]
    if not class then left[#left + 1] = {node.path .. "/" .. name, "image that is not in " .. annotations.path}
    elseif not number[class] then
      fail("folder: %s: %s is of class %s, which is none of the %d classes", annotations.path, name, class, #classes)
    else
      paths[#paths + 1], labels[#labels + 1] = node.path .. "/" .. name, number[class]
    end
  end
  if annotations.count > #paths then
    left[#left + 1] = {annotations.path, ("%d lines without an image"):format(annotations.count - #paths)}
  end
  return paths, labels
end

-- {wnid = first of its words} of words.txt.
local function words(path)
  local list = {}
  for line in lines_of(path) do
    local id, name = line:match "^(n%d+)\t([^,]+)"
    if id then list[id] = name end
  end
  return list
end

--- Class names for people: those of words.txt where all folders are called like n02124075, else the folders' own. A
-- name that two classes share keeps its number: "crane (n02012849)".
function wordnet.names(plan, classes, notes)
  local path = has_file(plan.root, "words.txt")
  for _, class in ipairs(classes) do
    if not class:find "^n%d%d%d%d%d%d%d%d$" then return classes end
  end
  if not path then return classes end
  local known, times, names = words(path), {}, {}
  for _, class in ipairs(classes) do
    local name = known[class] or class
    times[name] = (times[name] or 0) + 1
  end
  for k, class in ipairs(classes) do
    local name = known[class] or class
    names[k] = times[name] > 1 and ("%s (%s)"):format(name, class) or name
  end
  notes[#notes + 1] = "classes are named by words.txt"
  return names
end

return wordnet
