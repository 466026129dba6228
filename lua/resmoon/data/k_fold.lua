--- Cross-validation: a data set cut into k parts, each of which tests once.
local check      = require "resmoon.base.check"
local core       = require "resmoon.core"
local fail       = require "resmoon.base.fail"
local is         = require "resmoon.base.is"
local options_of = require "resmoon.base.options"

local STREAM = 0xf01d   -- of the generator: folds differ from splits and from the order of epochs

-- Numbers 1..n in random order; stratified: class after class, each in random order.
local function order(dataset, seed, stratified)
  local list = core.imaging.order(dataset:size(), 0, seed, STREAM):totable()
  if not stratified then return list end
  local labels, place = dataset:all_labels():totable(), {}
  for at, i in ipairs(list) do place[i] = at end
  table.sort(list, function(a, b)
    if labels[a] ~= labels[b] then return labels[a] < labels[b] end
    return place[a] < place[b]
  end)
  return list
end

--- k pairs of data sets for cross-validation: each image tests once, and trains k - 1 times.
-- Images are drawn by the seed, since sets are often sorted by class. With stratified = true every fold has the same
-- share of each class: numbers of a class differ by at most one between folds. Sizes of the folds do so in any case.
-- A pair is what train.run takes as data.
-- Call: data.k_fold(dataset, k, {seed = 0, stratified = false}) -> list of {train = dataset, test = dataset}
-- Shapes: the parts keep the order of the images and share their memory.
-- Errors: raises unless k is a whole number from 2 to the number of images; stratified, where the set has no classes,
--  or every class has fewer than k images.
-- Source: scikit-learn's KFold and StratifiedKFold with shuffle = True, but for the order of the random numbers.
-- Example:
--   > ds = data.shapes10 {size = 103}
--   > folds = data.k_fold(ds, 5, {seed = 1})
--   > for i, fold in ipairs(folds) do print(i, #fold.train, #fold.test) end
--   1  82  21
--   2  82  21
--   3  82  21
--   4  83  20
--   5  83  20
return function(dataset, k, options)
  check("data.k_fold(dataset: dataset)", dataset)
  options = options_of("k_fold", options, {seed = "whole", stratified = "boolean"})
  local n = dataset:size()
  if not is.whole(k, 2) or k > n then
    fail("k_fold: k is %s, expected a whole number from 2 to %d, the number of images", k, n)
  end
  if options.stratified then
    if not dataset.classes then fail("k_fold: stratified: %s has no classes", dataset.name) end
    local counts, most = {}, 0
    for _, label in ipairs(dataset:all_labels():totable()) do
      counts[label] = (counts[label] or 0) + 1
      most = math.max(most, counts[label])
    end
    if most < k then fail("k_fold: stratified: no class has %d images, the largest has %d", k, most) end
  end
  local fold_of = {}
  for at, i in ipairs(order(dataset, options.seed or 0, options.stratified)) do fold_of[i] = (at - 1) % k + 1 end
  local folds = {}
  for fold = 1, k do
    local train, test = {}, {}
    for i = 1, n do table.insert(fold_of[i] == fold and test or train, i) end
    folds[fold] = {train = dataset:subset(train), test = dataset:subset(test)}
  end
  return folds
end
