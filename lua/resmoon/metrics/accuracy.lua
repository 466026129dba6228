--- Accuracy: how many images have their own class among the k best scores.
-- Shapes: scores (N, K), logits or probabilities; labels (N), classes from 1 on.
-- An image is right at k if fewer than k classes come before its own. A class comes before if it
-- scores higher, or equal with a lower number: a network that says the same for all classes gets
-- no image right by luck of ties, except those of class 1.
local fail = require "resmoon.base.fail"
local lists = require "resmoon.base.list"
local read = require "resmoon.metrics.scores"
local text = require "resmoon.base.text"
local shown = require "resmoon.base.shown"

local accuracy = {}

-- How many classes come before class `label`; all of them, if its score is not a number.
local function before(row, label)
  local own, n = row[label], 0
  if not own then
    fail("metrics.topk: label %s, but there are %d classes", label, #row)
  end
  if own == -math.huge then return #row end
  for c = 1, #row do
    if row[c] > own or (row[c] == own and c < label) then n = n + 1 end
  end
  return n
end

--- Fraction of images right at k; for a list of k, a list of fractions.
-- Call: metrics.topk(scores, labels, k) -> number
-- Call: metrics.topk(scores, labels, {k1, k2, ...}) -> list of numbers
-- Shapes: scores (N, K), labels (N) from 1 on; tensors or tables.
-- Units: fractions in [0, 1]; NaN of no images.
-- Errors: raises for shapes that do not fit, or a label above K.
-- Example:
--   > scores = rm.tensor {{0.1, 0.7, 0.2}, {0.5, 0.3, 0.2}}
--   > metrics.topk(scores, {2, 2}, {1, 2})
--   {0.5, 1.0}
function accuracy.topk(scores, labels, k)
  local rows = read.rows("metrics.topk", scores)
  labels = read.labels("metrics.topk", labels, #rows)
  local ks, right = type(k) == "table" and k or {k}, {}
  lists.check("metrics.topk", ks, "k")
  for i = 1, #ks do right[i] = 0 end
  for n, row in ipairs(rows) do
    local rank = before(row, labels[n])
    for i = 1, #ks do
      if rank < ks[i] then right[i] = right[i] + 1 end
    end
  end
  for i = 1, #ks do right[i] = #rows > 0 and right[i] / #rows or text.NAN end
  return type(k) == "table" and shown.mark(right) or right[1]
end

--- Fraction of images whose class scores highest.
-- Call: metrics.accuracy(scores, labels) -> number
-- Shapes: scores (N, K), labels (N) from 1 on; tensors or tables.
-- Units: a fraction in [0, 1]; NaN of no images.
-- Errors: raises for shapes that do not fit, or a label above K.
-- Example:
--   > metrics.accuracy({{0.1, 0.9}, {0.8, 0.2}}, {2, 2})
--   0.5
function accuracy.accuracy(scores, labels) return accuracy.topk(scores, labels, 1) end

--- The class of each image: the highest score, of equal ones the first. A list.
-- Call: metrics.predictions(scores) -> list of numbers
-- Shapes: scores (N, K); a list of N classes from 1 on.
-- Errors: raises unless scores are rows of numbers.
-- Example:
--   > metrics.predictions(rm.tensor {{0.1, 0.9}, {0.8, 0.2}})
--   {2, 1}
function accuracy.predictions(scores)
  local list = {}
  for n, row in ipairs(read.rows("metrics.predictions", scores)) do list[n] = read.best(row) end
  return shown.mark(list)
end

return accuracy
