--- Lab E, what is to be trained: every activation with every initialization, variations of one setting, networks.
--
-- A plan has jobs, for train.several, and groups of runs that stand in one figure: {key =, caption =, panels =
-- {{title =, names =, labels =}}, says = f()}. A name stands for one job (its place), however often it is asked for.
local config     = require "resmoon.train.config"
local evaluation = require "resmoon.report.evaluation"
local folder     = require "resmoon.runs.folder"

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
local function variations(base, c)
  local epochs = base.epochs
  return {
    {"weight_decay", "weight decay 0.001", {weight_decay = 1e-3}},
    -- The sheet restricts the square of the norm, max_norm the norm itself.
    {"weight_restriction", ("weight restriction ||w||^2 < %g (norm up to %.4g)"):format(c, math.sqrt(c)),
     {max_norm = math.sqrt(c)}},
    {"step_decay", "step decay", {schedule = "step", step_size = math.max(1, epochs // 4), gamma = 0.5}},
    {"early_stopping", "early stopping", {early_stop = math.max(3, epochs // 6)}},
    {"not_standardized", "no standardization", {standardize = false}},
  }
end

local Plan = {}
Plan.__index = Plan

-- What the sheet has.
Plan.models      = {"mlp", "lenet5", "resnet32"}
Plan.activations = {"sigmoid", "tanh", "relu", "leaky_relu", "maxout", "elu"}
Plan.inits       = {"xavier_normal", "he"}
Plan.parts       = {"blanks", "xor", "activations", "variations", "search"}

--- A plan for what was asked for.
function Plan.new(args) return setmetatable({args = args, jobs = {}, place = {}, groups = {}, small = {}}, Plan) end

--- Adds a run, unless it is there. Returns its name.
function Plan:add(name, settings)
  if not self.place[name] then
    table.insert(self.jobs, {name = name, settings = settings})
    self.place[name] = #self.jobs
  end
  return name
end

-- Settings with an activation; leaky relu has the slope of the sheet, or that which was given.
function Plan:activated(settings, activation)
  return config.with(settings, {activation = activation,
                                leaky_slope = activation == "leaky_relu" and self.slope or nil})
end

function Plan:compare_activations(model, base)
  local group = {key = "activations_" .. model, caption = "activations and initializations of " .. model, panels = {}}
  for k, init in ipairs(self.args.inits or Plan.inits) do
    local panel = {title = ("%s, %s"):format(model, init), names = {}, labels = {}}
    for i, activation in ipairs(self.args.activations or Plan.activations) do
      local settings = self:activated(config.with(base, {model = model, init = init}), activation)
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
  local list = variations(base, self.args.weight_restriction)
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
  local parts = self.args.parts or Plan.parts
  self.slope = settings.leaky_slope
  -- The report has the figures of so many runs.
  local base = config.with(without(settings, "width", "shortcut", "block", "blocks", "stem", "norm", "stochastic_depth",
                                   "leaky_slope"),
                           {init = settings.init or "he", drawing = {}})
  base = self:activated(base, settings.activation or "relu")
  self.base = base
  local networks, varied = {}, false
  for _, model in ipairs(self.args.models or Plan.models) do
    if model ~= "mlp" and model ~= "lenet5" then
      networks[#networks + 1] = self:add(model, config.with(without(deep, "activation", "leaky_slope"),
                                                            {model = model, init = deep.init or "he"}))
    else
      if chosen(parts, "activations") then self:compare_activations(model, base) end
      local own = config.with(base, {model = model})
      local name = self:add(("%s_%s_%s"):format(model, own.activation, own.init), own)
      self.small[#self.small + 1] = model
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

return Plan
