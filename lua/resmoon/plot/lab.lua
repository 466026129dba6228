--- Figures of particular experiments: rate finder, layer responses, learning-rate schedule.
local figure = require "resmoon.plot.figure"

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
  options = options or {}
  local f = figure.new({title = options.title, size = options.size})
  local low, high = math.min(table.unpack(found.smooth)), math.max(table.unpack(found.smooth))
  local room = math.max(high - low, 1e-6) * 0.15
  local p = f:panel({xlabel = "learning rate", ylabel = "loss", logx = true, key = "bmargin center horizontal",
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
  options = options or {}
  local f = figure.new({title = options.title, size = options.size or {1150, 480}})
  local left = f:panel({title = "in order", text_title = "std of responses, in order", xlabel = "layer",
                        ylabel = "standard deviation", yrange = {0}, key = "top right"})
  local right = f:panel({title = "sorted by magnitude", text_title = "std of responses, sorted",
                         xlabel = "layer, sorted", ylabel = "standard deviation", yrange = {0},
                         key = "top right"})
  for i, each in ipairs(series) do
    need("plot.responses", each, "std")
    local at, sorted = {}, {table.unpack(each.std)}
    for k = 1, #each.std do at[k] = k end
    table.sort(sorted, function(a, b) return a > b end)
    local dashed = (each.name or ""):find("plain", 1, true) ~= nil
    left:add({columns = {at, each.std}, style = "lines", title = each.name, colour = i, dashed = dashed})
    right:add({columns = {at, sorted}, style = "lines", title = each.name, colour = i, dashed = dashed})
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
  options = options or {}
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

--- ROC curves, each class against the rest, with the areas under them.
-- Call: plot.roc(series, {file = nil, title = nil, size = {800, 500}}) -> true
-- Shapes: series: list of {fpr = numbers, tpr = numbers, name = text, auc = number}.
-- Errors: raises for an empty list; without gnuplot nil and the reason, said on stderr once.
-- Example:
--   scores, labels = {{0.9, 0.1}, {0.4, 0.6}, {0.3, 0.7}}, {1, 2, 2}
--   fpr, tpr = metrics.roc(scores, labels, 2)
--   plot.roc({{fpr = fpr, tpr = tpr, name = "two", auc = 1}}, {file = "roc.png"})
function lab.roc(series, options)
  if type(series) ~= "table" or #series == 0 then error("plot.roc: nothing to draw", 2) end
  options = options or {}
  local f = figure.new({title = options.title, size = options.size or {800, 620}})
  local p = f:panel({xlabel = "false positive rate", ylabel = "true positive rate", xrange = {0, 1}, yrange = {0, 1},
                     key = "bottom right"})
  for i, each in ipairs(series) do
    need("plot.roc", each, "fpr", "tpr")
    local title = each.auc and ("%s (AUC %.3f)"):format(each.name or i, each.auc) or each.name
    p:add({columns = {each.fpr, each.tpr}, style = "lines", title = title, colour = i, dashed = i > 8})
  end
  p:add({columns = {{0, 1}, {0, 1}}, style = "lines", colour = "#999999", dashed = true, width = 1})
  return f:draw(options)
end

return lab
