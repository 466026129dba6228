--- Lab E: activations, initializations and regularization of an MLP and LeNet-5, and ResNet-32.
--
-- The questions of lab E: what do activation and initialization do for a perceptron and a small convolutional
-- network? What do weight decay, weight restriction, step decay, early stopping and standardization add to one
-- setting? And how far is a ResNet-32 ahead of both? Every setting is a run of its own; the evaluation report has one
-- line for each, and the figures their accuracy on the validation images.
-- Sources: Glorot and Bengio 2010; He et al. 2015, arXiv:1502.01852; He et al. 2016, arXiv:1512.03385, section 4.2.
local known      = require("resmoon.models.activation").names
local config     = require "resmoon.train.config"
local evaluation = require "resmoon.report.evaluation"
local folder     = require "resmoon.runs.folder"
local lab        = require "resmoon.labs.lab"
local metrics    = require "resmoon.metrics"
local rm         = require "resmoon"
local text       = require "resmoon.base.text"

local inits = {"xavier_normal", "he"}   -- of the sheet
local activations = {"sigmoid", "tanh", "relu", "leaky_relu", "maxout", "elu"}

local about = {
  name = "lab_e",
  text = "Trains an MLP and LeNet-5 with every activation and initialization; varies one setting of the first of them: "
         .. "weight decay, weight restriction, step decay, early stopping, standardization; trains ResNet-32. Prints "
         .. "the evaluation report and writes it with the validation accuracy of each setting.\nResNet-32 and other "
         .. "residual networks have settings of their own: with --data 164 epochs, rate 0.1, weight decay 1e-4, "
         .. "multistep and augmentation (digits are not mirrored); else 5 epochs of Adam, rate 0.003, one-cycle.",
  sheet = {
    epochs = 30, batch_size = 128, optimizer = "sgd", lr = 0.01, momentum = 0.9, weight_decay = 0.0,
    schedule = "constant", augment = false, val_split = 0.1,
  },
  embedded = {
    train_size = 8000, test_size = 2000, size = 16, epochs = 8, batch_size = 32, optimizer = "sgd", lr = 0.01,
    momentum = 0.9, weight_decay = 0.0, schedule = "constant", augment = false, val_split = 0.15,
  },
  example = "  resmoon lab_e\n  resmoon lab_e --models mlp --activations relu elu maxout --parts activations\n"
            .. "  resmoon lab_e --data ~/data/mnist --models mlp lenet5 --train-size 20000 --epochs 10\n"
            .. "  resmoon lab_e --data ~/data --models resnet32 --epochs 15 --schedule onecycle --lr 0.4",
  options = {
    {"--models", "networks: mlp, lenet5, and residual ones (default mlp lenet5 resnet32)", args = "+",
     argname = "NAME"},
    {"--activations", "which to compare (default " .. table.concat(activations, " ") .. ")", args = "+",
     argname = "NAME", choices = known},
    {"--inits", "initializations to compare (default " .. table.concat(inits, " ") .. ")", args = "+",
     argname = "NAME", choices = config.inits},
    {"--parts", "activations: each with each initialization; variations: of one setting (default both)", args = "+",
     argname = "PART", choices = {"activations", "variations"}},
  },
}

local residual = {
  sheet = {epochs = 164, lr = 0.1, weight_decay = 1e-4, schedule = "multistep"},
  embedded = {epochs = 5, optimizer = "adam", lr = 0.003, schedule = "onecycle"},
}

-- Settings without some of them.
local function without(settings, ...)
  local c = config.with(settings)
  for _, name in ipairs {...} do c[name] = nil end
  return c
end

local function chosen(list, word)
  for _, each in ipairs(list) do
    if each == word then return true end
  end
  return false
end

