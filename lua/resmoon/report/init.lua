--- The report of one or several runs, in the sections of a lab report.
--
--     report.write({"runs/resnet20", "runs/plain20"}, {out = "report.html"})
--
-- Introduction; experiment set-up (networks, hyper-parameters); results (comparison, curves, final test error, for each
-- run the confusion matrix, measures by class, ROC); discussion: what the numbers say, and gaps for the
-- reader's own words. Every sentence with a number is computed from the runs.
local sys      = require("resmoon.core").sys
local Document = require "resmoon.report.document"
local measure  = require "resmoon.report.measure"
local plot     = require "resmoon.plot"
local compare  = require "resmoon.train.compare"
local text     = require "resmoon.base.text"

local report = {}

local function percent(x) return ("%.2f%%"):format(100 * x) end

local function names(all)
  local list = {}
  for i, each in ipairs(all) do list[i] = each.run.name end
  return table.concat(list, ", ")
end

local function introduction(doc, all)
  local c = all[1].run.config
  doc:heading("Introduction")
  doc:paragraph(("This report %s %s, trained on %s (%d classes, images of %s)."):format(
    #all > 1 and "compares" or "is about", names(all), c.data_name or c.data, #c.classes, table.concat(c.input, " x ")))
  doc:gap("what is the question of this experiment, and what did you expect?")
end

local shown = {"optimizer", "lr", "max_lr", "momentum", "cycle_momentum", "max_momentum", "weight_decay", "nesterov",
               "schedule", "milestones", "epochs", "batch_size", "label_smoothing", "max_norm", "activation", "init",
               "augment", "standardize", "val_split", "early_stop", "shortcut", "width", "train_size", "seed"}

local function text_of(value)
  if value == nil then return "" end
  if type(value) == "table" then return table.concat(value, ", ") end
  if type(value) == "boolean" then return value and "on" or "off" end
  return math.type(value) == "float" and ("%g"):format(value) or tostring(value)
end

local function setup(doc, all)
  doc:heading("Experiment set-up")
  doc:heading("Networks", 3)
  local config, rows = require "resmoon.train.config", {}
  for i, each in ipairs(all) do
    local c = each.run.config
    local net = config.model(c)
    local depth = require("resmoon.models.tables").depth(net)
    rows[i] = {each.run.name, tostring(depth), text.grouped(c.parameters or 0),
               ("%.1f"):format(net:summary(c.input).macs / 1e6)}
  end
  doc:table({"network", "layers with weights", "parameters", "10^6 multiply-accumulates per image"}, rows)
  doc:heading("Hyper-parameters", 3)
  local head, lines = {"setting"}, {}
  for _, each in ipairs(all) do head[#head + 1] = each.run.name end
  for _, name in ipairs(shown) do
    local line, any = {name}, false
    for i, each in ipairs(all) do
      line[i + 1] = text_of(each.run.config[name])
      any = any or line[i + 1] ~= ""
    end
    if any then lines[#lines + 1] = line end
  end
  doc:table(head, lines)
  doc:paragraph("Hardware of this report: " .. measure.hardware() .. ".")
end

local function comparison(doc, all, draw)
  doc:heading("Results")
  doc:heading("Comparison", 3)
  local rows, runs = {}, {}
  for i, each in ipairs(all) do
    local s = each.summary
    runs[i] = each.run
    rows[i] = {each.run.name, tostring(s.epochs), ("%.4f"):format(s.final_loss), ("%.2f%%"):format(s.final_train),
               ("%.2f%%"):format(s.final), ("%.2f%% (%d)"):format(s.best, s.best_epoch), compare.duration(s.seconds)}
  end
  doc:table({"network", "epochs", "training loss", "training error", "final test error", "best (epoch)", "time"}, rows)
  draw("curves", "training loss, and test error (solid) with training error (dashed)", function(file)
    return plot.curves(runs, {file = file})
  end)
end

local function of_run(doc, each, draw)
  local name, m = each.run.name, each.confusion
  doc:heading(name, 3)
  doc:paragraph(("On %d test images the best checkpoint (epoch %d) has top-1 %s, top-3 %s, top-5 %s, loss %.4f, "
                 .. "macro AUC %.4f. By the lab's criterion an accuracy of %.2f is %s."):format(
                each.images, each.summary.kept_epoch, percent(each.top[1]), percent(each.top[2]), percent(each.top[3]),
                each.loss, each.mean_auc, 100 * each.top[1], measure.grade(100 * each.top[1])))
  for _, note in ipairs(each.notes) do doc:paragraph(("Of these images: %s."):format(note)) end
  local key = name:gsub("[^%w]", "_")
  draw("confusion_" .. key, "confusion matrix of " .. name, function(file)
    return plot.confusion(m, {file = file, title = name})
  end)
  local p, r, s, f, a, support = m:precision(), m:recall(), m:specificity(), m:f1(), m:accuracies(), m:support()
  local rows = {}
  for class = 1, m.size do
    rows[class] = {m:name(class), percent(r[class]), percent(p[class]), percent(s[class]), percent(f[class]),
                   percent(a[class]), ("%.4f"):format(each.auc[class]), tostring(support[class])}
  end
  local macro = m:macro()
  rows[#rows + 1] = {"mean", percent(macro.recall), percent(macro.precision), percent(macro.specificity),
                     percent(macro.f1), percent(macro.accuracies), ("%.4f"):format(each.mean_auc), tostring(m:total())}
  doc:table({"class", "recall", "precision", "specificity", "F1", "accuracy", "AUC", "images"}, rows)
  draw("roc_" .. key, "ROC, each class against the rest and their mean, of " .. name, function(file)
    local series = {}
    for class, curve in ipairs(each.roc) do
      series[class] = {fpr = curve.fpr, tpr = curve.tpr, auc = each.auc[class], name = m:name(class)}
    end
    series.macro = {fpr = each.macro_roc.fpr, tpr = each.macro_roc.tpr, auc = each.mean_auc}
    return plot.roc(series, {file = file, title = name})
  end)
end

-- The pair of classes most often taken for one another.
local function worst_pair(m)
  local a, b, most = 1, 2, -1
  for i = 1, m.size do
    for j = i + 1, m.size do
      local n = m.counts[i][j] + m.counts[j][i]
      if n > most then a, b, most = i, j, n end
    end
  end
  return m:name(a), m:name(b), most
end

local function discussion(doc, all)
  doc:heading("Discussion")
  local says = {}
  local order = {table.unpack(all)}
  local function rank(each) return each.summary.final == each.summary.final and each.summary.final or math.huge end
  table.sort(order, function(a, b) return rank(a) < rank(b) end)   -- NaN is not comparable: it comes last
  if #order > 1 then
    local first, last = order[1], order[#order]
    says[#says + 1] = ("%s has the lowest final test error (%.2f%%), %s the highest (%.2f%%)."):format(first.run.name,
      first.summary.final, last.run.name, last.summary.final)
  end
  for _, each in ipairs(all) do
    local s = each.summary
    says[#says + 1] = ("%s: test error %.2f%%, training error %.2f%%, a gap of %.2f points."):format(
      each.run.name, s.final, s.final_train, s.final - s.final_train)
    local kind, depth = each.run.name:match("^(%a+)(%d+)$")
    for _, other in ipairs(all) do
      local other_kind, other_depth = other.run.name:match("^(%a+)(%d+)$")
      if kind and kind == other_kind and tonumber(other_depth) > tonumber(depth) then
        local deeper, shallower = other.summary.final_train, s.final_train
        says[#says + 1] = ("From %s to %s the training error %s from %.2f%% to %.2f%%%s."):format(each.run.name,
          other.run.name, deeper > shallower and "rises" or "falls", shallower, deeper,
          deeper > shallower and ": the deeper network fits the training images worse" or "")
      end
    end
    if each.confusion and each.confusion.size > 1 then
      local a, b, n = worst_pair(each.confusion)
      says[#says + 1] = ("%s confuses %s and %s most often (%d images)."):format(each.run.name, a, b, n)
    end
  end
  doc:list(says)
  doc:gap(("why is it so? What do %s add to the numbers?"):format(all[1].confusion
          and "the curves, the confusion matrix and the ROC curves" or "the curves"))
  doc:gap("what would you try next, and what do you expect of it?")
end

--- Adds to a document what there is to say of some runs. paths: their folders.
-- options: base (how the files of figures begin), data (folder, instead of that of each run), evaluate (false: from
-- the logs alone), evaluation (true: the evaluation report's table and figures too), more (function(document): adds
-- what else there is to show of the results).
-- Errors: raises for a folder that holds no run, or one without a finished epoch.
function report.add(doc, paths, options)
  local all = {}
  for i, path in ipairs(paths) do
    all[i] = measure.run(path, options)
    if all[i].summary.epochs == 0 then error(("report: %s has no finished epoch"):format(path), 0) end
  end
  if #all == 0 then error("report: no runs", 0) end
  local function draw(key, caption, make)
    local file = ("%s_%s.svg"):format(options.base, key)
    if make(file) then doc:figure(file, caption) end
  end
  doc.title = doc.title or "Report: " .. names(all)
  introduction(doc, all)
  setup(doc, all)
  comparison(doc, all, draw)
  if options.evaluation then
    local runs = {}
    for i, each in ipairs(all) do runs[i] = each.run end
    require("resmoon.report.evaluation").section(doc, runs, draw)
  end
  for _, each in ipairs(all) do
    if each.confusion then of_run(doc, each, draw) end
  end
  if options.more then options.more(doc) end
  discussion(doc, all)
end

--- Writes the report of some runs: an HTML page with everything in it, and beside it Markdown with its figures as SVG.
-- paths: folders of runs. options: out ("report.html"), title, data (folder, instead of that of each run),
-- evaluate (false: from the logs alone), evaluation (true: the evaluation report's table and figures too),
-- more (function(document): adds what else there is to show of the results).
-- Returns the paths of page and Markdown. Without gnuplot the figures are left out, which is said on stderr.
-- Errors: raises for a folder that holds no run, or one without a finished epoch.
function report.write(paths, options)
  options = options or {}
  local out = options.out or "report.html"
  local base = out:gsub("%.html$", "")
  local home = base:match "^(.*)/"
  if home then sys.mkdir_p(home) end
  local doc = Document(options.title)
  report.add(doc, paths, {base = base, data = options.data, evaluate = options.evaluate,
                          evaluation = options.evaluation, more = options.more})
  return doc:write(out)
end

return report
