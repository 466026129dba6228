--- The report of one or several runs, in the sections of a lab report.
--
--     report.write({"runs/resnet20", "runs/plain20"}, {out = "report.html"})
--
-- Introduction; experiment set-up (networks, hyper-parameters); results (comparison, curves, final test error, for each
-- run the confusion matrix, measures by class, ROC); discussion: what the numbers say, and gaps for the
-- reader's own words. Every sentence with a number is computed from the runs.
local check      = require "resmoon.base.check"
local sys        = require("resmoon.core").sys
local config     = require "resmoon.train.config"
local Document   = require "resmoon.report.document"
local evaluation = require "resmoon.report.evaluation"
local measure    = require "resmoon.report.measure"
local plot       = require "resmoon.plot"
local compare    = require "resmoon.train.compare"
local discussion = require "resmoon.report.discussion"
local kept       = require "resmoon.train.kept"
local named      = require "resmoon.runs.named"
local setting    = require "resmoon.runs.setting"
local settings   = require "resmoon.runs.settings"
local tables     = require "resmoon.models.tables"
local text       = require "resmoon.base.text"
local network_of = require "resmoon.train.network_of"
local verdict    = require "resmoon.train.verdict"

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

-- What the report of a lab has of its own: options.headings, other words for a heading; options.hooks, functions of the
-- document by what they follow: title, introduction, networks, settings, comparison, runs, discussion.
local function heading(doc, options, words, level)
  return doc:heading(options.headings and options.headings[words] or words, level)
end

local function own(doc, options, part)
  local hook = options.hooks and options.hooks[part]
  if hook then hook(doc) end
end

local function introduction(doc, all, options)
  heading(doc, options, "Introduction")
  own(doc, options, "title")
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
  own(doc, options, "introduction")
end

local function text_of(value)
  if value == nil then return "" end
  if type(value) == "table" and #value == 0 then return setting.text(value) end
  if type(value) == "table" then
    local parts = {}
    for i, each in ipairs(value) do
      parts[i] = math.type(each) == "float" and text.format("%.4g", each) or tostring(each)
    end
    return table.concat(parts, ", ")
  end
  if type(value) == "boolean" then return value and "on" or "off" end
  return math.type(value) == "float" and text.format("%g", value) or tostring(value)
end

-- A setting as the table has it: what a run makes no use of is left out, and the lowest momentum of a cycle is said
-- where it was not given.
local function setting_text(name, c)
  if not settings.used(name, c) then return "" end
  if name == "base_momentum" then return text_of(select(2, config.momenta(c))) end
  return text_of(c[name])
end

