--- Lab E: activations, initializations and regularization of an MLP and LeNet-5, and ResNet-32.
--
-- The questions of lab E: what do activation and initialization do for a perceptron and a small convolutional
-- network? What do weight decay, weight restriction, step decay, early stopping and standardization add to one
-- setting? Which rate, weight decay and momentum are best for both? And how far is a ResNet-32 ahead of them? Every
-- setting is a run of its own; the evaluation report has one line for each, the figures their accuracy on the
-- validation images, and a table with the best setting of each network. XOR, and the blanks of the sheet, stand in
-- front.
-- Sources: Glorot and Bengio 2010; He et al. 2015, arXiv:1502.01852; He et al. 2016, arXiv:1512.03385, section 4.2.
local known      = require("resmoon.models.activation").names
local best_settings = require "resmoon.labs.best_settings"
local blanks     = require "resmoon.labs.blanks"
local architecture = require "resmoon.labs.architecture"
local config     = require "resmoon.train.config"
local Document   = require "resmoon.report.document"
local evaluation = require "resmoon.report.evaluation"
local folder     = require "resmoon.runs.folder"
local lab        = require "resmoon.labs.lab"
local metrics    = require "resmoon.metrics"
local Plan       = require "resmoon.labs.settings_plan"
local rm         = require "resmoon"
local text       = require "resmoon.base.text"
local three      = require "resmoon.labs.three_settings"
local xor        = require "resmoon.labs.xor"

local about = {
  name = "lab_e",
  follows = "sheet 004, \"class lab: XOR, MNIST, CIFAR-10 with MLP, LeNet-5, ResNet-32\"",
  text = "Trains an MLP and LeNet-5 with every activation and initialization; varies one setting of the first of them: "
         .. "weight decay, weight restriction, step decay, early stopping, standardization; trains ResNet-32. Prints "
         .. "the evaluation report and writes it with the validation accuracy of each setting.\nResNet-32 and other "
         .. "residual networks have settings of their own: with --data 164 epochs, rate 0.1, weight decay 1e-4, "
         .. "multistep and augmentation (digits are not mirrored); else 5 epochs of Adam, rate 0.003, one-cycle.",
  sheet = {
    epochs = 30, batch_size = 128, optimizer = "sgd", lr = 0.01, momentum = 0.9, weight_decay = 0.0,
    schedule = "constant", augment = false, leaky_slope = 0.1,
    mean = {0.4914, 0.4822, 0.4465}, std = {0.2023, 0.1994, 0.2010},
  },
  embedded = {
    train_size = 8000, test_size = 2000, size = 16, epochs = 8, batch_size = 32, optimizer = "sgd", lr = 0.01,
    momentum = 0.9, weight_decay = 0.0, schedule = "constant", augment = false, leaky_slope = 0.1,
  },
  example = "  resmoon lab_e\n  resmoon lab_e --parts xor blanks\n  resmoon lab_e --models mlp lenet5 --parts search\n"
            .. "  resmoon lab_e --models mlp --activations relu elu maxout --parts activations\n"
            .. "  resmoon lab_e --data ~/data/mnist --models mlp lenet5 --train-size 20000 --epochs 10\n"
            .. "  resmoon lab_e --data ~/data --models resnet32 --epochs 15 --schedule onecycle --lr 0.4",
  options = {
    {"--models", "networks: mlp, lenet5, and residual ones (default mlp lenet5 resnet32)", args = "+",
     argname = "NAME"},
    {"--activations", "which to compare (default " .. table.concat(Plan.activations, " ") .. ")", args = "+",
     argname = "NAME", choices = known},
    {"--inits", "initializations to compare (default " .. table.concat(Plan.inits, " ") .. ")", args = "+",
     argname = "NAME", choices = config.inits},
    {"--parts", "blanks: X1 to X10 of the sheet; xor; activations: each with each initialization; variations: of one "
     .. "setting; search: the best rate, weight decay and momentum of mlp and lenet5 (default all)", args = "+",
     argname = "PART", choices = Plan.parts},
    {"--weight-restriction", "c of the weight restriction ||w||^2 < c, where w is all that leads to one output",
     argname = "C", default = 2.25, number = true},
    {"--population", "individuals of the search (default 10, embedded 6)", argname = "N", whole = true},
    {"--generations", "of the search (default 5, embedded 2)", argname = "N", whole = true},
    {"--trial-epochs", "epochs of a trial of the search (default 5, embedded 3)", argname = "N", whole = true},
  },
}

local residual = {
  sheet = {epochs = 164, lr = 0.1, weight_decay = 1e-4, schedule = "multistep"},
  embedded = {epochs = 5, optimizer = "adam", lr = 0.003, schedule = "onecycle"},
}

local function chosen(list, word)
  for _, each in ipairs(list) do
    if each == word then return true end
  end
  return false
end

-- One accuracy on n images, by chance alone.
local function chance(n)
  return ("Each setting was trained once. On %s test images an accuracy of 50%% has a standard error of %.1f points, "
          .. "one of 98%% of %.1f; a difference within two standard errors of its own is called undecided."):format(
          text.grouped(n), metrics.standard_error(50, n), metrics.standard_error(98, n))
end

-- How many training images validate: the 10,000 of the sheet where at least as many are left, else a sixth of them.
local ENOUGH, SHEET = 20000, 10000

