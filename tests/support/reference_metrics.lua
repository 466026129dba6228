--- Reference cases of the measures of a classifier.
local rm        = require "resmoon"
local reference = require "support.reference"

local runners = {}

function runners.metrics(case)
  local file, c, metrics = rm.load(case.path), case.config, rm.metrics
  local scores, labels = file.scores, reference.to_one_based(file.labels)
  local predictions = metrics.predictions(scores)
  local confusion = metrics.confusion(c.classes):add(predictions, labels)
  local macro = confusion:macro()
  local function agree(name, numbers)
    reference.agree_numbers(name, numbers, file[name]:reshape(-1):totable(), case.tolerance_of(name))
  end
  reference.agree("predictions", reference.to_zero_based(rm.tensor(predictions, "int64")), file.predictions, 0)
  reference.agree("confusion", rm.tensor(confusion.counts, "int64"), file.confusion, 0)
  agree("accuracy", {confusion:accuracy()})
  agree("accuracy", {metrics.accuracy(scores, labels)})
  agree("topk_accuracy", metrics.topk(scores, labels, c.top))
  for _, name in ipairs {"precision", "recall", "specificity", "f1"} do agree(name, confusion[name](confusion)) end
  local means = {}
  for i, name in ipairs(c.macro_order) do means[i] = macro[name] end
  agree("macro", means)
  if file.auc then
    local areas, mean = metrics.auc(scores, labels)
    agree("auc", areas)
    agree("macro_auc", {mean})
  end
  for _, class in ipairs(c.roc_classes) do
    local fpr, tpr, threshold = metrics.roc(scores, labels, reference.position(class))
    agree("roc_fpr." .. class, fpr)
    agree("roc_tpr." .. class, tpr)
    agree("roc_threshold." .. class, threshold)
  end
end

return runners
