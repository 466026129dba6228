--- The evaluation report: a table of settings and what came of them, and the validation accuracy of each.
--
--     evaluation.lines(runs)                                    the table as text
--     evaluation.write(runs, {out = "evaluation.html"})         a page, and Markdown beside it
--
-- A run is what train.folder.read gives. The columns are those of the lab. What a run has of other settings (weight
-- restriction, pixels that are not standardized, augmentation, ...) stands behind its model.
local core     = require "resmoon.core"
local config   = require "resmoon.train.config"
local Document = require "resmoon.report.document"
local folder   = require "resmoon.runs.folder"
local named    = require "resmoon.runs.named"
local plot     = require "resmoon.plot"
local settings = require "resmoon.runs.settings"
local text     = require "resmoon.base.text"
local verdict  = require "resmoon.train.verdict"

local evaluation = {}

local function number(x) return ("%.4g"):format(x) end

--- Minutes of some seconds as text: two digits of less than a tenth of one, which otherwise would be none.
function evaluation.minutes(seconds)
  local m = seconds / 60
  return (m < 0.1 and "%.2g" or "%.2f"):format(m)
end

-- What makes this run another one and has no column: "mlp (max-norm 3)".
local function model(c)
  local marks = settings.marks(c)
  return c.model .. (#marks > 0 and (" (%s)"):format(table.concat(marks, ", ")) or "")
end

local function momentum(c)
  if c.optimizer == "rmsprop" then return "-" end
  if (c.schedule == "onecycle" or c.schedule == "cyclic") and c.cycle_momentum then
    local high, low = config.momenta(c)
    return ("%s%g to %g"):format(c.optimizer == "sgd" and "" or "beta1 ", high, low)
  end
  if c.optimizer ~= "sgd" then return "beta1 0.9" end
  return number(c.momentum) .. (c.nesterov and " (Nesterov)" or "")
end

local decays = {
  multistep = function(c)
    return #c.milestones > 0 and ("x%g at %s"):format(c.gamma, table.concat(c.milestones, ", ")) or "none"
  end,
  step     = function(c) return ("x%g every %d"):format(c.gamma, c.step_size) end,
  onecycle = function() return "one-cycle" end,
  cyclic   = function(c)
    return ("cyclic from %g, half a cycle %d epochs (%s)"):format(c.base_lr, c.step_size, c.cycle_mode)
  end,
  lambda   = function() return "by a function" end,
  cosine   = function() return "cosine" end,
  constant = function() return "none" end,
}

local function decay(c)
  return decays[c.schedule](c) .. (c.warmup and c.warmup > 0 and (", warm-up %g"):format(c.warmup) or "")
end

-- The epoch after which a run was stopped since no better one had come, or nil.
local function stopped_at(run, summary)
  local patience, last = run.config.early_stop or 0, run.rows[#run.rows].epoch
  return patience > 0 and summary.kept_epoch and last - summary.kept_epoch >= patience and last or nil
end

-- Name, and text of a run: of its config c, its summary s.
local columns = {
  {"model",                   function(c) return model(c) end},
  {"device",                  function(c) return c.device or "-" end},
  {"GPU (O/X)",               function() return "X" end},   -- there is no training on one
  {"batch size",              function(c) return tostring(c.batch_size) end},
  {"activation",              function(c) return c.activation or "relu" end},
  {"initialization",          function(c) return c.init or "own" end},
  {"optimizer",               function(c) return c.optimizer end},
  {"rate",                    function(c) return number(c.max_lr or c.lr) end},
  {"momentum",                function(c) return momentum(c) end},
  {"weight decay",            function(c) return number(c.weight_decay) end},
  {"rate decay",              function(c) return decay(c) end},
  {"training time (min)",     function(_, s) return evaluation.minutes(s.seconds) end},
  {"early-stopping epoch",    function(_, s, run) return tostring(stopped_at(run, s) or "-") end},
  {"accuracy (%)",            function(_, s)
    return s.kept < math.huge and ("%.2f"):format(100 - s.kept) or text.NONE
  end},
}

local SETTINGS = 11  -- columns that settings decide

-- Runs whose settings read alike (another seed, another data set) are told apart by their names.
local function name_alike(runs, rows)
  local keys, count, names = {}, {}, named.names(runs)
  for i, row in ipairs(rows) do
    keys[i] = table.concat(row, "\0", 1, SETTINGS)
    count[keys[i]] = (count[keys[i]] or 0) + 1
  end
  for i, row in ipairs(rows) do
    if count[keys[i]] > 1 and row[1] ~= names[i] then row[1] = ("%s: %s"):format(names[i], row[1]) end
  end
end

--- Head and rows of the table: lists of texts. Errors: raises for a run without a finished epoch.
function evaluation.table(runs)
  local head, rows = {}, {}
  for k, column in ipairs(columns) do head[k] = column[1] end
  for i, run in ipairs(runs) do
    if #run.rows == 0 then error(("report: %s has no finished epoch"):format(run.folder or run.name), 0) end
    local summary = folder.summary(run)
    rows[i] = {}
    for k, column in ipairs(columns) do rows[i][k] = column[2](run.config, summary, run) end
  end
  name_alike(runs, rows)
  return head, rows
end

--- The table for a screen: what is the same in all rows stands above, the rest in columns.
function evaluation.lines(runs)
  local head, rows = evaluation.table(runs)
  local lines, kept = {}, {}
  for k, name in ipairs(head) do
    local same = #rows > 1 and k < #head   -- the accuracy always stands in its line
    for _, row in ipairs(rows) do same = same and row[k] == rows[1][k] end
    if same then lines[#lines + 1] = ("%s: %s"):format(name, rows[1][k]) else kept[#kept + 1] = k end
  end
  local cells = {}
  for i, row in ipairs {head, table.unpack(rows)} do
    cells[i] = {}
    for j, k in ipairs(kept) do cells[i][j] = row[k] end
  end
  if #lines > 0 then lines = {"in all of them: " .. table.concat(lines, "; "), ""} end
  return table.move(text.columns(cells), 1, #cells + 1, #lines + 1, lines)
end

-- Which images decided, and which were counted.
local function measured(runs)
  local with = 0
  for _, run in ipairs(runs) do with = with + (run.rows[1].val_error and 1 or 0) end
  local says = "Training time includes the looks at validation and test images. Accuracy is that of the test images, "
               .. "with the weights of the epoch that was best on "
  if with == #runs then return says .. "the validation images; so the test images chose nothing." end
  if with == 0 then return says .. "the same images, for want of validation images: it is somewhat too good." end
  return says .. "the validation images; where a run has none, on the test images, which makes it somewhat too good."
end

local function extremes(runs)
  return verdict.runs(runs, verdict.kept, {accuracy = true, what = "%s accuracy"})
end

-- A run as verdict compares it: the accuracy of the network that it has kept.
local function entry(run, name)
  local err, split = verdict.kept(run)
  return err and {name = name, rate = 100 - err, images = verdict.images(run, split)}
end

--- Sentences on a panel {runs =, labels =}: the accuracies in order, and which of them the first is told from by more
-- than chance.
function evaluation.ranking(panel)
  local entries, without = {}, {}
  for i, run in ipairs(panel.runs) do
    local label = panel.labels[i]
    local made = entry(run, label)
    if made then entries[#entries + 1] = made else without[#without + 1] = label end
  end
  local says = #entries > 1 and verdict.ranking(entries, {what = "accuracy", high = true, on = "test images"}) or {}
  if #entries == 1 then says[1] = ("%s %.2f%%."):format(entries[1].name, entries[1].rate) end
  if #without > 0 then says[#says + 1] = ("No accuracy: %s."):format(table.concat(without, ", ")) end
  return says
end

--- A sentence, without its full stop, on a run beside the one that it varies, which is called base_label or by its
-- name: "weight decay 0.001: 41.20%, +0.70 points against mlp_relu_he (undecided: within two standard errors of 1.55)".
function evaluation.variation(label, run, base, base_label)
  local made, first = entry(run, label), entry(base, base_label or base.name)
  if not (made and first) then return ("%s: no accuracy to compare"):format(label) end
  return ("%s: %s"):format(label, verdict.against(made, first))
end

local OWN = "Initialization \"own\": uniform up to 1 / sqrt(fan_in) for linear layers and LeNet-5, He's over fan_out "
            .. "for the convolutions of residual networks."

local FEW = 8  -- runs that one panel can hold

local DEVICE = 2   -- its column

-- The table without its column of devices where all of them are the same, which makes it narrower, and that device.
local function without_device(head, rows)
  for _, row in ipairs(rows) do
    if row[DEVICE] ~= rows[1][DEVICE] then return head, rows end
  end
  local function cut(list)
    local copy = {table.unpack(list)}
    table.remove(copy, DEVICE)
    return copy
  end
  local narrow, same = {}, rows[1][DEVICE]
  for i, row in ipairs(rows) do narrow[i] = cut(row) end
  local short = cut(head)
  return short, narrow, same
end

-- The table, and a figure with a panel for each setting among all the others.
-- draw(key, caption, make): adds the figure that make(file) draws.
-- groups: list of {key =, caption =, panels = as plot.accuracy takes them, says = sentences}: figures of some runs.
function evaluation.section(doc, runs, draw, groups)
  doc:heading("Evaluation")
  runs = named.apart(runs)
  local head, rows = evaluation.table(runs)
  local device
  if #runs > 1 then head, rows, device = without_device(head, rows) end
  doc:table(head, rows)
  if device then doc:paragraph(("Device of all of them: %s."):format(device)) end
  doc:paragraph(measured(runs))
  for _, run in ipairs(runs) do
    if not run.config.init then
      doc:paragraph(OWN)
      break
    end
  end
  for _, group in ipairs(groups or {}) do
    doc:heading(group.caption, 3)
    draw(group.key, "validation accuracy: " .. group.caption, function(file)
      return plot.accuracy(group.panels, {file = file})
    end)
    if #group.says > 0 then doc:list(group.says) end
  end
  if not groups and #runs > 1 and #runs <= FEW then
    draw("accuracy", "validation accuracy of all settings", function(file)
      return plot.accuracy(runs, {file = file})
    end)
  end
  local panels = {}
  for i, run in ipairs(runs) do panels[i] = {title = run.name, runs = {run}, behind = runs} end
  draw("settings", "validation accuracy of each setting, before all others in gray", function(file)
    return plot.accuracy(panels, {file = file})
  end)
  if #runs > 1 then doc:list(extremes(runs)) end
end

--- Writes the evaluation report alone: an HTML page, and Markdown with its figures as SVG beside it.
-- options: out ("evaluation.html"), title, groups (as of section), about (sentences at the beginning), before and after
-- (functions of the document, and of draw as section has it: what else stands in front of the evaluation and behind
-- it).
-- Returns the paths of both.
function evaluation.write(runs, options)
  local out = options.out or "evaluation.html"
  local base = out:gsub("%.html$", "")
  local home = base:match "^(.*)/"
  if home then core.sys.mkdir_p(home) end
  local doc = Document(options.title or "Evaluation report")
  for _, sentence in ipairs(options.about or {}) do doc:paragraph(sentence) end
  local function draw(key, caption, make)
    local file = ("%s_%s.svg"):format(base, key)
    if make(file) then doc:figure(file, caption) end
  end
  if options.before then options.before(doc, draw) end
  evaluation.section(doc, runs, draw, options.groups)
  if options.after then options.after(doc, draw) end
  doc:gap("why is it so? Which differences are larger than chance?")
  return doc:write(out)
end

return evaluation
