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
    -- The references count 0/0 as 0, also for a class without images; ours has no value there, and no part in a mean.
    local absent, macro = {}, m:macro()
    for _, class in ipairs(config.absent_labels or {}) do absent[class + 1] = true end
    for _, measure in ipairs {"precision", "recall", "specificity", "f1"} do
      local expected, sum, count = t[measure]:totable(), 0, 0
      for class, value in ipairs(expected) do
        if not absent[class] then sum, count = sum + value, count + 1
        elseif measure ~= "specificity" then expected[class] = 0 / 0 end
      end
      check.close(m[measure](m), expected, within)
      check.close({macro[measure]}, {sum / count}, within)
    end
    check.equal(macro.classes, config.classes - #(config.absent_labels or {}))

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
  check.equal(metrics.confusion(2):add({1, 1}, {1, 1}):accuracies(), {1, 1})
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
  local rank = require "resmoon.metrics.top_losses"
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

check.case("a class without images is left out of every mean, and said so", function()
  -- All right; no image is of the third class.
  local m = metrics.confusion({"cat", "dog", "zebra"}):add({1, 2, 2}, {1, 2, 2})
  local macro = m:macro()
  check.equal({macro.precision, macro.recall, macro.specificity, macro.f1, macro.accuracies, macro.classes},
              {1, 1, 1, 1, 1, 2})
  check.equal(m:absent(), {3})
  local report = m:report()
  check.that(report:find("zebra            n/a       n/a    100.00       n/a    100.00        0", 1, true), report)
  check.that(report:find("mean          100.00    100.00    100.00    100.00    100.00        3", 1, true), report)
  check.that(report:find("no image of zebra: left out of the means", 1, true), report)
  -- Two images of dog are taken for a zebra: the absent class still counts for nothing.
  m = metrics.confusion({"cat", "dog", "zebra"}):add({1, 3, 3, 2}, {1, 2, 2, 2})
  check.close({m:macro().precision, m:macro().recall}, {1, (1 + 1 / 3) / 2})
  check.equal(metrics.confusion({"a", "b"}):add({1, 2}, {1, 2}):about_absent(), nil)
  -- A class that is there and was never predicted has precision and F1 0, and is counted.
  m = metrics.confusion(2):add({1, 1}, {1, 2})
  check.equal({m:precision()[2], m:f1()[2], m:macro().precision}, {0, 0, 0.25})
end)

check.case("without images there are no measures, and no table says nan", function()
  local m = metrics.confusion {"a", "b"}
  check.that(m:accuracy() ~= m:accuracy() and m:macro().recall ~= m:macro().recall)
  check.that(metrics.accuracy({}, {}) ~= metrics.accuracy({}, {}))
  local text = m:report() .. tostring(m)
  check.that(not text:lower():find("nan", 1, true) and not text:find("inf", 1, true), text)
  check.equal(select(2, m:report():gsub("n/a", "")), 15)
  local areas, mean = metrics.auc({}, {})
  check.equal({#areas, tostring(mean)}, {0, "nan"})
  -- One class alone: it has no specificity and no curve.
  m = metrics.confusion(2):add({1, 1}, {1, 1})
  check.equal(tostring(m:macro().specificity), "nan")
  areas, mean = metrics.auc({{0.9, 0.1}, {0.8, 0.2}}, {1, 1})
  check.equal({tostring(areas[1]), tostring(areas[2]), tostring(mean)}, {"nan", "nan", "nan"})
end)

check.case("names are aligned by the columns they take, and stay apart when they are cut", function()
  local m = metrics.confusion {"caf\u{301}e", "\u{732b}\u{732b}", "a_black_cat", "a_black_dog", "mean", "x\27[31m\n"}
  m:add({1, 2, 3, 4, 5, 6}, {1, 2, 3, 4, 5, 6})
  local lines = {}
  for line in tostring(m):gmatch "[^\n]+" do lines[#lines + 1] = line end
  check.equal(#lines, 7)
  for _, line in ipairs(lines) do check.equal(rm.text_width(line), rm.text_width(lines[2]), line) end
  check.that(lines[1]:find("a_~3 a_~4", 1, true), lines[1])
  check.that(not tostring(m):find "\27" and lines[7]:find("x\\x1b[31m\\n", 1, true), lines[7])
  local report = {}
  for line in m:report():gmatch "[^\n]+" do report[#report + 1] = line end
  check.equal(#report, 8)
  for _, line in ipairs(report) do check.equal(rm.text_width(line), rm.text_width(report[1]), line) end
  check.that(report[6]:find "^mean " and report[8]:find "^%(mean%) ", report[8])
end)

check.case("a matrix that no memory holds is refused, not begun", function()
  check.error(function() metrics.confusion(65536) end, "metrics.confusion: 65536 classes, expected at most 10000")
end)

check.case("a first argument that is missing is not the second one", function()
  check.error(function() metrics.difference(nil, {16, 600}) end, "metrics.difference: argument 1 is nil")
  check.error(function() metrics.paired_difference(nil, {true, false}) end, "argument 1 is no list of booleans")
  check.error(function() metrics.paired_difference({true, 1}, {true, false}) end,
              "number 2 of argument 1 is a number, expected true or false")
end)
