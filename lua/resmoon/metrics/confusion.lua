--- Confusion matrix and what follows from it.
--
--     local m = metrics.confusion(3)          -- three classes
--     m:add(predictions, labels)              -- as often as there are batches
--     m.counts[2][3]                          -- images of class 2 that were taken for class 3
--     m:accuracy(), m:recall()[2], m:macro().f1, tostring(m)
--
-- For a class, tp counts its images that were found, fn those that were missed, fp the images of
-- others that were taken for it, tn the rest:
--   precision tp/(tp+fp), recall tp/(tp+fn), specificity tn/(tn+fp), f1 the harmonic mean of the first two
--   2tp/(2tp+fp+fn), accuracy (tp+tn)/all.
-- A class that was found in no image has precision 0. A class without images has no precision, recall and F1, and one
-- that all images are of no specificity: these are NaN, and "n/a" in tables. The macro values are plain means over
-- the classes that have images.
--
-- Call: metrics.confusion(classes) -> matrix
-- Shapes: classes is their number K or a list of names; counts has K rows of K numbers.
-- Errors: raises unless classes is a positive number or a list, of at most 10,000.
-- Example:
--   > matrix = metrics.confusion {"cat", "dog"}
--   > matrix:add({1, 2, 2}, {1, 1, 2})
--   true \ predicted  cat  dog
--   cat                 1    1
--   dog                 0    1
local fail  = require "resmoon.base.fail"
local lists = require "resmoon.base.list"
local class = require "resmoon.base.class"
local read  = require "resmoon.metrics.scores"
local text  = require "resmoon.base.text"
local shown = require "resmoon.base.shown"

local Confusion = class("Confusion")

local MOST = 10000   -- classes: 1.6 GB of counts

--- `classes`: their number, or a list of their names.
function Confusion:init(classes)
  if type(classes) == "table" and shown.is_plain(classes) then lists.check("metrics.confusion", classes, "names") end
  self.names = type(classes) == "table" and classes or nil
  self.size = self.names and #self.names or classes
  if math.type(self.size) ~= "integer" or self.size < 1 then
    fail("metrics.confusion: expected a number or list of classes, got %s", classes)
  end
  if self.size > MOST then
    fail("metrics.confusion: %d classes, expected at most %d: the matrix has a row and a column for each", self.size,
         MOST)
  end
  self.counts = {}
  for i = 1, self.size do
    self.counts[i] = {}
    for j = 1, self.size do self.counts[i][j] = 0 end
  end
  shown.fields(self)
end

