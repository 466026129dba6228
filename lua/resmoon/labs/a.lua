--- Lab A: ResNet-18 and -50 against their plain counterparts.
--
-- The question of lab A: what do shortcuts do for a network of 18 and of 50 layers? Four networks are trained in the
-- same way; their loss curves stand in one figure, and for each one the final test error, the confusion
-- matrix, measures by class, ROC curves and the grade.
-- Source: He et al. 2016, arXiv:1512.03385, figures 1 and 4, on CIFAR-10 with a 3x3 stem.
local lab   = require "resmoon.labs.lab"
local train = require "resmoon.train"

local MODELS = {"resnet18", "plain18", "resnet50", "plain50"}

local about = {
  name = "lab_a",
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

local function run(args)
  local settings = lab.settings(args, about)
  local sets = {train.config.open(train.config.complete(settings))}
  -- The sheet's mean and deviation are those of CIFAR-10; other images have their own.
  if sets[1].name ~= "cifar10" then settings.mean, settings.std = nil, nil end
  local runs = train.several(lab.jobs(args.models or MODELS, settings), {folder = args.run, sets = sets})
  if not runs then return nil end
  lab.finish(runs, args.run, {title = "Lab A: residual and plain networks"})
  return {runs = runs}
end

return {about = about, run = run}
