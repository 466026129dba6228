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
--   2tp/(2tp+fp+fn), accuracy (tp+tn)/all. 0/0 counts as 0. The macro values are plain means over the classes.
--
-- Call: metrics.confusion(classes) -> matrix
-- Shapes: classes is their number K or a list of names; counts has K rows of K numbers.
-- Errors: raises unless classes is a positive number or a list.
-- Example:
--   > matrix = metrics.confusion {"cat", "dog"}
--   > matrix:add({1, 2, 2}, {1, 1, 2})
--   true \ predicted  cat  dog
--   cat                 1    1
--   dog                 0    1
local class = require "resmoon.base.class"
local read  = require "resmoon.metrics.scores"

local Confusion = class("Confusion")

--- `classes`: their number, or a list of their names.
function Confusion:init(classes)
  self.names = type(classes) == "table" and classes or nil
  self.size = self.names and #self.names or classes
  if math.type(self.size) ~= "integer" or self.size < 1 then
    error(("metrics.confusion: expected a number or list of classes, got %s"):format(tostring(classes)), 3)
  end
  self.counts = {}
  for i = 1, self.size do
    self.counts[i] = {}
    for j = 1, self.size do self.counts[i][j] = 0 end
  end
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
      error(("metrics.confusion: class %s taken for %s, but there are %d classes")
            :format(labels[n], list[n], self.size), 2)
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

local function ratio(a, b) return b == 0 and 0 or a / b end

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
  return values
end

--- The fraction of all images that were found.
-- Call: matrix:accuracy() -> number
-- Units: a fraction in [0, 1]; 0 of no images.
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
-- Units: fractions in [0, 1]; 0/0 counts as 0.
-- Errors: none.
-- Example:
--   > matrix = metrics.confusion(2):add({1, 2, 2, 2}, {1, 1, 2, 2})
--   > matrix:recall(), matrix:specificity()
--   {0.5, 1.0}  {1.0, 0.5}
--   > matrix:accuracies()
--   {0.75, 0.75}
function Confusion:precision() return per_class(self, function(tp, fp) return ratio(tp, tp + fp) end) end
function Confusion:recall() return per_class(self, function(tp, _, fn) return ratio(tp, tp + fn) end) end
function Confusion:specificity() return per_class(self, function(_, fp, _, tn) return ratio(tn, tn + fp) end) end
function Confusion:f1() return per_class(self, function(tp, fp, fn) return ratio(2 * tp, 2 * tp + fp + fn) end) end
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

--- {precision=, recall=, specificity=, f1=, accuracies=}: means over the classes.
-- Call: matrix:macro() -> table
-- Units: fractions in [0, 1].
-- Errors: none.
-- Example:
--   > metrics.confusion(2):add({1, 2}, {1, 1}):macro().recall
--   0.25
function Confusion:macro()
  local means = {}
  for _, name in ipairs {"precision", "recall", "specificity", "f1", "accuracies"} do
    local sum = 0
    for _, value in ipairs(self[name](self)) do sum = sum + value end
    means[name] = sum / self.size
  end
  return means
end

--- What a class is called: its name, or its number.
-- Call: matrix:name(c) -> string
-- Errors: none.
-- Example:
--   > metrics.confusion({"cat", "dog"}):name(2)
--   dog
function Confusion:name(c) return self.names and tostring(self.names[c]) or tostring(c) end

-- What a report shows of each class: heading, and the method that gives it.
local columns = {{"precision", "precision"}, {"recall", "recall"}, {"specific.", "specificity"}, {"F1", "f1"},
                 {"accuracy", "accuracies"}}

--- The table of a class per line, with the macro means below; percentages.
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
  for c = 1, self.size do width = math.max(width, #self:name(c)) end
  local lines = {}
  local function line(name, cell, images)
    local parts = {("%-" .. width .. "s"):format(name)}
    for i, column in ipairs(columns) do parts[i + 1] = ("%9s"):format(cell(column)) end
    lines[#lines + 1] = table.concat(parts, " ") .. (" %8s"):format(images)
  end
  local function percent(x) return ("%.2f"):format(100 * x) end
  line("class", function(column) return column[1] end, "images")
  local lists = {}
  for _, column in ipairs(columns) do lists[column] = self[column[2]](self) end
  for c = 1, self.size do
    line(self:name(c), function(column) return percent(lists[column][c]) end, support[c])
  end
  line("mean", function(column) return percent(macro[column[2]]) end, self:total())
  return table.concat(lines, "\n")
end

--- The counts: a line for each true class, a column for each predicted one.
function Confusion:__tostring()
  local cell, name = 5, 10
  for i = 1, self.size do
    name = math.max(name, #self:name(i))
    for j = 1, self.size do cell = math.max(cell, #tostring(self.counts[i][j]) + 1) end
  end
  local head = {(("%-" .. name .. "s"):format("true \\ predicted"):sub(1, math.max(name, 16)))}
  name = math.max(name, 16)
  local lines = {}
  for j = 1, self.size do head[#head + 1] = ("%" .. cell .. "s"):format(self:name(j):sub(1, cell - 1)) end
  lines[1] = ("%-" .. name .. "s"):format(head[1]) .. table.concat(head, "", 2)
  for i = 1, self.size do
    local parts = {("%-" .. name .. "s"):format(self:name(i))}
    for j = 1, self.size do parts[#parts + 1] = ("%" .. cell .. "d"):format(self.counts[i][j]) end
    lines[#lines + 1] = table.concat(parts)
  end
  return table.concat(lines, "\n")
end

return Confusion
