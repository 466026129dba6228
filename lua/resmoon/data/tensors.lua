--- Data sets of plain tensors and of Lua tables: vectors, float images, targets that are numbers.
--
-- A set of this kind answers the same calls as Dataset. Its inputs are float32 and come to the network as they are:
-- nothing standardizes, shifts or mirrors them. Targets are classes (int64 from 1 on), or numbers to be predicted
-- (float32; regression): then `classes` is nil and `outputs` says how many numbers a target has.
local check = require "resmoon.base.check"
local guard = require "resmoon.base.guard"
local core  = require "resmoon.core"
local fail  = require "resmoon.base.fail"
local lists = require "resmoon.base.list"
local is    = require "resmoon.base.is"
local Dataset = require "resmoon.data.dataset"
local options_of = require "resmoon.base.options"
local imaging = core.imaging

local Tensors = {}

local own = {}
local meta = {__len = Dataset.__len}

function meta.__index(_, name)
  if own[name] then return own[name] end
  if name == "mean" or name == "std" then return nil end   -- inputs are taken as they are
  return Dataset[name]
end

function meta.__tostring(self)
  local what = self.classes and ("%d classes"):format(#self.classes)
               or ("%d number%s to predict"):format(self.outputs, self.outputs == 1 and "" or "s")
  return ("%s: %d rows (%s), %s"):format(self.name, self:size(), table.concat(self.shape, ", "), what)
end

local function rows_of(tensor, indices) return indices and imaging.gather(tensor, indices) or tensor end

function own:size() return (self.indices or self.targets).shape[1] end
function own:all_labels() return rows_of(self.targets, self.indices) end
function own:all_inputs() return rows_of(self.inputs, self.indices) end
function own:all_images() fail("dataset: %s holds numbers, not images; all_inputs gives them", self.name) end
function own:transformed() fail("transformed: %s holds numbers, not images", self.name) end
function own:shrunk() fail("shrunk: %s holds numbers, not images", self.name) end

function own:get(i)
  check("Dataset.get(i: number)", i)
  local n = self:size()
  if i < 0 then i = n + 1 + i end
  if i < 1 or i > n then fail("dataset: index %d is out of range, expected 1 to %d", i, n) end
  local x, y = self:batch({i})
  if self.outputs and #y.shape > 1 then return x[1], y[1] end
  return x[1], y:item()
end

function own:batch(which, _)
  check("Dataset.batch(which: number|table|tensor)", which)
  if type(which) == "number" then
    if which < 1 or which > self:size() then fail("batch: size %d, expected 1 to %d", which, self:size()) end
    which = Dataset.spread(self:size(), which)
  end
  if self.indices then which = imaging.gather(self.indices, which) end
  return imaging.gather(self.inputs, which), imaging.gather(self.targets, which)
end

function own:subset(indices)
  check("Dataset.subset(indices: table|tensor)", indices)
  if type(indices) == "table" then indices = core.tensor(indices, "int64") end
  local copy = {}
  for key, value in pairs(self) do copy[key] = value end
  copy.indices = self.indices and imaging.gather(self.indices, indices) or indices
  imaging.gather(self.targets, copy.indices)   -- raises if one is out of range
  return setmetatable(copy, meta)
end

-- Names of the classes of int64 labels: those given, or their numbers.
local function classes_of(labels, given)
  local least, most = labels:min():item(), labels:max():item()
  if least < 1 then fail("from_tensors: label %d, expected classes from 1 on", least) end
  if not given then
    given = {}
    for k = 1, most do given[k] = tostring(k) end
  elseif most > #given then
    fail("from_tensors: label %d, but there are names of %d classes", most, #given)
  end
  return given
end

local function check_rows(name, t)
  if not is.tensor(t) then fail("from_tensors: %s is %k, expected a tensor", name, t) end
  if #t.shape == 0 then fail("from_tensors: %s is a single number, expected rows", name) end
end

--- A data set of tensors: row i of x belongs to row i of y (PyTorch's TensorDataset).
-- Bytes with four dimensions are images, and make a data.Dataset, which is standardized and augmented. All else comes
-- to the network as it is: vectors (N, D), or arrays of any other shape. Whole numbers in y are classes; floats are
-- targets of a regression, for which train.run and train.evaluate take the mean squared error.
-- Call: data.from_tensors(x, y, {name = "tensors", classes = nil, mean = nil, std = nil}) -> dataset
-- Shapes: x float32 (N, ...) or uint8 (N, C, H, W); y int64 (N) from 1 on, or float32 (N) or (N, K), which are given
--  out as (n, K) with K = 1 for (N), as a network's outputs are.
-- Options: name     what the set is called
--  classes  names of the classes; else their numbers
--  mean, std  of bytes alone: statistics in place of those of the images
-- Errors: raises where x and y have different numbers of rows, for other types, and for labels below 1.
-- Example:
--   > x = rm.randn(6, 2)
--   > y = rm.tensor({1, 1, 2, 2, 3, 3}, "int64")
--   > ds = data.from_tensors(x, y, {name = "points"})
--   > ds
--   points: 6 rows (2), 3 classes
--   > data.from_tensors(x, rm.randn(6))
--   tensors: 6 rows (2), 1 number to predict
--   > loader = data.Loader(ds, {batch_size = 4})
--   > for x, y in loader:epoch(1) do print(x.shape[2], y) end
--   2  [1, 1, 2, 2]  int64 (4)
--   2  [3, 3]  int64 (2)
function Tensors.from_tensors(x, y, options)
  options = options_of("from_tensors", options, {"name", "classes", "mean", "std"})
  check_rows("x", x)
  check_rows("y", y)
  if x.shape[1] ~= y.shape[1] then fail("from_tensors: x has %d rows, y has %d", x.shape[1], y.shape[1]) end
  if x.shape[1] == 0 then fail("from_tensors: there are no rows") end
  if y.dtype == "int64" and #y.shape ~= 1 then
    fail("from_tensors: y is int64 (%s), expected one class for each row", table.concat(y.shape, ", "))
  end
  if y.dtype ~= "int64" and y.dtype ~= "float32" or #y.shape > 2 then
    fail("from_tensors: y is %s (%s), expected int64 (N) or float32 (N) or (N, K)", y.dtype,
         table.concat(y.shape, ", "))
  end
  local fields = {name = options.name or "tensors"}
  if y.dtype == "int64" then fields.classes = classes_of(y, options.classes)
  elseif options.classes then fail("from_tensors: classes are named, but y holds float32 numbers") end
  x, y = x:detach(), y:detach()
  if x.dtype == "uint8" and #x.shape == 4 and fields.classes then
    fields.images, fields.labels, fields.mean, fields.std = x, y, options.mean, options.std
    return Dataset.new(fields)
  end
  if x.dtype ~= "float32" then
    fail("from_tensors: x is %s (%s), expected float32, or images uint8 (N, C, H, W) of classes", x.dtype,
         table.concat(x.shape, ", "))
  end
  if options.mean or options.std then fail("from_tensors: mean and std are of images of bytes; x is float32") end
  if not fields.classes then
    if #y.shape == 1 then y = y:reshape(-1, 1) end
    fields.outputs = y.shape[2]
  end
  fields.inputs, fields.targets = x:contiguous(), y:contiguous()
  fields.shape, fields.mirror = {table.unpack(x.shape, 2)}, false
  if #fields.shape == 0 then
    fields.inputs, fields.shape = fields.inputs:reshape(-1, 1), {1}
  end
  return setmetatable(fields, meta)
end

-- A row's input as a tensor, or its target: a table of numbers, a number, or a tensor.
local function input_of(value, i)
  if is.tensor(value) then return value end
  if type(value) == "number" then return core.tensor {value} end
  if type(value) ~= "table" then
    fail("from_table: the input of row %d is %k, expected numbers or a tensor", i, value)
  end
  local ok, made = pcall(core.tensor, value)
  if not ok then fail("from_table: the input of row %d: %s", i, (tostring(made):gsub("^[^\n]-:%d+: ", ""))) end
  return made
end

-- What all rows have in common in their second element: "name", "class", "number" or "vector".
local function kind_of(label, i)
  if type(label) == "string" then return "name" end
  if math.type(label) == "integer" then return "class" end
  if type(label) == "number" then return "number" end
  if type(label) == "table" or is.tensor(label) then return "vector" end
  fail("from_table: the label of row %d is %k, expected a class (a name or a whole number) or numbers", i,
       label)
end

local function named_labels(list, given)
  local classes, number, seen = given, {}, {}
  if not classes then
    classes = {}
    for _, name in ipairs(list) do
      if not seen[name] then classes[#classes + 1], seen[name] = name, true end
    end
    table.sort(classes)
  end
  for k, name in ipairs(classes) do number[name] = k end
  local labels = {}
  for i, name in ipairs(list) do
    labels[i] = number[name]
    if labels[i] == nil then fail("from_table: row %d is of class '%s', which is not among the classes", i, name) end
  end
  return core.tensor(labels, "int64"), classes
end

--- A data set from a Lua table of rows {input, label}.
-- A label that is a name or a whole number is a class (names are numbered in the order of the alphabet, as an image
-- folder's are); a float or a list of numbers is the target of a regression. With regression = true whole numbers are
-- targets, too.
-- Call: data.from_table(rows, {name = "table", classes = nil, regression = false}) -> dataset
-- Shapes: inputs are numbers, lists of numbers (nested as they like) or tensors, all of one shape.
-- Options: name        what the set is called
--  classes     names of the classes, in order
--  regression  whole numbers are numbers to predict, not classes
-- Errors: name the row that is not like the first one.
-- Example:
--   > rows = {{{0, 0}, "no"}, {{0, 1}, "yes"}, {{1, 0}, "yes"}, {{1, 1}, "no"}}
--   > xor = data.from_table(rows, {name = "xor"})
--   > xor, xor.classes[1]
--   xor: 4 rows (2), 2 classes  no
--   > xor:batch(4)
--   [[0., 0.],
--    [0., 1.],
--    [1., 0.],
--    [1., 1.]]
--   float32 (4, 2)
--   [1, 2, 2, 1]  int64 (4)
--   > data.from_table {{{1, 2}, 0.5}, {{3, 4}, 1.5}}
--   table: 2 rows (2), 1 number to predict
function Tensors.from_table(rows, options)
  options = options_of("from_table", options, {name = "string", classes = "table", regression = "boolean"})
  if type(rows) ~= "table" or #rows == 0 then fail("from_table: expected a list of rows {input, label}") end
  lists.check("from_table", rows, "rows")
  local inputs, labels, kind = {}, {}, nil
  for i = 1, #rows do
    local row = rows[i]
    if type(row) ~= "table" or #row ~= 2 then fail("from_table: row %d is no {input, label}", i) end
    inputs[i], labels[i] = input_of(row[1], i), row[2]
    local now, before = table.concat(inputs[i].shape, ", "), table.concat(inputs[1].shape, ", ")
    if now ~= before or inputs[i].dtype ~= inputs[1].dtype then
      fail("from_table: the input of row %d is %s (%s), that of row 1 %s (%s)", i, inputs[i].dtype, now,
           inputs[1].dtype, before)
    end
    local own_kind = kind_of(labels[i], i)
    if options.regression and own_kind == "class" then own_kind = "number" end
    -- 2 among {1.5, 2}: a number like the others.
    if kind and own_kind ~= kind and (kind == "number" or kind == "class") and (own_kind == "number"
       or own_kind == "class") then kind, own_kind = "number", "number" end
    kind = kind or own_kind
    if own_kind ~= kind then fail("from_table: the label of row %d is a %s, that of row 1 a %s", i, own_kind, kind) end
  end
  local given, classes = options.classes, nil
  local y
  if kind == "name" then y, classes = named_labels(labels, given)
  elseif kind == "class" then y, classes = core.tensor(labels, "int64"), given
  elseif kind == "number" then y = core.tensor(labels)
  else
    local targets = {}
    for i = 1, #labels do targets[i] = input_of(labels[i], i) end
    y = core.stack(targets, 1)
  end
  if given and not classes then fail("from_table: classes are named, but the labels are numbers to predict") end
  return Tensors.from_tensors(core.stack(inputs, 1), y, {name = options.name or "table", classes = classes})
end

guard.all("data.Dataset", own, function(v) return check.is(v, "dataset") end)

return Tensors