-- Sets val_split, where none was given. Returns a sentence that says what it is.
local function hold_out(settings, args)
  local given = lab.given(args).val_split
  if given then
    settings.val_split = given
    return "Validation images: as given."
  end
  local whole, _, own = config.open(config.complete(config.with(settings, {val_split = 0})))
  if own then return "The data have validation images of their own." end
  local n = whole:size()
  settings.val_split = n >= ENOUGH and SHEET or n // 6
  local held, left = text.grouped(settings.val_split), text.grouped(n - settings.val_split)
  if n >= ENOUGH then
    return ("%s training images validate, as the sheet has it; %s are left to train on."):format(held, left)
  end
  local numbers = ("%s training images validate, %s are left to train on"):format(held, left)
  return ("%s: of %s images the sheet's 10,000 would leave too few, so it is a sixth."):format(numbers, text.grouped(n))
end

-- The best settings of the small networks, as further runs: jobs, a sentence for each, and the run that each varies;
-- nil if Ctrl-C ended it.
local function searched(plan, args, runs)
  local jobs, says, varied = {}, {}, {}
  for _, model in ipairs(plan.small) do
    local best = three.choose(runs, {model})[1]
    local base = plan:activated(config.with(plan.base, {model = model, init = best.config.init}),
                                best.config.activation)
    local settings, sentence = best_settings.of(args.run, base, args)
    if not settings then return nil end
    jobs[#jobs + 1], says[#says + 1] = {name = model .. "_best", settings = settings}, sentence
    varied[#jobs] = best
  end
  return jobs, says, varied
end

local function read_all(paths)
  local runs = {}
  for i, path in ipairs(paths) do runs[i] = folder.read(path) end
  return runs
end

-- The parts that train nothing: functions that add them to the report.
local function fronts(parts, args, settings)
  local list = {}
  if chosen(parts, "blanks") then
    local rows = blanks.rows()
    print("\nThe blanks of ResNet-32\n" .. table.concat(text.columns(rows, {left = 3}), "\n"))
    list[1] = function(doc)
      doc:heading("The blanks of ResNet-32")
      architecture.table(doc, rows)
      doc:paragraph(blanks.says)
    end
  end
  if chosen(parts, "xor") then list[#list + 1] = xor(args.run, settings.seed) end
  return list
end

-- A report of parts that train no network on images.
local function write_fronts(list, args)
  local doc = Document("Lab E")
  lab.introduce(doc, about)
  for _, add in ipairs(list) do add(doc) end
  local page, markdown = doc:write(args.run .. "/evaluation.html")
  print(("report: %s, %s"):format(page, markdown))
  return {report = page}
end

local function run(args)
  local parts = args.parts or Plan.parts
  local settings = lab.settings(args, about)
  rm.sys.mkdir_p(args.run)
  local first = fronts(parts, args, settings)
  if not (chosen(parts, "activations") or chosen(parts, "variations") or chosen(parts, "search")) and not args.models
  then
    return write_fronts(first, args)
  end
  local notes = {hold_out(settings, args)}
  local sets, note = lab.open(settings, args, about)
  local deep = lab.settings(args, {sheet = config.with(about.sheet, residual.sheet),
                                   embedded = config.with(about.embedded, residual.embedded)})
  deep.val_split, deep.mean, deep.std = settings.val_split, settings.mean, settings.std
  local test = sets[2]
  -- What training does by itself: shifts, and mirroring but of digits.
  if args.augment == nil and not lab.is_embedded(deep) then deep.augment = nil end
  local plan = Plan.new(args)
  plan:make(settings, deep)
  local paths = rm.train.several(plan.jobs, {folder = args.run, sets = sets})
  if not paths then return nil end
  local runs = read_all(paths)
  plan:fill_groups(runs)
  local says = {}
  if chosen(parts, "search") and #plan.small > 0 then
    local jobs, varied
    jobs, says, varied = searched(plan, args, runs)
    local more = jobs and rm.train.several(jobs, {folder = args.run, sets = sets})
    if not more then return nil end
    table.move(more, 1, #more, #paths + 1, paths)
    runs = read_all(paths)
    for i, job in ipairs(jobs) do
      local own = evaluation.variation(job.name, runs[#runs - #jobs + i], varied[i])
      says[i] = ("%s %s."):format(says[i], own)
      print(says[i])
    end
  end
  print("\n" .. table.concat(evaluation.lines(runs), "\n") .. "\n")
  for _, group in ipairs(plan.groups) do
    rm.plot.accuracy(group.panels)
    print(("%s:\n  %s\n"):format(group.caption, table.concat(group.says, "\n  ")))
    local file = ("%s/%s.png"):format(args.run, group.key)
    if rm.plot.accuracy(group.panels, {file = file}) then print("figure: " .. file) end
  end
  local best = three.choose(runs, args.models or Plan.models)
  print("\n" .. table.concat(three.lines(best), "\n"))
  local page, markdown = evaluation.write(runs, {
    out = args.run .. "/evaluation.html", title = "Lab E: evaluation report", groups = plan.groups,
    about = {("This report follows %s."):format(about.follows), note, notes[1], chance(test:size())},
    before = function(doc)
      for _, add in ipairs(first) do add(doc) end
    end,
    after = function(doc, draw)
      if #says > 0 then
        doc:heading("Best settings of MLP and LeNet-5")
        doc:list(says)
      end
      three.add(doc, best, draw)
    end,
  })
  print(("report: %s, %s"):format(page, markdown))
  return {runs = paths, report = page}
end

return {about = about, run = run, hold_out = hold_out}
