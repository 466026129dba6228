--- What a data set is, in two lines: what is trained on, and how it was read.
local check = require "resmoon.base.check"
local text = require "resmoon.base.text"

local SHOWN = 4   -- classes with their counts, reasons, notes

local summary = {}

-- Two lines about sets of numbers.
local function of_numbers(head, train)
  local what = train.outputs and ("%d number%s to predict"):format(train.outputs, train.outputs == 1 and "" or "s")
               or ("%d class%s"):format(#train.classes, #train.classes == 1 and "" or "es")
  return ("%s; %s\n%s; rows of (%s) float32 numbers, taken as they are"):format(head, what, train.name,
                                                                              table.concat(train.shape, ", "))
end

--- How many images of a set each class has: a list of numbers.
function summary.counts(set)
  local counts = {}
  for k = 1, #set.classes do counts[k] = 0 end
  for _, label in ipairs(set:all_labels():totable()) do counts[label] = counts[label] + 1 end
  return counts
end

--- What was left out, by reason, the most frequent first: {{reason, {path, ...}, count = files}, ...}. sets may have
-- holes.
function summary.left(sets)
  local groups, of, seen = {}, {}, {}
  for i = 1, 3 do
    for _, each in ipairs(sets[i] and sets[i].left or {}) do
      local path, reason = each[1], each[2]
      if not seen[path] then
        seen[path] = true
        if not of[reason] then
          of[reason] = {}
          groups[#groups + 1] = {reason, of[reason], place = #groups, count = 0}
          of[reason].group = groups[#groups]
        end
        of[reason].group.count = of[reason].group.count + (each[3] or 1)
        table.insert(of[reason], path)
      end
    end
  end
  table.sort(groups, function(a, b)
    if a.count ~= b.count then return a.count > b.count end
    return a.place < b.place
  end)
  return groups
end

--- Notes of all sets, each once.
function summary.notes(sets)
  local list, seen = {}, {}
  for i = 1, 3 do
    for _, note in ipairs(sets[i] and sets[i].notes or {}) do
      if not seen[note] then
        seen[note] = true
        list[#list + 1] = note
      end
    end
  end
  return list
end

-- "cat 30, dog 31", or the least and the most of many classes.
local function by_class(set)
  local counts = summary.counts(set)
  if #counts <= SHOWN then
    local parts = {}
    for k, n in ipairs(counts) do parts[k] = ("%s %s"):format(text.visible(set.classes[k]), text.grouped(n)) end
    return table.concat(parts, ", ")
  end
  local least, most = math.maxinteger, 0
  for _, n in ipairs(counts) do least, most = math.min(least, n), math.max(most, n) end
  if least == most then return ("%s of each"):format(text.grouped(least)) end
  return ("%s to %s of each"):format(text.grouped(least), text.grouped(most))
end

local function color(set)
  local survey = set.survey
  if not survey then return set.shape[1] == 1 and "gray" or "color" end
  if survey.gray == 0 then return set.shape[1] == 1 and "color, read as gray" or "color" end
  if survey.gray == survey.images then return set.shape[1] == 1 and "gray" or "gray, read as color" end
  return ("%s of %s gray"):format(text.grouped(survey.gray), text.grouped(survey.images))
end

--- The sizes of a set's images, and whether they are gray, in words.
function summary.pixels(set)
  return ("%s, %s"):format(set.sizes or ("%dx%d pixels"):format(set.shape[3], set.shape[2]), color(set))
end

--- Two lines about the sets of a run: how many images of which classes; and where they come from, of what size, what
-- was left out and what else is worth knowing.
-- Call: data.summary(train, test = nil, validation = nil) -> string
-- Shapes: data sets as data.open gives them.
-- Errors: none.
-- Example:
--   > print(data.summary(data.open("shapes10", {size = 100})))
--   shapes10: 100 images to train, 20 to test; 10 classes, 10 of each for training
--   shapes10; 32x32 pixels, color
function summary.lines(train, test, validation)
  check("data.summary(train: dataset, test: dataset?, validation: dataset?)", train, test, validation)
  local parts = {("%s: %s %s to train"):format(train.name or "data", text.grouped(train:size()),
                                               train.inputs and "rows" or "images")}
  if validation then parts[#parts + 1] = text.grouped(validation:size()) .. " to validate" end
  if test then parts[#parts + 1] = text.grouped(test:size()) .. " to test" end
  if train.inputs then return of_numbers(table.concat(parts, ", "), train) end
  local first = ("%s; %d class%s, %s for training"):format(table.concat(parts, ", "), #train.classes,
                 #train.classes == 1 and "" or "es", by_class(train))
  local sets, second = {train, test, validation}, {}
  second[1] = train.name or "data"
  if train.root then second[1] = ("%s in %s"):format(train.format or "data", train.folder or train.root) end
  second[2] = summary.pixels(train)
  local left = summary.left(sets)
  if #left > 0 then
    local texts = {}
    for i = 1, math.min(#left, SHOWN) do texts[i] = ("%s (%d)"):format(left[i][1], left[i].count) end
    second[3] = "left out: " .. table.concat(texts, ", ") .. (#left > SHOWN and ", ..." or "")
  end
  table.move(summary.notes(sets), 1, SHOWN, #second + 1, second)
  return first .. "\n" .. table.concat(second, "; ")
end

return summary
