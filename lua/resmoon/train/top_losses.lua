--- metrics.top_losses: it needs more than scores, since it evaluates a network, and so stands here.
-- init.lua of the library loads it with resmoon.metrics.
local guard      = require "resmoon.base.guard"
local evaluation = require "resmoon.train.evaluate"
local fail       = require "resmoon.base.fail"
local is         = require "resmoon.base.is"
local Loader     = require "resmoon.data.loader"
local metrics    = require "resmoon.metrics"
local options_of = require "resmoon.base.options"
local rank       = require "resmoon.metrics.top_losses"
local shown      = require "resmoon.base.shown"

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
function metrics.top_losses(net, dataset, options)
  options = options_of("metrics.top_losses", options, {"k", "mean", "std", "batch_size"})
  local k = options.k or 16
  if math.type(k) ~= "integer" or k < 1 then
    fail("metrics.top_losses: k is %s, expected a whole number from 1", k)
  end
  if not is.indexed(dataset) or not dataset.batch or not dataset.size then
    fail("metrics.top_losses: argument 2 is %k, expected a data set", dataset)
  end
  local loader = Loader.new(dataset, {
    batch_size = options.batch_size or 250, mean = options.mean, std = options.std})
  local measured = evaluation.evaluate(net, loader, {scores = true})
  return shown.mark(rank(measured.scores, measured.labels, k))
end

metrics.top_losses = guard.call("metrics.top_losses", metrics.top_losses)

return metrics.top_losses
