--- ROC curve and the area under it: one class against the rest.
-- Shapes: scores (N, K); labels (N), classes from 1 on.
-- Going down through the scores, each distinct score is a threshold: images that score as much or
-- more count as positive. fpr = false positives / negatives, tpr = true positives / positives.
-- The first point is (0, 0), with the highest score + 1 as a placeholder for its threshold.
-- The area is taken by the trapezoid rule, so that ties count half. Without an image of the class,
-- or without one of the others, there is no curve: rates and area are NaN.
local fail = require "resmoon.base.fail"
local read = require "resmoon.metrics.scores"
local text = require "resmoon.base.text"
local shown = require "resmoon.base.shown"

local roc = {}

local function curve(rows, labels, class)
  local order, positives = {}, 0
  for n = 1, #rows do
    order[n] = n
    if labels[n] == class then positives = positives + 1 end
  end
  table.sort(order, function(a, b) return rows[a][class] > rows[b][class] end)
  local negatives = #rows - positives
  local fpr, tpr, threshold = {0.0}, {0.0}, {#rows > 0 and rows[order[1]][class] + 1 or 1.0}
  local tp, fp = 0, 0
  for i, n in ipairs(order) do
    if labels[n] == class then tp = tp + 1 else fp = fp + 1 end
    local score, next_score = rows[n][class], order[i + 1] and rows[order[i + 1]][class]
    if score ~= next_score then
      threshold[#threshold + 1] = score
      fpr[#fpr + 1] = negatives > 0 and fp / negatives or text.NAN
      tpr[#tpr + 1] = positives > 0 and tp / positives or text.NAN
    end
  end
  return shown.mark(fpr), shown.mark(tpr), shown.mark(threshold)
end

local function area(fpr, tpr)
  local sum = 0
  for i = 2, #fpr do sum = sum + (fpr[i] - fpr[i - 1]) * (tpr[i] + tpr[i - 1]) / 2 end
  if #fpr < 2 or sum ~= sum then return text.NAN end  -- no images at all, or none of one kind
  return sum
end

--- Three lists: false positive rates, true positive rates, thresholds.
-- Call: metrics.roc(scores, labels, class) -> fpr, tpr, thresholds
-- Shapes: scores (N, K), labels (N) from 1 on; three lists of equal length.
-- Errors: raises for shapes that do not fit, or a class above K.
-- Source: Fawcett 2006, "An introduction to ROC analysis".
-- Example:
--   > metrics.roc({{0.9, 0.1}, {0.4, 0.6}, {0.2, 0.8}}, {1, 2, 2}, 2)
--   {0.0, 0.0, 0.0, 1.0}  {0.0, 0.5, 1.0, 1.0}  {1.8, 0.8, 0.6, 0.1}
function roc.roc(scores, labels, class)
  local rows = read.rows("metrics.roc", scores)
  if rows[1] and not rows[1][class] then
    fail("metrics.roc: class %s, but there are %d", class, #rows[1])
  end
  return curve(rows, read.labels("metrics.roc", labels, #rows), class)
end

--- Area under the curve for each class (a list), and the mean over those that have one.
-- Call: metrics.auc(scores, labels) -> list of numbers, number
-- Shapes: scores (N, K), labels (N) from 1 on; K areas, and their mean.
-- Errors: raises for shapes that do not fit. An area without both kinds of images is NaN; so is the mean of none.
-- Example:
--   > metrics.auc({{0.9, 0.1}, {0.4, 0.6}, {0.2, 0.8}}, {1, 2, 2})
--   {1.0, 1.0}  1.0
function roc.auc(scores, labels)
  local rows = read.rows("metrics.auc", scores)
  labels = read.labels("metrics.auc", labels, #rows)
  local areas, sum, count = {}, 0, 0
  for class = 1, rows[1] and #rows[1] or 0 do
    local a = area(curve(rows, labels, class))
    areas[class] = a
    if a == a then sum, count = sum + a, count + 1 end
  end
  return shown.mark(areas), count > 0 and sum / count or text.NAN
end

-- The curve's true positive rates at `x`, from below and from above (they differ where it rises at one x), and the
-- place to look from for a larger x.
local function at(fpr, tpr, x, from)
  local i = from
  while fpr[i] < x do i = i + 1 end
  local low = tpr[i]
  if fpr[i] > x then  -- between two points: on the straight line
    low = tpr[i - 1] + (tpr[i] - tpr[i - 1]) * (x - fpr[i - 1]) / (fpr[i] - fpr[i - 1])
    return low, low, i
  end
  while fpr[i + 1] == x do i = i + 1 end
  return low, tpr[i], i
end

--- The macro-average curve: at each false positive rate the mean of the classes' true positive rates.
--
-- The common grid holds every false positive rate that occurs in any class, and where curves rise at one rate, the
-- means below and above. So the area under it is the macro AUC of metrics.auc, exactly. Classes without a
-- curve are left out.
-- Call: metrics.macro_roc(scores, labels) -> fpr, tpr
-- Shapes: scores (N, K), labels (N) from 1 on; two lists of equal length.
-- Errors: raises for shapes that do not fit. Without any class that has a curve both lists are empty.
-- Source: Fawcett 2006, "An introduction to ROC analysis", section 8.1 (vertical averaging).
-- Example:
--   > scores = {{0.9, 0.1}, {0.4, 0.6}, {0.2, 0.8}}
--   > metrics.macro_roc(scores, {1, 2, 2})
--   {0.0, 0.0, 0.5, 1.0}  {0.0, 1.0, 1.0, 1.0}
function roc.macro_roc(scores, labels)
  local rows = read.rows("metrics.macro_roc", scores)
  labels = read.labels("metrics.macro_roc", labels, #rows)
  local curves, grid, seen = {}, {}, {}
  for class = 1, rows[1] and #rows[1] or 0 do
    local fpr, tpr = curve(rows, labels, class)
    if fpr[#fpr] == 1 and tpr[#tpr] == 1 then  -- else NaN: no image of the class, or none of the others
      curves[#curves + 1] = {fpr = fpr, tpr = tpr, from = 1}
      for _, x in ipairs(fpr) do
        if not seen[x] then grid[#grid + 1], seen[x] = x, true end
      end
    end
  end
  table.sort(grid)
  local xs, ys = {}, {}
  for _, x in ipairs(grid) do
    local below, above = 0, 0
    for _, c in ipairs(curves) do
      local low, high
      low, high, c.from = at(c.fpr, c.tpr, x, c.from)
      below, above = below + low / #curves, above + high / #curves
    end
    xs[#xs + 1], ys[#ys + 1] = x, below
    if above > below then xs[#xs + 1], ys[#ys + 1] = x, above end
  end
  return shown.mark(xs), shown.mark(ys)
end

return roc
