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
  local line = "dog            50.00    100.00     50.00     66.67     66.67        1"
  check.that(m:report():find(line, 1, true), m:report())
  local long = metrics.confusion {"a class with 20 chars", "b"}
  for text in long:add({1}, {2}):report():gmatch "[^\n]+" do check.that(#text <= 80, text) end
end)

check.case("accuracy of each class: this one or another, answered rightly", function()
  -- true 1 1 1 2 2 3, taken for 1 1 2 2 3 3
  local m = metrics.confusion(3):add({1, 1, 2, 2, 3, 3}, {1, 1, 1, 2, 2, 3})
  check.close(m:accuracies(), {(2 + 3) / 6, (1 + 3) / 6, (1 + 4) / 6})
  check.close(m:macro().accuracies, 14 / 18)
  check.equal(metrics.confusion(2):accuracies(), {0, 0})
end)

local function area(fpr, tpr)
  local sum = 0
  for i = 2, #fpr do sum = sum + (fpr[i] - fpr[i - 1]) * (tpr[i] + tpr[i - 1]) / 2 end
  return sum
end

check.case("the macro curve is the mean of the classes' curves, and its area the macro AUC", function()
  -- One against the rest: class 1 rises at 0 and at 1/2, class 2 at 0 alone.
  local scores = {{0.8, 0.1}, {0.4, 0.2}, {0.6, 0.7}, {0.2, 0.6}}
  local fpr, tpr = metrics.macro_roc(scores, {1, 1, 2, 2})
  check.equal(fpr, {0, 0, 0.5, 0.5, 1})
  check.equal(tpr, {0, 0.75, 0.75, 1, 1})
  rm.manual_seed(5)
  for _, ties in ipairs {false, true} do
    local labels, many = {}, {}
    for n = 1, 90 do
      labels[n], many[n] = n % 7 == 0 and 1 or n % 5 == 0 and 2 or 3, rm.randn(4):totable()
      if ties then for c = 1, 4 do many[n][c] = math.floor(2 * many[n][c]) end end
    end
    fpr, tpr = metrics.macro_roc(many, labels)     -- class 4 has no image, hence no curve
    local _, mean = metrics.auc(many, labels)
    check.close(area(fpr, tpr), mean, {rtol = 1e-9})
    check.equal({fpr[1], tpr[1], fpr[#fpr]}, {0, 0, 1})
    check.close(tpr[#tpr], 1)
    for i = 2, #fpr do check.that(fpr[i] >= fpr[i - 1] and tpr[i] >= tpr[i - 1] - 1e-12) end
  end
  check.equal({metrics.macro_roc({{1, 2}}, {1})}, {{}, {}})
end)

check.case("top losses: the worst first, with what was said instead", function()
  local rank = require("resmoon.metrics.top_losses").rank
  local list = rank({{2, 0}, {0, 3}, {0, 3}, {1000, 0}}, {1, 1, 2, 2}, 3)
  check.equal({list[1].index, list[2].index, list[3].index}, {4, 2, 1})
  check.equal({list[1].label, list[1].predicted, list[1].loss, list[1].probability}, {2, 1, 1000, 0})
  check.close({list[2].loss, list[2].probability}, {math.log(1 + math.exp(3)), 1 / (1 + math.exp(3))})
  check.equal(rank({{0 / 0, 0 / 0}, {0, 0}}, {1, 1}, 5)[1].loss, math.huge)
  check.error(function() rank({{0, 1}}, {3}, 1) end, "label 3, but there are 2 classes")
end)

check.case("top losses of a network are what cross_entropy gives, image by image", function()
  rm.manual_seed(2)
  local ds, net = rm.data.shapes10 {size = 30}, rm.models.mlp()
  local worst = metrics.top_losses(net, ds, {k = 100, batch_size = 7})
  check.equal(#worst, 30)
  check.that(net.training)
  net:eval()
  for i, each in ipairs(worst) do
    local x, y = ds:batch {each.index}
    check.equal(each.label, y:item())
    check.close(each.loss, net(x:normalize(ds.mean, ds.std)):cross_entropy(y):item(), {rtol = 1e-4})
    check.that(i == 1 or worst[i - 1].loss >= each.loss)
  end
  check.error(function() metrics.top_losses(net, ds, {n = 3}) end, "unknown option 'n'")
  check.error(function() metrics.top_losses(net, ds, {k = 0}) end, "k is 0, expected a whole number from 1")
  check.error(function() metrics.top_losses(net, 3) end, "argument 2 is a number, expected a data set")
end)
