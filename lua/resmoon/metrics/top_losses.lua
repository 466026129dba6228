--- The images that a network gets most wrong: those whose own class it thinks least likely.
local fail = require "resmoon.base.fail"
local read = require "resmoon.metrics.scores"
local options_of = require "resmoon.base.options"

local top_losses = {}

-- -log softmax(row)[label], with the largest score taken out so that nothing overflows.
local function cross_entropy(row, label)
  local most, sum = row[read.best(row)], 0
  for c = 1, #row do sum = sum + math.exp(row[c] - most) end
  return most + math.log(sum) - row[label]
end

--- The k worst of images with these scores: a list of {index =, label =, predicted =, probability =, loss =}.
function top_losses.rank(scores, labels, k)
  local rows = read.rows("metrics.top_losses", scores)
  labels = read.labels("metrics.top_losses", labels, #rows)
  local list = {}
  for n, row in ipairs(rows) do
    if not row[labels[n]] then
      fail("metrics.top_losses: label %s, but there are %d classes", tostring(labels[n]), #row)
    end
    local loss = cross_entropy(row, labels[n])
    if loss ~= loss then loss = math.huge end  -- scores that are no numbers could not be worse
    list[n] = {index = n, label = labels[n], predicted = read.best(row), probability = math.exp(-loss), loss = loss}
  end
  table.sort(list, function(a, b)
    if a.loss ~= b.loss then return a.loss > b.loss end
    return a.index < b.index
  end)
  return table.move(list, 1, math.min(k, #list), 1, {})
end

--- The images with the largest loss, the worst first. The network is in evaluation mode meanwhile.
--
--     worst = metrics.top_losses(net, ds)
--     plot.top_losses(worst, ds)
--
-- Call: metrics.top_losses(net, dataset, {k = 16, mean = nil, std = nil, batch_size = 250}) -> list
-- Shapes: images as the data set has them; mean and std are lists of C numbers.
-- Units: loss is the cross-entropy in nats, probability that of the true class; mean and std in [0, 1].
-- Options: k           how many; all, if there are fewer
--  mean, std   of each channel, as in training: train.load gives them (default those of the data set)
--  batch_size  images at a time
-- Returns: a list of {index = in the data set, label =, predicted =, probability =, loss =}.
-- Errors: raises for what is no data set or fits the network not, and for unknown options.
-- Example:
--   > ds = data.shapes10 {size = 40}
--   > worst = metrics.top_losses(models.mlp(), ds, {k = 3})
--   > #worst, worst[1].loss >= worst[3].loss
--   3  true
function top_losses.top_losses(net, dataset, options)
  options = options_of("metrics.top_losses", options, {"k", "mean", "std", "batch_size"})
  local k = options.k or 16
  if math.type(k) ~= "integer" or k < 1 then
    fail("metrics.top_losses: k is %s, expected a whole number from 1", tostring(k))
  end
  local kind = type(dataset)
  if kind ~= "table" and kind ~= "userdata" or not dataset.batch or not dataset.size then
    fail("metrics.top_losses: argument 2 is a %s, expected a data set", kind)
  end
  local loader = require("resmoon.data").Loader(dataset, {
    batch_size = options.batch_size or 250, mean = options.mean, std = options.std})
  local measured = require("resmoon.train").evaluate(net, loader, {scores = true})
  return top_losses.rank(measured.scores, measured.labels, k)
end

return top_losses
