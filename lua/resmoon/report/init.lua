--- The report of one or several runs, in the sections of a lab report.
--
--     report.write({"runs/resnet20", "runs/plain20"}, {out = "report.html"})
--
-- Introduction; experiment set-up (networks, hyper-parameters); results (comparison, curves, final test error, for each
-- run the confusion matrix, measures by class, ROC); discussion: what the numbers say, and gaps for the
-- reader's own words. Every sentence with a number is computed from the runs.
local sys        = require("resmoon.core").sys
local Document   = require "resmoon.report.document"
local evaluation = require "resmoon.report.evaluation"
local measure    = require "resmoon.report.measure"
local plot       = require "resmoon.plot"
local compare    = require "resmoon.train.compare"
local config     = require "resmoon.train.config"
local named      = require "resmoon.runs.named"
local settings   = require "resmoon.runs.settings"
local tables     = require "resmoon.models.tables"
local text       = require "resmoon.base.text"

local report = {}

local function percent(x) return text.value("%.2f%%", 100 * x) end
local function points(x) return text.value("%.2f%%", x) end

local function names(all)
  local list = {}
  for i, each in ipairs(all) do list[i] = each.run.name end
  return table.concat(list, ", ")
end

-- "cifar10 (10 classes, images of 3 x 32 x 32)"
local function data_text(name, c)
  return ("%s (%d classes, images of %s)"):format(name, #c.classes, table.concat(c.input, " x "))
end

local function introduction(doc, all)
  doc:heading("Introduction")
  local runs, by_data, order = {}, {}, {}
  for i, each in ipairs(all) do runs[i] = each.run end
  for i, name in ipairs(named.data(runs)) do
    if not by_data[name] then
      order[#order + 1], by_data[name] = name, {text = data_text(name, runs[i].config), runs = {}}
    end
    table.insert(by_data[name].runs, runs[i].name)
  end
  local about = ("This report %s %s"):format(#all > 1 and "compares" or "is about", names(all))
  if #order == 1 then
    doc:paragraph(("%s, trained on %s."):format(about, by_data[order[1]].text))
  else
    local parts = {}
    for i, name in ipairs(order) do
      parts[i] = ("%s on %s"):format(table.concat(by_data[name].runs, ", "), by_data[name].text)
    end
    doc:paragraph(("%s: trained %s. Errors on different data sets do not compare."):format(about,
      table.concat(parts, "; ")))
  end
  doc:gap("what is the question of this experiment, and what did you expect?")
end

local function text_of(value)
  if value == nil then return "" end
  if type(value) == "table" then return table.concat(value, ", ") end
  if type(value) == "boolean" then return value and "on" or "off" end
  return math.type(value) == "float" and text.format("%g", value) or tostring(value)
end

local function setup(doc, all)
  doc:heading("Experiment set-up")
  doc:heading("Networks", 3)
  local rows = {}
  for i, each in ipairs(all) do
    local c = each.run.config
    local net = config.model(c)
    local depth = tables.depth(net)
    rows[i] = {each.run.name, tostring(depth), text.grouped(c.parameters or 0),
               ("%.1f"):format(net:summary(c.input).macs / 1e6)}
  end
  doc:table({"network", "layers with weights", "parameters", "10^6 multiply-accumulates per image"}, rows)
  doc:heading("Hyper-parameters", 3)
  local head, lines = {"setting"}, {}
  for _, each in ipairs(all) do head[#head + 1] = each.run.name end
  for _, name in ipairs(settings.reported()) do
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
  local rows, runs, fits = {}, {}, false
  for i, each in ipairs(all) do
    local s = each.summary
    fits = fits or s.final_train ~= nil
    runs[i] = each.run
    rows[i] = {each.run.name, tostring(s.epochs), text.value("%.4f", s.final_loss), points(s.final_train),
               points(s.final), s.best < math.huge and ("%.2f%% (%d)"):format(s.best, s.best_epoch) or text.NONE,
               compare.duration(s.seconds)}
  end
  doc:table({"network", "epochs", "training loss", "training error", "final test error", "best (epoch)", "time"}, rows)
  local errors = fits and "test error (solid) with training error (dashed)" or "test error"
  draw("curves", "training loss, and " .. errors, function(file)
    return plot.curves(runs, {file = file})
  end)
end

local function of_run(doc, each, draw)
  local name, m, key = each.run.name, each.confusion, each.key
  doc:heading(name, 3)
  doc:paragraph(text.format("On %d test images of %s the best checkpoint (epoch %s) has top-1 %s, top-3 %s, top-5 %s, "
                            .. "loss %s, macro AUC %s. By the lab's criterion an accuracy of %.2f is %s.",
                each.images, each.tested_on, tostring(each.summary.kept_epoch or "?"), percent(each.top[1]),
                percent(each.top[2]), percent(each.top[3]), text.value("%.4f", each.loss),
                text.value("%.4f", each.mean_auc), 100 * each.top[1], measure.grade(100 * each.top[1])))
  for _, note in ipairs(each.notes) do doc:paragraph(("Of these images: %s."):format(note)) end
  draw("confusion_" .. key, "confusion matrix of " .. name, function(file)
    return plot.confusion(m, {file = file, title = name})
  end)
  local p, r, s, f, a, support = m:precision(), m:recall(), m:specificity(), m:f1(), m:accuracies(), m:support()
  local rows, classes = {}, text.told_apart(m:shown_names())
  for class = 1, m.size do
    rows[class] = {classes[class], percent(r[class]), percent(p[class]), percent(s[class]), percent(f[class]),
                   percent(a[class]), text.value("%.4f", each.auc[class]), tostring(support[class])}
  end
  local macro = m:macro()
  rows[#rows + 1] = {("mean of %d classes"):format(macro.classes), percent(macro.recall), percent(macro.precision),
                     percent(macro.specificity),
                     percent(macro.f1), percent(macro.accuracies), text.value("%.4f", each.mean_auc),
                     tostring(m:total())}
  doc:table({"class", "recall", "precision", "specificity", "F1", "accuracy", "AUC", "images"}, rows)
  local absent = m:about_absent()
  if absent then
    doc:paragraph(("In these test images there is %s; n/a stands where there is nothing to measure."):format(absent))
  end
  if each.mean_auc ~= each.mean_auc then return end  -- no class has a curve
  draw("roc_" .. key, "ROC, each class against the rest and their mean, of " .. name, function(file)
    local series = {}
    for class, curve in ipairs(each.roc) do
      series[class] = {fpr = curve.fpr, tpr = curve.tpr, auc = each.auc[class], name = classes[class]}
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
  local classes = m:shown_names()
  return classes[a], classes[b], most
end

-- "resnet", 20: networks of one family differ in depth.
local function family(run)
  local kind, depth = (run.config.model or run.name):match("^(%a+)(%d+)$")
  return kind, tonumber(depth)
end

local function discussion(doc, all)
  doc:heading("Discussion")
  local says = {}
  local order = {table.unpack(all)}
  for i = #order, 1, -1 do  -- an error that is not a number is neither the lowest nor the highest
    if order[i].summary.final ~= order[i].summary.final then table.remove(order, i) end
  end
  table.sort(order, function(a, b) return a.summary.final < b.summary.final end)
  if #order > 1 then
    local first, last = order[1], order[#order]
    says[#says + 1] = ("%s has the lowest final test error (%s), %s the highest (%s)."):format(first.run.name,
      points(first.summary.final), last.run.name, points(last.summary.final))
  end
  for _, each in ipairs(all) do
    local s = each.summary
    if s.final_train then
      says[#says + 1] = ("%s: test error %s, training error %s, a gap of %s points."):format(
        each.run.name, points(s.final), points(s.final_train), text.value("%.2f", s.final - s.final_train))
    else
      says[#says + 1] = ("%s: test error %s; it was trained on mixed images, which have no training error."):format(
        each.run.name, points(s.final))
    end
    if s.final_averaged then
      says[#says + 1] = ("%s: with averaged weights the test error is %s after the last epoch; the network that is "
                         .. "measured here is the averaged one of epoch %d."):format(each.run.name,
                         points(s.final_averaged), s.kept_epoch)
    end
    local kind, depth = family(each.run)
    for _, other in ipairs(all) do
      local other_kind, other_depth = family(other.run)
      local both = s.final_train and other.summary.final_train
      if kind and kind == other_kind and other_depth > depth and each.data == other.data and both then
        local deeper, shallower = other.summary.final_train, s.final_train
        says[#says + 1] = ("From %s to %s the training error %s from %s to %s%s."):format(each.run.name, other.run.name,
          deeper > shallower and "rises" or deeper < shallower and "falls" or "stays", points(shallower),
          points(deeper),
          deeper > shallower and ": the deeper network fits the training images worse" or "")
      end
    end
    local a, b, n
    if each.confusion and each.confusion.size > 1 then a, b, n = worst_pair(each.confusion) end
    if n and n > 0 then
      says[#says + 1] = ("%s confuses %s and %s most often (%d images)."):format(each.run.name, a, b, n)
    end
  end
  doc:list(says)
  doc:gap(("why is it so? What do %s add to the numbers?"):format(all[1].confusion
          and "the curves, the confusion matrix and the ROC curves" or "the curves"))
  doc:gap("what would you try next, and what do you expect of it?")
end

-- Names of runs that no other has, with keys for the names of files, and the data sets by name.
local function tell_apart(all)
  local runs, each_name = {}, {}
  for i, each in ipairs(all) do runs[i] = each.run end
  local sets = named.data(runs)
  for i, run in ipairs(named.apart(runs)) do all[i].run, each_name[i] = run, run.name end
  local keys = text.file_keys(each_name)
  for i, each in ipairs(all) do each.key, each.data = keys[i], sets[i] end
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
  tell_apart(all)
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
    evaluation.section(doc, runs, draw)
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