local function setup(doc, all, options)
  heading(doc, options, "Experiment set-up")
  heading(doc, options, "Networks", 3)
  local rows, notes = {}, {}
  for i, each in ipairs(all) do
    local c = each.run.config
    local ok, net = pcall(network_of, each.run.folder, c)
    rows[i] = {each.run.name, ok and tostring(tables.depth(net)) or text.NONE, text.grouped(c.parameters or 0),
               ok and ("%.1f"):format(net:summary(c.input).macs / 1e6) or text.NONE}
    if not ok then notes[#notes + 1] = tostring(net) end
  end
  doc:table({"network", "layers with weights", "parameters", "10^6 multiply-accumulates per image"}, rows)
  for _, note in ipairs(notes) do doc:paragraph(note) end
  own(doc, options, "networks")
  heading(doc, options, "Hyper-parameters", 3)
  local head, lines = {"setting"}, {}
  for _, each in ipairs(all) do head[#head + 1] = each.run.name end
  for _, name in ipairs(settings.reported()) do
    local line, any = {name}, false
    for i, each in ipairs(all) do
      line[i + 1] = setting_text(name, each.run.config)
      any = any or line[i + 1] ~= ""
    end
    if any then lines[#lines + 1] = line end
  end
  doc:table(head, lines)
  own(doc, options, "settings")
  doc:paragraph("Hardware of this report: " .. measure.hardware() .. ".")
end

-- The hashes of the weights that training ended with, of the runs that have one: the first 16 digits, which tell.
local function hashes(all)
  local parts = {}
  for _, each in ipairs(all) do
    local hash = each.run.rows[#each.run.rows].hash
    if hash then parts[#parts + 1] = ("%s %s"):format(each.run.name, hash:sub(1, 16)) end
  end
  if #parts == 0 then return nil end
  return "Hash of the weights after the last epoch (resmoon hash), which the same version, seed, data and settings "
         .. "give everywhere: " .. table.concat(parts, ", ") .. "."
end

local function comparison(doc, all, draw, options)
  heading(doc, options, "Results")
  heading(doc, options, "Comparison", 3)
  local rows, runs, fits = {}, {}, false
  for i, each in ipairs(all) do
    local s = each.summary
    fits = fits or s.final_train ~= nil
    runs[i] = each.run
    rows[i] = {each.run.name, tostring(s.epochs), text.value("%.4f", s.final_loss), points(s.final_train),
               points(s.final), kept(each.run, s) or text.NONE,
               compare.duration(s.seconds)}
  end
  doc:table({"network", "epochs", "training loss", "training error", "final test error", "best (epoch)", "time"}, rows)
  local known = hashes(all)
  if known then doc:paragraph(known) end
  local chosen = verdict.chosen(runs)
  if chosen then doc:paragraph(chosen) end
  local errors = fits and "test error (solid) with training error (dashed)" or "test error"
  draw("curves", "training loss, and " .. errors, function(file)
    return plot.curves(runs, {file = file})
  end)
  own(doc, options, "comparison")
end

local function of_run(doc, each, draw)
  local name, m, key = each.run.name, each.confusion, each.key
  doc:heading(name, 3)
  doc:paragraph(text.format("On %s test images of %s the best checkpoint (epoch %s%s) has top-1 %s, top-3 %s, "
                            .. "top-5 %s, loss %s, macro AUC %s.",
                text.grouped(each.images), each.tested_on, tostring(each.summary.kept_epoch or "?"),
                (each.run.config.ema or 0) > 0 and ", averaged weights" or "", percent(each.top[1]),
                percent(each.top[2]), percent(each.top[3]), text.value("%.4f", each.loss),
                text.value("%.4f", each.mean_auc)))
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
-- the logs alone), evaluation (true: the evaluation report's table and figures too), headings (other words for some,
-- {Results = "3. Results"}), hooks (functions of the document, which add what a lab has of its own: title,
-- introduction, networks, settings, comparison, runs, discussion, by what they follow).
-- Errors: raises for a folder that holds no run, or one without a finished epoch.
function report.add(doc, paths, options)
  check("report.add(document: table, runs: table, options: table?)", doc, paths, options)
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
  introduction(doc, all, options)
  setup(doc, all, options)
  comparison(doc, all, draw, options)
  if options.evaluation then
    local runs = {}
    for i, each in ipairs(all) do runs[i] = each.run end
    evaluation.section(doc, runs, draw)
  end
  for _, each in ipairs(all) do
    if each.confusion then of_run(doc, each, draw) end
  end
  own(doc, options, "runs")
  discussion(doc, all, function(words) heading(doc, options, words) end, function() own(doc, options, "discussion") end)
end

--- Writes the report of some runs: an HTML page with everything in it, and beside it Markdown with its figures as SVG.
-- paths: folders of runs. options: out ("report.html"), title, data (folder, instead of that of each run),
-- evaluate (false: from the logs alone), evaluation (true: the evaluation report's table and figures too),
-- headings and hooks (as of report.add).
-- Returns the paths of page and Markdown. Without gnuplot the figures are left out, which is said on stderr.
-- Errors: raises for a folder that holds no run, or one without a finished epoch.
function report.write(paths, options)
  check("report.write(runs: table, options: table?)", paths, options)
  options = options or {}
  local out = options.out or "report.html"
  local base = out:gsub("%.html$", "")
  local home = base:match "^(.*)/"
  if home then sys.mkdir_p(home) end
  local doc = Document(options.title)
  report.add(doc, paths, {base = base, data = options.data, evaluate = options.evaluate,
                          evaluation = options.evaluation, headings = options.headings,
                          hooks = options.hooks})
  return doc:write(out)
end

return report
