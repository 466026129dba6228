--- Whether a network is right as often as it says: accuracy by confidence, and the expected calibration error.
--
-- The confidence of an image is the probability of its likeliest class. Images are put into equal intervals of it; the
-- error is the mean, over the images, of how far accuracy and mean confidence of their interval are apart.
-- Source: Guo et al. 2017, "On calibration of modern neural networks", arXiv:1706.04599, section 2, equation 3.
local core = require "resmoon.core"
local fail = require "resmoon.base.fail"
local options_of = require "resmoon.base.options"
local read = require "resmoon.metrics.scores"
local shown = require "resmoon.base.shown"

local MOST_BINS = 100000

local function confidence_of(row)
  local best = read.best(row)
  local most, sum = row[best], 0
  for c = 1, #row do sum = sum + core.math.exp(row[c] - most) end
  return 1 / sum, best
end

--- Accuracy by confidence. Scores are those of a network, before softmax; logarithms of probabilities are scores, too.
-- Call: metrics.calibration(scores, labels, {bins = 15}) -> result
-- Shapes: scores (N, K), labels (N) from 1 on; tensors or lists.
-- Units: all in [0, 1].
-- Returns: ece (the expected calibration error), mce (the largest difference of an interval), accuracy, confidence (the
--  means of all), bins: a list of {low =, high =, count =, accuracy =, confidence =}, the last two nil without images.
-- Errors: raises for lists of different lengths, without images, and for bins below 1.
-- Source: Guo et al. 2017, arXiv:1706.04599, equations 2 to 5; intervals are open below and closed above.
-- Example:
--   > c = metrics.calibration({{2, 0}, {0, 1}, {3, 0}}, {1, 1, 1})
--   > ("%.3f %.3f"):format(c.accuracy, c.ece)
--   0.667 0.299
-- See: plot.calibration
local function calibration(scores, labels, options)
  local count = options_of("metrics.calibration", options, {bins = "count"}).bins or 15
  if count > MOST_BINS then fail("metrics.calibration: bins is %s, expected 1 to %d", count, MOST_BINS) end
  local rows = read.rows("metrics.calibration", scores)
  labels = read.labels("metrics.calibration", labels, #rows)
  if #rows == 0 then fail("metrics.calibration: there are no images") end
  local result = {ece = 0, mce = 0, accuracy = 0, confidence = 0, images = #rows, bins = {}}
  for b = 1, count do
    result.bins[b] = {low = (b - 1) / count, high = b / count, count = 0, right = 0, sum = 0}
  end
  for n, row in ipairs(rows) do
    local confidence, best = confidence_of(row)
    if confidence ~= confidence then fail("metrics.calibration: image %d has scores that are no numbers", n) end
    local bin = result.bins[math.max(1, math.min(count, math.ceil(confidence * count)))]
    bin.count, bin.sum = bin.count + 1, bin.sum + confidence
    bin.right = bin.right + (best == labels[n] and 1 or 0)
  end
  for _, bin in ipairs(result.bins) do
    if bin.count > 0 then
      bin.accuracy, bin.confidence = bin.right / bin.count, bin.sum / bin.count
      local apart = math.abs(bin.accuracy - bin.confidence)
      result.ece = result.ece + apart * bin.count / #rows
      result.mce = math.max(result.mce, apart)
    end
    result.accuracy, result.confidence = result.accuracy + bin.right / #rows, result.confidence + bin.sum / #rows
    bin.right, bin.sum = nil, nil
  end
  return shown.mark(result)
end

return calibration
