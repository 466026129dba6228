--- Measures of a classifier, from scores (N, K) and labels (N), as tensors or tables.
-- metrics.top_losses, which evaluates a network, comes from train/top_losses.lua.
--
-- Topic: metrics
local library = require "resmoon.base.library"
local accuracy  = require "resmoon.metrics.accuracy"
local roc       = require "resmoon.metrics.roc"
local Confusion = require "resmoon.metrics.confusion"
local difference = require "resmoon.metrics.difference"

return library("metrics", {
  accuracy = accuracy.accuracy,
  topk = accuracy.topk,
  predictions = accuracy.predictions,
  calibration = require "resmoon.metrics.calibration",
  confusion = Confusion,
  roc = roc.roc,
  auc = roc.auc,
  macro_roc = roc.macro_roc,
  standard_error = difference.standard_error,
  difference = difference.difference,
  paired_difference = difference.paired_difference,
  responses = require "resmoon.metrics.layer_responses",
})
