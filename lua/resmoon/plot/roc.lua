--- ROC curves as a figure.
local fail    = require "resmoon.base.fail"
local core    = require "resmoon.core"
local figure  = require "resmoon.plot.figure"
local metrics = require "resmoon.metrics"
local need    = require "resmoon.plot.need"
local text    = require "resmoon.base.text"

-- Series of metrics.roc for each class, and the macro average.
local function roc_of(scores, labels, classes)
  local series, areas, mean = {}, metrics.auc(scores, labels)
  for class, auc in ipairs(areas) do
    local fpr, tpr = metrics.roc(scores, labels, class)
    series[class] = {fpr = fpr, tpr = tpr, name = classes and classes[class] or "class " .. class, auc = auc}
  end
  local fpr, tpr = metrics.macro_roc(scores, labels)
  series.macro = {fpr = fpr, tpr = tpr, auc = mean}
  return series
end

local function has_curve(each)
  if not each then return false end
  local last = #each.fpr
  return last > 0 and each.fpr[last] == each.fpr[last] and each.tpr[last] == each.tpr[last] and each.auc == each.auc
end

-- The series that have a curve; the others are named.
local function with_curves(series)
  local kept, without = {macro = series.macro}, {}
  for i, each in ipairs(series) do
    need("plot.roc", each, "fpr", "tpr")
    if has_curve(each) then kept[#kept + 1] = each
    else without[#without + 1] = text.cut(text.visible(each.name or i), 40) end
  end
  if #kept == 0 then fail("plot.roc: no class has both images of its own and images of others") end
  if #without > 0 then
    io.stderr:write(("plot: no ROC curve of %s: no images of the class, or none of others\n"):format(
      table.concat(without, ", ")))
  end
  return kept
end

local MOST, SHOWN = 20, 6  -- curves that a legend names; of more so many of the best and so many of the worst

-- The places of the series with the largest and the smallest areas, of so many that a legend cannot name all; else nil.
local function extremes(series)
  if #series <= MOST then return nil end
  local order, chosen = {}, {}
  for i in ipairs(series) do order[i] = i end
  table.sort(order, function(a, b)
    local x, y = series[a].auc or 0, series[b].auc or 0
    if x ~= y then return x > y end
    return a < b
  end)
  for k = 1, SHOWN do chosen[order[k]], chosen[order[#order + 1 - k]] = true, true end
  return chosen
end

--- ROC curves, each class against the rest, with the areas under them, and thick and black their mean.
-- Call: plot.roc(scores, labels, {classes = nil, file = nil, title = nil, size = nil}) -> true
-- Call: plot.roc(series, {file = nil, title = nil, size = nil}) -> true
-- Shapes: scores (N, K), labels (N) from 1 on; or series, a list of {fpr = numbers, tpr = numbers, name = text,
--  auc = number}, in which series.macro = {fpr =, tpr =, auc =} is the mean.
-- Options: classes  names of the classes
--  Of more than 20 classes the 6 with the largest areas and the 6 with the smallest are named, the others gray.
--  A class without images, or without images of others, has no curve, which is said on stderr.
-- Errors: raises for an empty list, or where no class has a curve; without gnuplot nil and the reason, said on stderr
--  once.
-- Source: Fawcett 2006, "An introduction to ROC analysis".
-- Example:
--   > scores, labels = {{0.9, 0.1}, {0.4, 0.6}, {0.3, 0.7}}, {1, 2, 2}
--   > plot.roc(scores, labels, {classes = {"cat", "dog"}, file = "roc.svg"});
--   > rm.sys.exists "roc.svg"
--   true
-- See: metrics.roc, metrics.macro_roc
local function roc(series, labels, options)
  if core.is_tensor(series) or type(series) == "table" and type(series[1]) == "table" and not series[1].fpr then
    options = figure.options("plot.roc", options, "classes")
    series = roc_of(series, labels, options.classes)
  else
    options = figure.options("plot.roc", labels)
  end
  if type(series) ~= "table" or #series == 0 then fail("plot.roc: nothing to draw") end
  series = with_curves(series)
  local many = #series > 5  -- a legend of so many stands beside them
  local f = figure.new({title = options.title, size = options.size or {many and 940 or 800, 640}})
  local p = f:panel({xlabel = "false positive rate", ylabel = "true positive rate", xrange = {0, 1}, yrange = {0, 1},
                     key = many and "outside right top Left reverse" or nil})
  p:add({columns = {{0, 1}, {0, 1}}, style = "lines", color = "#999999", dashed = true, width = 1, aside = true})
  local function add(each, name, style)
    need("plot.roc", each, "fpr", "tpr")
    style.columns, style.style = {each.fpr, each.tpr}, "lines"
    style.title = each.auc and ("%s (AUC %.3f)"):format(name, each.auc) or name
    p:add(style)
  end
  local names = {}
  for i, each in ipairs(series) do names[i] = text.visible(each.name or i) end
  names = text.distinct(text.told_apart(names), 40)
  -- Characters cannot tell many curves apart: the best and the worst stand for all.
  local best, worst = series[1], series[1]
  for _, each in ipairs(series) do
    if (each.auc or 0) > (best.auc or 0) then best = each end
    if (each.auc or 0) < (worst.auc or 0) then worst = each end
  end
  local ends = extremes(series)
  if ends then
    for i, each in ipairs(series) do
      if not ends[i] then
        p:add({columns = {each.fpr, each.tpr}, style = "lines", color = "#cccccc", width = 1, aside = true})
      end
    end
    p:add({columns = {{0}, {0}}, style = "lines", color = "#cccccc", width = 1, aside = true,
           title = ("%d other classes"):format(#series - 2 * SHOWN)})
  end
  local function kept(i) return not ends or ends[i] end
  local place = 0
  for i, each in ipairs(series) do  -- six colors, then the same ones dashed, then dotted; black is the mean's
    if kept(i) then
      add(each, names[i], {color = place % 6 + 1, dashed = place // 6 + 1,
                           aside = many and each ~= best and each ~= worst})
      place = place + 1
    end
  end
  if has_curve(series.macro) then add(series.macro, "mean of classes", {color = "#000000", width = 4}) end
  return f:draw(options)
end

return roc
