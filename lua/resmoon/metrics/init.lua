--- Measures of a classifier, from scores (N, K) and labels (N), as tensors or tables.
--
-- Topic: metrics
local accuracy  = require "resmoon.metrics.accuracy"
local roc       = require "resmoon.metrics.roc"
local Confusion = require "resmoon.metrics.confusion"

return {
  accuracy = accuracy.accuracy,
  topk = accuracy.topk,
  predictions = accuracy.predictions,
  confusion = Confusion,
  roc = roc.roc,
  auc = roc.auc,
  macro_roc = roc.macro_roc,
  responses = require "resmoon.metrics.responses",
  top_losses = require("resmoon.metrics.top_losses").top_losses,
}