-- What differs from the base setting, one thing at a time: {name of the run, what is said of it, settings}.
local function variations(base)
  local epochs = base.epochs
  return {
    {"weight_decay", "weight decay 0.001", {weight_decay = 1e-3}},
    {"weight_restriction", "weight restriction to 1.5", {max_norm = 1.5}},
    {"step_decay", "step decay", {schedule = "step", step_size = math.max(1, epochs // 4), gamma = 0.5}},
    {"early_stopping", "early stopping", {early_stop = math.max(3, epochs // 6)}},
    {"not_standardized", "no standardization", {standardize = false}},
  }
end

-- What is to be done. args: what was asked for. jobs: for train.several; a name stands for one of them (its place),
-- however often it is asked for. groups: of runs that stand in one figure, {key =, caption =, panels = {{title =,
-- names =, labels =}}, says = f()}.
local Plan = {}
Plan.__index = Plan

function Plan.new(args) return setmetatable({args = args, jobs = {}, place = {}, groups = {}}, Plan) end

function Plan:add(name, settings)
  if not self.place[name] then
    table.insert(self.jobs, {name = name, settings = settings})
    self.place[name] = #self.jobs
  end
  return name
end

function Plan:compare_activations(model, base)
  local group = {key = "activations_" .. model, caption = "activations and initializations of " .. model, panels = {}}
  for k, init in ipairs(self.args.inits or inits) do
    local panel = {title = ("%s, %s"):format(model, init), names = {}, labels = {}}
    for i, activation in ipairs(self.args.activations or activations) do
      local settings = config.with(base, {model = model, activation = activation, init = init})
      panel.names[i], panel.labels[i] = self:add(("%s_%s_%s"):format(model, activation, init), settings), activation
    end
    group.panels[k] = panel
  end
  function group.says()
    local list = {}
    for _, panel in ipairs(group.panels) do
      for k, sentence in ipairs(evaluation.ranking(panel)) do
        list[#list + 1] = (k == 1 and panel.title .. ": " or "") .. sentence
      end
    end
    return list
  end
  self.groups[#self.groups + 1] = group
end

function Plan:compare_variations(model, base, name)
  local list = variations(base)
  local panel = {title = name, names = {name}, labels = {"base"}}
  for i, each in ipairs(list) do
    panel.names[i + 1] = self:add(("%s_%s"):format(model, each[1]), config.with(base, each[3]))
    panel.labels[i + 1] = each[2]
  end
  local group = {key = "variations", caption = "variations of one setting", panels = {panel}}
  function group.says()
    local sentences = {}
    for i, each in ipairs(list) do
      local run, first = panel.runs[i + 1], panel.runs[1]
      sentences[i] = ("%s; epoch %d of %d was kept."):format(evaluation.variation(each[2], run, first),
        folder.summary(run).kept_epoch, #run.rows)
    end
    return sentences
  end
  self.groups[#self.groups + 1] = group
end

-- Fills jobs and groups. settings: of MLP and LeNet-5; deep: of residual networks.
function Plan:make(settings, deep)
  local parts = self.args.parts or {"activations", "variations"}
  local base = config.with(without(settings, "width", "shortcut", "block"),
                           {activation = settings.activation or "relu", init = settings.init or "he",
                            drawing = {}})  -- the report has the figures of so many runs
  local networks, varied = {}, false
  for _, model in ipairs(self.args.models or {"mlp", "lenet5", "resnet32"}) do
    if model ~= "mlp" and model ~= "lenet5" then
      networks[#networks + 1] = self:add(model, config.with(without(deep, "activation"),
                                                            {model = model, init = deep.init or "he"}))
    else
      if chosen(parts, "activations") then self:compare_activations(model, base) end
      local own = config.with(base, {model = model})
      local name = self:add(("%s_%s_%s"):format(model, own.activation, own.init), own)
      if chosen(parts, "variations") and not varied then self:compare_variations(model, own, name) end
      varied, networks[#networks + 1] = true, name
    end
  end
  if #networks > 1 then
    local panel = {title = "networks", names = networks, labels = networks}
    self.groups[#self.groups + 1] = {key = "networks", caption = "the networks", panels = {panel},
                                     says = function() return evaluation.ranking(panel) end}
  end
end

-- Runs in the places of names, sentences in the places of functions.
function Plan:fill_groups(runs)
  for _, group in ipairs(self.groups) do
    for _, panel in ipairs(group.panels) do
      panel.runs = {}
      for i, name in ipairs(panel.names) do panel.runs[i] = runs[self.place[name]] end
    end
    group.says = group.says()
  end
end

-- One accuracy on n images, by chance alone.
local function chance(n)
  return ("Each setting was trained once. On %s test images an accuracy of 50%% has a standard error of %.1f points, "
          .. "one of 98%% of %.1f; a difference within two standard errors of its own is called undecided."):format(
          text.grouped(n), metrics.standard_error(50, n), metrics.standard_error(98, n))
end

local function run(args)
  local settings = lab.settings(args, about)
  local deep = lab.settings(args, {sheet = config.with(about.sheet, residual.sheet),
                                   embedded = config.with(about.embedded, residual.embedded)})
  local sets = {config.open(config.complete(settings))}
  local test = sets[2]
  -- What training does by itself: shifts, and mirroring but of digits.
  if args.augment == nil and not lab.is_embedded(deep) then deep.augment = nil end
  local plan = Plan.new(args)
  plan:make(settings, deep)
  local paths = rm.train.several(plan.jobs, {folder = args.run, sets = sets})
  if not paths then return nil end
  local runs = {}
  for i, path in ipairs(paths) do runs[i] = folder.read(path) end
  plan:fill_groups(runs)
  print("\n" .. table.concat(evaluation.lines(runs), "\n") .. "\n")
  for _, group in ipairs(plan.groups) do
    rm.plot.accuracy(group.panels)
    print(("%s:\n  %s\n"):format(group.caption, table.concat(group.says, "\n  ")))
    local file = ("%s/%s.png"):format(args.run, group.key)
    if rm.plot.accuracy(group.panels, {file = file}) then print("figure: " .. file) end
  end
  local page, markdown = evaluation.write(runs, {
    out = args.run .. "/evaluation.html", title = "Lab E: evaluation report", groups = plan.groups,
    about = {chance(test:size())},
  })
  print(("report: %s, %s"):format(page, markdown))
  return {runs = paths, report = page}
end

return {about = about, run = run}
