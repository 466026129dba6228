--- What would be read from a folder, and what is wrong with it: all of it at once, where training stops at the first.
local find    = require "resmoon.data.find"
local folder  = require "resmoon.data.folder"
local open    = require "resmoon.data.open"
local options_of = require "resmoon.base.options"
local summary = require "resmoon.data.summary"
local text    = require "resmoon.base.text"
local tree    = require "resmoon.data.tree"
local wordnet = require "resmoon.data.wordnet"
local core    = require "resmoon.core"
local results = require "resmoon.base.shown"
local imaging = core.imaging

local SHOWN = 3   -- files of what is left out for one reason

local Report = {}
Report.__index = Report

local function message_of(failure) return (tostring(failure):gsub("^[^\n]-:%d+: ", "", 1)) end

local function problem(report, ...) report.problems[#report.problems + 1] = (...):format(select(2, ...)) end

-- The images of one split of a plan; what is wrong with them becomes problems of the report.
local function look_at_split(report, plan, split, classes, check)
  local ok, found = pcall(folder.contents, plan, split, classes, function(...) problem(report, ...) end)
  if not ok then return problem(report, "%s", message_of(found)) end
  local survey, bad = imaging.survey(found.paths), {}
  for _, each in ipairs(survey.bad) do
    bad[each[1]] = true
    problem(report, "%s: %s", found.paths[each[1]], each[2])
  end
  if check then
    for i, path in ipairs(found.paths) do
      local read, failure = pcall(imaging.read_image, path, 3)
      if not read and tostring(failure):find "interrupted" then error(failure, 0) end
      if not read and not bad[i] then problem(report, "%s", message_of(failure)) end
    end
  end
  local counts = {}
  for k = 1, #found.classes do counts[k] = 0 end
  for _, label in ipairs(found.labels) do counts[label] = counts[label] + 1 end
  report[split] = {images = #found.paths, counts = counts, survey = survey, left = found.left, notes = found.notes,
                   folder = plan[split].path}
  return found.classes
end

local function look_at_folder(report, dir, check)
  local ok, plan = pcall(folder.plan, dir)
  if not ok then return problem(report, "%s", message_of(plan)) end
  if not plan then return problem(report, "%s", message_of(select(2, pcall(open.explain, dir)))) end
  report.format, report.folder = "image folder", plan.root.path
  report.plan_left, report.plan_notes = plan.left, plan.notes
  if not plan.train then problem(report, "folder: %s has no training split", dir) end
  local classes = plan.train and look_at_split(report, plan, "train", nil, check)
  for _, split in ipairs {"val", "test"} do
    if plan[split] then look_at_split(report, plan, split, classes, check) end
  end
  report.classes = classes and wordnet.names(plan, classes, {}) or {}
  if classes and #classes == 1 then problem(report, "%s", folder.one_class(plan, classes)) end
  if not plan.test and not plan.val then
    table.insert(report.plan_notes, "no test split: a tenth of the images of each class is held out for testing")
  elseif not plan.test then
    report.plan_notes[#report.plan_notes + 1] = ("no test split: %s tests, and chooses the best weights"):format(
      plan.val_folder.name)
  end
end

local function look_at_set(report, source)
  local ok, train, test, validation = pcall(open.open, source)
  if not ok then return problem(report, "%s", message_of(train)) end
  report.format, report.folder, report.classes = train.format or train.name, train.folder, train.classes
  report.name = train.name
  for split, set in pairs {train = train, test = test or nil, val = validation} do
    report[split] = {images = set:size(), counts = summary.counts(set), pixels = summary.pixels(set), notes = set.notes,
                     left = set.left, folder = set.folder}
  end
end

local function pixels(split)
  if split.pixels then return split.pixels end
  local s = split.survey
  if s.images == 0 then return "" end
  local same = s.width[1] == s.width[2] and s.height[1] == s.height[2]
  local size = same and ("%dx%d"):format(s.width[1], s.height[1])
               or ("%dx%d to %dx%d"):format(s.width[1], s.height[1], s.width[2], s.height[2])
  local color = s.gray == 0 and "color" or s.gray == s.images and "gray" or ("%d of %d gray"):format(s.gray, s.images)
  return ("%s pixels, %s%s"):format(size, color, s.deep > 0 and (", %d with 16 bits"):format(s.deep) or "")
end

local function class_table(report, names)
  local lines = {{"class"}}
  for _, split in ipairs(names) do table.insert(lines[1], split) end
  for k, class in ipairs(report.classes) do
    local line = {class}
    for _, split in ipairs(names) do line[#line + 1] = text.grouped(report[split].counts[k] or 0) end
    lines[#lines + 1] = line
  end
  return table.concat(text.columns(lines), "\n")
end

local function left_lines(report, lines)
  local sets = {report.train or {}, report.test or {}, report.val or {}}
  sets[1] = {left = tree.joined(sets[1].left or {}, report.plan_left or {}),
             notes = tree.joined(report.plan_notes or {}, sets[1].notes or {})}
  local groups = summary.left(sets)
  if #groups > 0 then lines[#lines + 1] = "\nleft out:" end
  for _, group in ipairs(groups) do
    local shown = table.concat(group[2], ", ", 1, math.min(#group[2], SHOWN))
    lines[#lines + 1] = ("  %s (%d): %s%s"):format(group[1], group.count, shown, #group[2] > SHOWN and ", ..." or "")
  end
  local notes = summary.notes(sets)
  if #notes > 0 then lines[#lines + 1] = "\nto know:" end
  for _, note in ipairs(notes) do lines[#lines + 1] = "  " .. note end
end

function Report:__tostring()
  local lines = {("%s: %s"):format(self.source, self.format and (self.name and self.name ~= self.format
                                   and self.name .. ", " or "") .. self.format or "not understood")}
  local names = {}
  for _, split in ipairs {"train", "val", "test"} do
    local s = self[split]
    if s then
      names[#names + 1] = split
      lines[#lines + 1] = ("  %-5s  %s images, %s%s"):format(split, text.grouped(s.images), pixels(s),
                                                           s.folder and ", in " .. s.folder or "")
    end
  end
  if #names > 0 and self.classes then
    lines[#lines + 1] = ("\n%d class%s:"):format(#self.classes, #self.classes == 1 and "" or "es")
    lines[#lines + 1] = class_table(self, names)
  end
  left_lines(self, lines)
  if #self.problems > 0 then
    lines[#lines + 1] = "\nto be mended before training:"
    for _, each in ipairs(self.problems) do lines[#lines + 1] = "  " .. each:gsub("\n", "\n  ") end
  end
  return table.concat(lines, "\n")
end

--- Looks at a folder as data.open would, and says what would be read: format, splits, classes, images of each class,
-- sizes, gray or color, what is left out and why, and all that is wrong at once. With check = true every image of a
-- folder is decoded, which finds damaged ones.
-- Call: data.inspect(source = "shapes10", {check = false}) -> report
-- Shapes: report.usable is false where training would stop; report.problems lists why. report.train, .val and .test
--  have images, counts (of each of report.classes) and folder.
-- Errors: none for what is wrong with the data: that is in the report. Raises for an unknown option.
-- Example:
--   > rm.sys.mkdir_p "zoo/cat"; rm.sys.mkdir_p "zoo/dog"
--   > data.write_png("zoo/cat/1.png", rm.zeros({3, 4, 4}, "uint8"))
--   > io.open("zoo/dog/1.jpg", "w"):write("no image"):close();
--   > report = data.inspect "zoo"
--   > report.usable, #report.problems, report.classes
--   false  1  {"cat", "dog"}
return function(source, options)
  source, options = source or "shapes10", options_of("inspect", options, {"check"})
  local report = setmetatable({source = source, problems = {}}, Report)
  local dir = source ~= "shapes10" and find.expand(source)
  local ok, known = pcall(function() return dir and open.recognize(dir) end)
  if dir and ok and known and #known == 0 and core.sys.is_dir(dir) then
    look_at_folder(report, find.absolute(dir), options.check)
  else
    look_at_set(report, source)
  end
  report.usable = #report.problems == 0
  return results.fields(report)
end
