--- Figures of particular experiments: rate finder, layer responses, learning-rate schedule.
local core   = require "resmoon.core"
local figure = require "resmoon.plot.figure"
local named  = require "resmoon.runs.named"

local text   = require "resmoon.base.text"

local lab = {}

local function need(op, value, ...)
  for _, name in ipairs {...} do
    if type(value) ~= "table" or type(value[name]) ~= "table" then
      error(("%s: expected a table with the list '%s'"):format(op, name), 3)
    end
  end
end

--- The loss over the learning rate, as train.lrfind returns it: single steps faint, the average solid, a mark at
-- the suggestion. options: file, title, size.
-- Call: plot.lrfind(found, {file = nil, title = nil, size = nil}) -> true
-- Shapes: lr, loss and smooth are lists of equal length.
-- Errors: raises for what train.lrfind did not return. Without gnuplot it gives nil and the reason.
-- Example:
--   > found = {lr = {0.01, 0.1, 1}, loss = {3, 1, 4}, smooth = {3, 2, 3}}
--   > found.suggestion = 0.01
--   > plot.lrfind(found, {file = "lrfind.svg"});
--   > rm.sys.exists "lrfind.svg"
--   true
function lab.lrfind(found, options)
  need("plot.lrfind", found, "lr", "loss", "smooth")
  options = figure.options("plot.lrfind", options)
  local f = figure.new({title = options.title, size = options.size})
  local low, high = math.min(table.unpack(found.smooth)), math.max(table.unpack(found.smooth))
  local room = math.max(high - low, 1e-6) * 0.15
  local p = f:panel({xlabel = "learning rate", ylabel = "loss", logx = true,
                     xrange = {found.lr[1], found.lr[#found.lr]},
                     yrange = {low - room, math.min(high, 3 * found.smooth[1]) + room}})
  p:add({columns = {found.lr, found.loss}, style = "lines", title = "single steps", colour = 1, faint = true})
  p:add({columns = {found.lr, found.smooth}, style = "lines", title = "average", colour = 1})
  p:add({columns = {{found.suggestion, found.suggestion}, {low - room, high + room}}, style = "lines", colour = 2,
         title = ("suggestion %.2g"):format(found.suggestion)})
  return f:draw(options)
end

--- Standard deviations of layer responses: figure 7 of the paper. Left in the order of the layers, right sorted.
-- series: list of {name =, std = numbers}. options: file, title, size.
-- Call: plot.responses(series, {file = nil, title = nil, size = nil}) -> true
-- Shapes: each std is a list, one number for each layer.
-- Errors: raises for an empty list. Without gnuplot it gives nil and the reason.
-- Source: He et al. 2016, arXiv:1512.03385, figure 7.
-- Example:
--   > net = {name = "resnet20", std = {1, 0.5, 0.7}}
--   > plot.responses({net}, {file = "std.svg"});
--   > rm.sys.exists "std.svg"
--   true
function lab.responses(series, options)
  if type(series) ~= "table" or #series == 0 then error("plot.responses: nothing to draw", 2) end
  options = figure.options("plot.responses", options)
  local f = figure.new({title = options.title, size = options.size or {1150, 480}})
  local left = f:panel({title = "in order", text_title = "std of responses, in order", xlabel = "layer",
                        ylabel = "standard deviation", yrange = {0}})
  local right = f:panel({title = "sorted by magnitude", text_title = "std of responses, sorted",
                         xlabel = "layer, sorted", ylabel = "standard deviation", yrange = {0}})
  local names = named.names(series)
  for i, each in ipairs(series) do
    need("plot.responses", each, "std")
    local at, sorted = {}, {table.unpack(each.std)}
    for k = 1, #each.std do at[k] = k end
    table.sort(sorted, function(a, b) return a > b end)
    local dashed = (each.name or ""):find("plain", 1, true) ~= nil
    left:add({columns = {at, each.std}, style = "lines", title = names[i], colour = i, dashed = dashed})
    right:add({columns = {at, sorted}, style = "lines", title = names[i], colour = i, dashed = dashed})
  end
  return f:draw(options)
end

--- Rate and, where it moves, momentum of each step of a schedule: {rate = numbers, momentum = numbers or nil}.
-- options: file, title, size.
-- Call: plot.schedule(course, {file = nil, title = nil, size = nil}) -> true
-- Shapes: rate and momentum are lists, one number for each step.
-- Errors: raises for a course without rates. Without gnuplot it gives nil and the reason.
-- Example:
--   > plot.schedule({rate = {0.1, 0.1, 0.01}}, {file = "rate.svg"});
--   > rm.sys.exists "rate.svg"
--   true
function lab.schedule(course, options)
  need("plot.schedule", course, "rate")
  options = figure.options("plot.schedule", options)
  local f = figure.new({title = options.title, size = options.size or {course.momentum and 1150 or 800, 440}})
  for i, name in ipairs {"rate", "momentum"} do
    local values = course[name]
    if values then
      local at = {}
      for k = 1, #values do at[k] = k end
      local what = name == "rate" and "learning rate" or name
      f:panel({title = what, text_title = what, xlabel = "step", ylabel = what, key = false})
        :add({columns = {at, values}, style = "lines", colour = i})
    end
  end
  return f:draw(options)
end

-- Series of metrics.roc for each class, and the macro average.
local function roc_of(scores, labels, classes)
  local metrics = require "resmoon.metrics"
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
  if #kept == 0 then error("plot.roc: no class has both images of its own and images of others", 3) end
  if #without > 0 then
    io.stderr:write(("plot: no ROC curve of %s: no images of the class, or none of others\n"):format(
      table.concat(without, ", ")))
  end
  return kept
end

--- ROC curves, each class against the rest, with the areas under them, and thick and black their mean.
-- Call: plot.roc(scores, labels, {classes = nil, file = nil, title = nil, size = nil}) -> true
-- Call: plot.roc(series, {file = nil, title = nil, size = nil}) -> true
-- Shapes: scores (N, K), labels (N) from 1 on; or series, a list of {fpr = numbers, tpr = numbers, name = text,
--  auc = number}, in which series.macro = {fpr =, tpr =, auc =} is the mean.
-- Options: classes  names of the classes
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
function lab.roc(series, labels, options)
  if core.is_tensor(series) or type(series) == "table" and type(series[1]) == "table" and not series[1].fpr then
    options = figure.options("plot.roc", options, "classes")
    series = roc_of(series, labels, options.classes)
  else
    options = figure.options("plot.roc", labels)
  end
  if type(series) ~= "table" or #series == 0 then error("plot.roc: nothing to draw", 2) end
  series = with_curves(series)
  local many = #series > 5  -- a legend that would cover curves stands beside them
  local f = figure.new({title = options.title, size = options.size or {many and 940 or 800, 640}})
  local p = f:panel({xlabel = "false positive rate", ylabel = "true positive rate", xrange = {0, 1}, yrange = {0, 1},
                     text_key = "bottom right", key = many and "outside right top Left reverse" or "bottom right"})
  p:add({columns = {{0, 1}, {0, 1}}, style = "lines", colour = "#999999", dashed = true, width = 1, aside = true})
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
  for i, each in ipairs(series) do  -- six colours, then the same ones dashed, then dotted; black is the mean's
    add(each, names[i], {colour = (i - 1) % 6 + 1, dashed = (i - 1) // 6 + 1,
                               aside = many and each ~= best and each ~= worst})
  end
  if has_curve(series.macro) then add(series.macro, "mean of classes", {colour = "#000000", width = 4}) end
  return f:draw(options)
end

return lab
