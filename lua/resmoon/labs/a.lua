--- Lab A: ResNet-18 and -50 against their plain counterparts.
--
-- The question of lab A: what do shortcuts do for a network of 18 and of 50 layers? Four networks are trained in the
-- same way; the loss curves of each depth stand in one figure, and for each network the final test error, the confusion
-- matrix, measures by class, ROC curves and the grade. The report has the four parts of the sheet, with their weights.
-- Source: He et al. 2016, arXiv:1512.03385, figures 1 and 4, on CIFAR-10 with a 3x3 stem.
local architecture = require "resmoon.labs.architecture"
local folder = require "resmoon.runs.folder"
local grade  = require "resmoon.labs.grade"
local lab    = require "resmoon.labs.lab"
local plot   = require "resmoon.plot"
local tables = require "resmoon.models.tables"
local text   = require "resmoon.base.text"

local MODELS = {"resnet18", "plain18", "resnet50", "plain50"}

local about = {
  name = "lab_a",
  follows = "sheet 000, \"lab: ResNet-18/50 on CIFAR-10\"",
  text = "Trains ResNet-18, plain-18, ResNet-50 and plain-50 alike; draws their losses in one figure and writes a "
         .. "report with confusion matrices, measures by class, ROC curves and the lab's grade.",
  -- Kaiming-normal weights, shift by up to 4 pixels and mirroring (of digits none) are what training does by itself.
  sheet = {
    epochs = 164, batch_size = 128, optimizer = "sgd", lr = 0.1, momentum = 0.9, weight_decay = 1e-4,
    schedule = "multistep", gamma = 0.1,
    mean = {0.4914, 0.4824, 0.4467}, std = {0.2471, 0.2435, 0.2616},
  },
  embedded = {
    train_size = 12000, test_size = 2000, size = 16, width = 16, epochs = 8, batch_size = 32, optimizer = "sgd",
    lr = 0.05, momentum = 0.9, weight_decay = 5e-4, schedule = "onecycle", augment = false,
  },
  example = "  resmoon lab_a\n  resmoon lab_a --data ~/data --epochs 30 --models resnet18 plain18",
  options = {
    {"--models", "networks to train (default " .. table.concat(MODELS, " ") .. ")", args = "+", argname = "NAME"},
  },
}

-- The parts of the report and their weights, as the sheet has them.
local HEADINGS = {
  Introduction = "Introduction (20 %)", ["Experiment set-up"] = "Experiment set-up (20 %)",
  Networks = "A. Model details", ["Hyper-parameters"] = "B. Hyper-parameters",
  Results = "Results (40 %)", Comparison = "A. Comparison", Discussion = "Discussion (20 %)",
}

-- The networks of the sheet's table, for ImageNet.
local PAPER = {"resnet18", "resnet34", "resnet50", "resnet101", "resnet152"}

local hooks = {}

function hooks.introduction(doc)
  doc:gap("how does a ResNet avoid degradation? What does a block have to learn where its input goes around it, and "
          .. "what would it have to learn without that, to give its input back unchanged?")
end

function hooks.networks(runs)
  return function(doc)
    doc:paragraph("The networks of the paper for ImageNet, computed from the networks themselves, with the paper's "
                  .. "FLOPs in the last row.")
    architecture.table(doc, tables.architecture_rows(PAPER))
    doc:paragraph(tables.counting)
    architecture.of_runs(doc, runs)
  end
end

function hooks.settings(doc)
  doc:paragraph("Loss: cross-entropy of the scores; it has the softmax in itself, and none stands before it. Weights "
                .. "at the start: Kaiming normal over fan_out. With augment on, training images get 4 zeros on each "
                .. "side, are cut to their size again at a random place, and mirrored with probability 0.5.")
end

-- Rows of the table of final test errors and grades.
local function graded(runs)
  local rows = {}
  for i, path in ipairs(runs) do
    local run = folder.read(path)
    local final = folder.summary(run).final
    local percent, row = grade.of(100 - final)
    rows[i] = {run.name, text.value("%.2f%%", final), text.value("%.2f%%", 100 - final), row,
               percent and ("%d %%"):format(percent) or text.NONE}
  end
  return {"network", "final test error", "accuracy", "falls into", "grade"}, rows
end

function hooks.comparison(runs)
  return function(doc)
    local head, rows = graded(runs)
    doc:heading("B. Final test error, and grade", 3)
    doc:table(head, rows)
    doc:paragraph("It is the error after the last epoch, which no image of the test set chose. " .. grade.says)
  end
end

-- A figure for each number of layers of which there are networks.
local function figures(runs, models)
  local list, by_depth = {}, {}
  for i, model in ipairs(models) do
    local depth = model:match "%d+$" or model
    if not by_depth[depth] then
      local group = {}
      by_depth[depth] = group
      local caption = ("%s layers: training loss, and test error with training error"):format(depth)
      list[#list + 1] = {"layers_" .. depth, caption, function(files)
        return plot.curves(group, {file = files, title = depth .. " layers"})
      end}
    end
    table.insert(by_depth[depth], runs[i])
  end
  return list
end

local function run(args)
  local settings, models = lab.settings(args, about), args.models or MODELS
  local sets, note = lab.open(settings, args, about)
  local runs = lab.train(lab.jobs(models, settings), args, sets)
  if not runs then return nil end
  lab.finish(runs, args.run, about, {
    title = "Lab A: residual and plain networks", notes = {note}, headings = HEADINGS, figures = figures(runs, models),
    hooks = {introduction = hooks.introduction, networks = hooks.networks(runs), settings = hooks.settings,
             comparison = hooks.comparison(runs)},
  })
  local head, rows = graded(runs)
  table.insert(rows, 1, head)
  print("\n" .. table.concat(text.columns(rows), "\n"))
  return {runs = runs}
end

return {about = about, run = run}