--- Counts predicted classes (N) or scores (N, K) against labels (N).
-- Call: matrix:add(predictions, labels) -> matrix
-- Shapes: predictions (N) classes or (N, K) scores, labels (N) from 1 on; tensors or tables.
-- Errors: raises for lists of different lengths, or a class above K.
-- Example:
--   > metrics.confusion(2):add(rm.tensor {{0.9, 0.1}, {0.3, 0.7}}, {1, 2}).counts
--   {{1, 0}, {0, 1}}
function Confusion:add(predictions, labels)
  local list = read.labels("metrics.confusion", predictions)
  if type(list[1]) == "table" then
    local rows = read.rows("metrics.confusion", list)
    list = {}
    for n, row in ipairs(rows) do list[n] = read.best(row) end
  end
  labels = read.labels("metrics.confusion", labels, #list)
  for n = 1, #list do
    local row = self.counts[labels[n]]
    if not row or not row[list[n]] then
      fail("metrics.confusion: class %s taken for %s, but there are %d classes", labels[n], list[n], self.size)
    end
    row[list[n]] = row[list[n]] + 1
  end
  return self
end

--- Images counted so far.
-- Call: matrix:total() -> number
-- Errors: none.
-- Example:
--   > metrics.confusion(2):add({1, 2, 2}, {1, 1, 2}):total()
--   3
function Confusion:total()
  local n = 0
  for _, row in ipairs(self.counts) do
    for _, count in ipairs(row) do n = n + count end
  end
  return n
end

local function ratio(a, b) return b == 0 and text.NAN or a / b end

-- tp, fp, fn, tn of class c
local function cells(self, c)
  local tp, row, column = self.counts[c][c], 0, 0
  for i = 1, self.size do
    row = row + self.counts[c][i]
    column = column + self.counts[i][c]
  end
  return tp, column - tp, row - tp, self:total() - row - column + tp
end

local function per_class(self, rule)
  local values = {}
  for c = 1, self.size do values[c] = rule(cells(self, c)) end
  return shown.mark(values)
end

--- The fraction of all images that were found.
-- Call: matrix:accuracy() -> number
-- Units: a fraction in [0, 1]; NaN of no images.
-- Errors: none.
-- Example:
--   > metrics.confusion(2):add({1, 2, 2, 1}, {1, 1, 2, 1}):accuracy()
--   0.75
function Confusion:accuracy()
  local right = 0
  for c = 1, self.size do right = right + self.counts[c][c] end
  return ratio(right, self:total())
end

--- For each class: of what was taken for it, the share that is it (precision); of what is it, the share that was found
-- (recall); of what is another, the share that was not taken for it (specificity); the harmonic mean of the first two
-- (f1); of all images, the share where "this class or another" was answered rightly (accuracies). With many classes
-- the last is high for every class, since most images are of others.
-- Call: matrix:precision() -> list of numbers
-- Call: matrix:recall() -> list of numbers
-- Call: matrix:specificity() -> list of numbers
-- Call: matrix:f1() -> list of numbers
-- Call: matrix:accuracies() -> list of numbers
-- Units: fractions in [0, 1]; NaN where there is nothing to count: precision, recall and f1 of a class without images,
--  specificity where there are no images of others. Precision of a class that was never predicted is 0.
-- Errors: none.
-- Example:
--   > matrix = metrics.confusion(2):add({1, 2, 2, 2}, {1, 1, 2, 2})
--   > matrix:recall(), matrix:specificity()
--   {0.5, 1.0}  {1.0, 0.5}
--   > matrix:accuracies()
--   {0.75, 0.75}
function Confusion:precision()
  return per_class(self, function(tp, fp, fn)
    if tp + fn == 0 then return text.NAN end
    return tp + fp == 0 and 0 or tp / (tp + fp)
  end)
end
function Confusion:recall() return per_class(self, function(tp, _, fn) return ratio(tp, tp + fn) end) end
function Confusion:specificity() return per_class(self, function(_, fp, _, tn) return ratio(tn, tn + fp) end) end
function Confusion:f1()
  return per_class(self, function(tp, fp, fn) return tp + fn == 0 and text.NAN or 2 * tp / (2 * tp + fp + fn) end)
end
function Confusion:accuracies()
  return per_class(self, function(tp, fp, fn, tn) return ratio(tp + tn, tp + fp + fn + tn) end)
end

--- Images of each class.
-- Call: matrix:support() -> list of numbers
-- Errors: none.
-- Example:
--   > metrics.confusion(2):add({1, 2, 2}, {1, 1, 2}):support()
--   {2, 1}
function Confusion:support() return per_class(self, function(tp, _, fn) return tp + fn end) end

--- The classes that none of the images is of.
-- Call: matrix:absent() -> list of numbers
-- Errors: none.
-- Example:
--   > metrics.confusion(3):add({1, 2}, {1, 1}):absent()
--   {2, 3}
function Confusion:absent()
  local list = {}
  for c, images in ipairs(self:support()) do
    if images == 0 then list[#list + 1] = c end
  end
  return shown.mark(list)
end

--- {precision=, recall=, specificity=, f1=, accuracies=, classes=}: means over the classes that have images, and how
-- many those are.
-- Call: matrix:macro() -> table
-- Units: fractions in [0, 1]; NaN where no class has a value.
-- Errors: none.
-- Example:
--   > metrics.confusion(2):add({1, 2}, {1, 1}):macro().recall
--   0.5
function Confusion:macro()
  local means, support = {classes = 0}, self:support()
  for _, images in ipairs(support) do means.classes = means.classes + (images > 0 and 1 or 0) end
  for _, name in ipairs {"precision", "recall", "specificity", "f1", "accuracies"} do
    local sum, count = 0, 0
    for c, value in ipairs(self[name](self)) do
      if support[c] > 0 and value == value then sum, count = sum + value, count + 1 end
    end
    means[name] = ratio(sum, count)
  end
  return shown.mark(means)
end

--- What a class is called: its name, or its number.
-- Call: matrix:name(c) -> string
-- Errors: none.
-- Example:
--   > metrics.confusion({"cat", "dog"}):name(2)
--   dog
function Confusion:name(c) return self.names and tostring(self.names[c]) or tostring(c) end

--- The names of all classes as they are printed: control characters are made visible, and two that would look alike are
-- numbered.
-- Call: matrix:shown_names() -> list of strings
-- Errors: none.
-- Example:
--   > metrics.confusion({"cat", "dog\n"}):shown_names()
--   {"cat", "dog\\n"}
function Confusion:shown_names()
  local names = {}
  for c = 1, self.size do names[c] = text.visible(self:name(c)) end
  return shown.mark(text.told_apart(names))
end

--- A sentence on the classes without images, which no mean counts; nil where there are none.
-- Call: matrix:about_absent() -> string or nil
-- Errors: none.
-- Example:
--   > metrics.confusion({"cat", "dog"}):add({1}, {1}):about_absent()
--   no image of dog: left out of the means
function Confusion:about_absent()
  local absent, names, all = self:absent(), {}, self:shown_names()
  if #absent == 0 then return nil end
  for i = 1, math.min(#absent, 10) do names[i] = text.cut(all[absent[i]], 40) end
  if #absent > 10 then names[#names + 1] = ("%d more"):format(#absent - 10) end
  return ("no image of %s: left out of the means"):format(table.concat(names, ", "))
end

-- What a report shows of each class: heading, and the method that gives it.
local columns = {{"precision", "precision"}, {"recall", "recall"}, {"specific.", "specificity"}, {"F1", "f1"},
                 {"accuracy", "accuracies"}}

local WIDEST = 40  -- columns that a class name may take

-- What the line of the means is called: no class is called so.
local function name_of_means(names)
  local name, taken = "mean", {}
  for _, each in ipairs(names) do taken[each] = true end
  while taken[name] do name = "(" .. name .. ")" end
  return name
end

--- The table of a class per line, with the macro means below; percentages. "n/a" is what a class without images has;
-- the means leave it out, and a line below the table names it.
-- Call: matrix:report() -> string
-- Units: per cent; accuracy is that of "this class or another".
-- Errors: none.
-- Example:
--   > print(metrics.confusion({"cat", "dog"}):add({1, 2, 2}, {1, 1, 2}):report())
--   class      precision    recall specific.        F1  accuracy   images
--   cat           100.00     50.00    100.00     66.67     66.67        2
--   dog            50.00    100.00     50.00     66.67     66.67        1
--   mean           75.00     75.00     75.00     66.67     66.67        3
function Confusion:report()
  local support, macro, width = self:support(), self:macro(), 10
  local names = text.distinct(self:shown_names(), WIDEST)
  for _, name in ipairs(names) do width = math.max(width, text.width(name)) end
  local lines = {}
  local function line(name, cell, images)
    local parts = {text.pad(name, width)}
    for i, column in ipairs(columns) do parts[i + 1] = ("%9s"):format(cell(column)) end
    lines[#lines + 1] = table.concat(parts, " ") .. (" %8s"):format(images)
  end
  local function percent(x) return text.value("%.2f", 100 * x) end
  line("class", function(column) return column[1] end, "images")
  local by_column = {}
  for _, column in ipairs(columns) do by_column[column] = self[column[2]](self) end
  for c = 1, self.size do
    line(names[c], function(column) return percent(by_column[column][c]) end, support[c])
  end
  line(name_of_means(names), function(column) return percent(macro[column[2]]) end, self:total())
  lines[#lines + 1] = self:about_absent()
  return table.concat(lines, "\n")
end

--- The counts: a line for each true class, a column for each predicted one. Names are cut to the columns; those that
-- would look alike then have the number of their class.
function Confusion:__tostring()
  local corner = "true \\ predicted"
  local cell, width, names = 5, text.width(corner), self:shown_names()
  for i = 1, self.size do
    for j = 1, self.size do cell = math.max(cell, #tostring(self.counts[i][j]) + 1) end
  end
  local rows, heads = text.distinct(names, WIDEST), text.distinct(names, cell - 1)
  for _, name in ipairs(rows) do width = math.max(width, text.width(name)) end
  local lines = {text.pad(corner, width)}
  for j = 1, self.size do lines[1] = lines[1] .. text.pad(heads[j], cell, true) end
  for i = 1, self.size do
    local parts = {text.pad(rows[i], width)}
    for j = 1, self.size do parts[#parts + 1] = ("%" .. cell .. "d"):format(self.counts[i][j]) end
    lines[#lines + 1] = table.concat(parts)
  end
  return table.concat(lines, "\n")
end

return Confusion
