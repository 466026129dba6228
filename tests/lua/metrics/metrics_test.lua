local check   = require "support.check"
local rm      = require "resmoon"
local metrics = rm.metrics

local function column(list) return {table.unpack(list)} end

-- Reference cases count classes from 0.
local function plus_one(t)
  local list = t:totable()
  for i = 1, #list do list[i] = list[i] + 1 end
  return list
end

for _, name in ipairs {"metrics_plain", "metrics_ties", "metrics_empty_classes"} do
  check.case("reference " .. name, function()
    local t, meta = rm.load(("%s/metrics/%s.safetensors"):format(check.reference_folder(), name))
    local config = rm.json.decode(meta.config)
    local labels = plus_one(t.labels)
    local within = {tolerance = tonumber(meta.tolerance)}

    check.equal(metrics.predictions(t.scores), plus_one(t.predictions))
    check.close({metrics.accuracy(t.scores, labels)}, t.accuracy, within)
    check.close(metrics.topk(t.scores, labels, column(config.top)), t.topk_accuracy, within)

    local m = metrics.confusion(config.classes):add(t.scores, labels)
    check.equal(m.counts, t.confusion:totable())
    check.close({m:accuracy()}, t.accuracy, within)
    for _, measure in ipairs {"precision", "recall", "specificity", "f1"} do
      check.close(m[measure](m), t[measure], within)
    end
    local macro = m:macro()
    check.close({macro.precision, macro.recall, macro.specificity, macro.f1}, t.macro, within)

    for _, class in ipairs(config.roc_classes) do
      local fpr, tpr, threshold = metrics.roc(t.scores, labels, class + 1)
      check.close(fpr, t["roc_fpr." .. class], within)
      check.close(tpr, t["roc_tpr." .. class], within)
      check.close(threshold, t["roc_threshold." .. class], within)
    end
    if t.auc then
      local areas, mean = metrics.auc(t.scores, labels)
      check.close(areas, t.auc, within)
      check.close({mean}, t.macro_auc, within)
    end
  end)
end

check.case("scores that are no numbers are never right", function()
  local nan = 0 / 0
  check.equal(metrics.topk({{nan, nan}, {nan, 1}, {nan, 1}}, {1, 1, 2}, {1, 2}), {1 / 3, 1 / 3})
end)

check.case("equal scores for all classes are right for class 1 alone", function()
  check.equal(metrics.accuracy({{0, 0}, {0, 0}}, {1, 2}), 0.5)
end)

check.case("what does not fit is named", function()
  check.error(function() metrics.accuracy({{0, 1}}, {1, 2}) end, "2 labels for 1 images")
  check.error(function() metrics.accuracy({{0, 1}}, {3}) end, "label 3, but there are 2 classes")
  check.error(function() metrics.accuracy({0, 1}, {1, 1}) end, "(images, classes)")
  check.error(function() metrics.confusion(2):add({3}, {1}) end, "taken for 3")
end)

check.case("report and counts as text", function()
  local m = metrics.confusion {"cat", "dog"}
  m:add({1, 2, 2}, {1, 1, 2})
  check.equal(tostring(m), table.concat({
    "true \\ predicted  cat  dog",
    "cat                 1    1",
    "dog                 0    1"}, "\n"))
  check.that(m:report():find("dog            50.00    100.00     50.00     66.67        1", 1, true), m:report())
end)
