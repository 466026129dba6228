--- What a report says of a run: its training, and what its best network does with the test images.
local compare    = require "resmoon.metrics.difference"
local config     = require "resmoon.train.config"
local device     = require "resmoon.runs.device"
local evaluation = require "resmoon.train.evaluate"
local folder     = require "resmoon.runs.folder"
local Loader     = require "resmoon.data.loader"
local metrics    = require "resmoon.metrics"
local testset    = require "resmoon.train.testset"
local load       = require "resmoon.train.load"

local measure = {}

-- Points of a curve thinned to at most n, the first and the last among them.
local function thinned(x, y, n)
  if #x <= n then return x, y end
  local xs, ys = {}, {}
  for k = 1, n do
    local i = 1 + (k - 1) * (#x - 1) // (n - 1)
    xs[k], ys[k] = x[i], y[i]
  end
  return xs, ys
end

--- path: the folder of a run. options: data (folder, instead of the run's own), evaluate (false: the log alone).
-- Returns {run =, summary =, top = {top-1, top-3, top-5}, loss =, confusion =, auc = by class, mean_auc =,
-- roc = by class {fpr =, tpr =}, macro_roc = {fpr =, tpr =}, images =, notes = sentences on the images, right =
-- by image whether the network is right, labels = by image}; without evaluation only the first two.
-- Errors: raises where the test images are not what they were.
function measure.run(path, options)
  options = options or {}
  local run = folder.read(path)
  if run.config.outputs then
    error(("report: %s predicts numbers (a regression): a report tells of classes"):format(path), 0)
  end
  local result = {run = run, summary = folder.summary(run)}
  if options.evaluate == false then return result end
  local net, c, mean, std = load(path)
  local test, notes = testset(path, c, {data = options.data})
  result.notes = notes
  local loader = Loader.new(test, {batch_size = config.test_batch(test.shape), mean = mean, std = std})
  local measured = evaluation.evaluate(net, loader, {scores = true})
  local k = {1, math.min(3, #test.classes), math.min(5, #test.classes)}
  result.top = metrics.topk(measured.scores, measured.labels, k)
  result.loss, result.images, result.tested_on = measured.loss, measured.count, test.name or c.data
  result.right = compare.right("report", measured.scores, measured.labels)
  result.labels = measured.labels
  result.confusion = metrics.confusion(test.classes):add(measured.scores, measured.labels)
  result.auc, result.mean_auc = metrics.auc(measured.scores, measured.labels)
  local function curve(fpr, tpr)
    local xs, ys = thinned(fpr, tpr, 200)
    return {fpr = xs, tpr = ys}
  end
  result.roc = {}
  for class = 1, #test.classes do
    result.roc[class] = curve(metrics.roc(measured.scores, measured.labels, class))
  end
  result.macro_roc = curve(metrics.macro_roc(measured.scores, measured.labels))
  return result
end

measure.hardware = device

return measure
