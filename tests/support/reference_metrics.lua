--- Reference cases of the measures of a classifier.
local rm        = require "resmoon"
local reference = require "support.reference"

local runners = {}

-- A list with -1, which no measure is, where there is no value, so that both sides must lack the same ones.
local function marked(list)
  local copy = {}
  for i, value in ipairs(list) do copy[i] = value == value and value or -1 end
  return copy
end

-- What the measures of a file are here: the references count 0/0 as 0, also for a class without images; ours has no
-- value there, and no part in a mean. Returns the lists by name, and the means.
local function without_absent(file, config)
  local lists, means, absent = {}, {}, {}
  for _, class in ipairs(config.absent_labels or {}) do absent[class + 1] = true end
  for _, name in ipairs {"precision", "recall", "specificity", "f1"} do
    local list, sum, count = file[name]:reshape(-1):totable(), 0, 0
    for class, value in ipairs(list) do
      if not absent[class] then sum, count = sum + value, count + 1
      elseif name ~= "specificity" then list[class] = 0 / 0 end
    end
    lists[name], means[name] = list, sum / count
  end
  return lists, means
end

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
  local lists, means = without_absent(file, c)
  for name, list in pairs(lists) do
    reference.agree_numbers(name, marked(confusion[name](confusion)), marked(list), case.tolerance_of(name))
  end
  for name, mean in pairs(means) do
    reference.agree_numbers("macro " .. name, {macro[name]}, {mean}, case.tolerance_of("macro"))
  end
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
