--- Several data sets as one, one after the other.
--
-- Nothing is copied: a batch asks each part for its own images. Mean and standard deviation are those of all images
-- together, worked out from those of the parts; a subset has those of the whole.
local check   = require "resmoon.base.check"
local guard   = require "resmoon.base.guard"
local core    = require "resmoon.core"
local Dataset = require "resmoon.data.dataset"
local fail    = require "resmoon.base.fail"
local lists   = require "resmoon.base.list"
local options_of = require "resmoon.base.options"
local imaging = core.imaging

local own = {}
local meta = {__len = Dataset.__len}

-- Sums and sums of squares add up; of each channel.
local function statistics(self)
  if self.inputs then return end
  local n, mean, std = self.ends[#self.ends], {}, {}
  for c = 1, self.shape[1] do
    local sum, squares = 0, 0
    for _, part in ipairs(self.parts) do
      local k, m, s = part:size(), part.mean[c], part.std[c]
      sum, squares = sum + k * m, squares + k * (s * s + m * m)
    end
    mean[c] = sum / n
    std[c] = math.sqrt(math.max(0, squares / n - mean[c] ^ 2))
    if std[c] == 0 then std[c] = 1 end   -- a channel of one value, as in Dataset
  end
  self.mean, self.std = mean, std
end

function meta.__index(self, name)
  if own[name] then return own[name] end
  if name ~= "mean" and name ~= "std" then return Dataset[name] end
  statistics(self)
  return rawget(self, name)
end

function meta.__tostring(self)
  local what = self.classes and ("%d classes"):format(#self.classes) or ("%d numbers to predict"):format(self.outputs)
  return ("%s: %d %s (%s) of %d data sets, %s"):format(self.name, self:size(), self.inputs and "rows" or "images",
                                                      table.concat(self.shape, ", "), #self.parts, what)
end

function own:size() return self.indices and self.indices.shape[1] or self.ends[#self.ends] end

-- The part that number i of the whole is in, and its number there.
local function place(self, i)
  local low, high = 1, #self.ends
  while low < high do
    local middle = (low + high) // 2
    if i <= self.ends[middle] then high = middle else low = middle + 1 end
  end
  return low, i - (self.ends[low - 1] or 0)
end

-- Numbers of the set as those of the whole: a list.
local function numbers(self, which)
  check("Dataset.batch(which: number|table|tensor)", which)
  if type(which) == "number" then
    if which < 1 or which > self:size() then fail("batch: size %d, expected 1 to %d", which, self:size()) end
    which = Dataset.spread(self:size(), which)
  end
  if self.indices then return imaging.gather(self.indices, which):totable() end
  if type(which) ~= "table" then which = which:totable() end
  for _, i in ipairs(which) do
    if math.type(i) ~= "integer" or i < 1 or i > self:size() then
      fail("dataset: index %s is out of range, expected 1 to %d", i, self:size())
    end
  end
  return which
end

function own:batch(which, generator_of)
  local numbered, places = {}, {}   -- of each part: numbers there, and where they stand in the batch
  for at, i in ipairs(numbers(self, which)) do
    local p, k = place(self, i)
    if not numbered[p] then numbered[p], places[p] = {}, {} end
    table.insert(numbered[p], k)
    table.insert(places[p], at)
  end
  local xs, ys, back, n = {}, {}, {}, 0
  for p = 1, #self.parts do
    local at = places[p]
    if at then
      xs[#xs + 1], ys[#ys + 1] = self.parts[p]:batch(numbered[p], generator_of and function(i)
        return generator_of(at[i])
      end)
      for _, position in ipairs(at) do
        n = n + 1
        back[position] = n
      end
    end
  end
  if #xs == 1 then return xs[1], ys[1] end
  return imaging.gather(core.cat(xs, 1), back), imaging.gather(core.cat(ys, 1), back)
end

local function all(self, method)
  local list = {}
  for i, part in ipairs(self.parts) do list[i] = part[method](part) end
  local whole = core.cat(list, 1)
  return self.indices and imaging.gather(whole, self.indices) or whole
end

function own:all_labels() return all(self, "all_labels") end
function own:all_images() return all(self, "all_images") end
function own:all_inputs() return all(self, "all_inputs") end

local function copy_of(self)
  local copy = {}
  for key, value in pairs(self) do copy[key] = value end
  return setmetatable(copy, meta)
end

function own:subset(indices)
  local copy = copy_of(self)
  copy.indices = core.tensor(numbers(self, indices), "int64")
  return copy
end

-- The set with f(part) in place of each part.
function own:map(f)
  local copy = copy_of(self)
  copy.parts = {}
  for i, part in ipairs(self.parts) do copy.parts[i] = f(part) end
  copy.shape, copy.in_memory = copy.parts[1].shape, false
  return copy
end

function own:transformed(transform)
  return self:map(function(part) return part:transformed(transform) end)
end

local function same(a, b) return table.concat(a or {}, "\0") == table.concat(b or {}, "\0") end

-- Raises where the images of a set are of another shape than the first one's, or its classes are others.
local function check_part(set, i, first)
  if type(set) ~= "table" or not set.batch or not set.size then
    fail("concat: number %d is %k, expected a data set", i, set)
  end
  if not same(set.shape, first.shape) or (set.inputs ~= nil) ~= (first.inputs ~= nil) then
    fail("concat: %s has %s (%s), %s has %s (%s)", set.name, set.inputs and "rows" or "images",
         table.concat(set.shape or {}, ", "), first.name, first.inputs and "rows" or "images",
         table.concat(first.shape or {}, ", "))
  end
  if not same(set.classes, first.classes) or set.outputs ~= first.outputs then
    fail("concat: %s and %s do not have the same classes in the same order: a label would mean two things", first.name,
         set.name)
  end
end

guard.all("data.Dataset", own, function(v) return check.is(v, "dataset") end)

--- Several data sets as one, one after the other; they share memory with what was given (PyTorch's ConcatDataset).
-- Call: data.concat({a, b, ...}, {name = "a + b"}) -> dataset
-- Shapes: the images of all have one shape; label k means the same class in all.
-- Errors: raises where shapes differ, or classes and their order.
-- Example:
--   > a, b = data.shapes10 {size = 60}, data.shapes10 {size = 40, seed = 5}
--   > both = data.concat({a, b}, {name = "both"})
--   > both
--   both: 100 images (3, 32, 32) of 2 data sets, 10 classes
--   > both:batch({61})[1]:eq(b:batch({1})):all():item()
--   1
return function(list, options)
  options = options_of("concat", options, {name = "string"})
  if type(list) ~= "table" or list[1] == nil then fail("concat: expected a list of data sets") end
  lists.check("concat", list, "data sets")
  local first, names, ends, n, in_memory = list[1], {}, {}, 0, true
  for i, set in ipairs(list) do
    check_part(set, i, first)
    names[i], n = set.name or "data", n + set:size()
    ends[i] = n
    in_memory = in_memory and (rawget(set, "images") or rawget(set, "inputs") or rawget(set, "in_memory")) ~= nil
  end
  return setmetatable({parts = table.move(list, 1, #list, 1, {}), ends = ends, in_memory = in_memory,
                       name = options.name or table.concat(names, " + "), shape = first.shape,
                       classes = first.classes, outputs = first.outputs, inputs = first.inputs and true or nil,
                       mirror = first.mirror}, meta)
end
