--- resmoon lab_d: one-cycle and a genetic search for a ResNet-50.
--
-- The question of lab D: how much do rate, weight decay and momentum matter? A ResNet-50 whose shortcuts average before
-- they project, relu(convs(x) + idconv(pool(x))), is trained with the one-cycle schedule of rate and momentum; the
-- finder says which rate suits it. A genetic search then looks for better values, by the accuracy of short
-- trainings on held-out training images, and the network is trained again with what it found. Last, single images
-- are classified.
-- Source: Smith 2017, arXiv:1506.01186 (finder); Smith and Topin 2018, arXiv:1708.07120 (one-cycle).
local config    = require "resmoon.train.config"
local lab       = require "resmoon.labs.lab"
local options   = require "resmoon.train.options"
local predicted = require "resmoon.train.predicted"
local run       = require "resmoon.train.run"
local rm        = require "resmoon"
local plot, search, train = rm.plot, rm.search, rm.train

local about = {
  name = "lab_d",
  text = "Finds a learning rate for ResNet-50 (average-pool shortcut), trains it with one-cycle, searches rate, weight "
         .. "decay and momentum with a genetic algorithm, compares the training with and without, predicts single "
         .. "images.",
  parts = {"lrfind", "onecycle", "search", "compare", "predict"},
  sheet = {
    model = "resnet50", shortcut = "D", epochs = 30, batch_size = 128, optimizer = "adamw", lr = 0.003,
    weight_decay = 0.01, schedule = "onecycle", cycle_momentum = true,
  },
  embedded = {
    model = "resnet50", shortcut = "D", width = 16, size = 16, train_size = 8000, test_size = 1000, epochs = 5,
    batch_size = 16, optimizer = "adamw", lr = 0.003, weight_decay = 0.01, schedule = "onecycle", cycle_momentum = true,
    augment = false,
  },
  -- The budget of the search.
  sheet_search = {population = 10, generations = 5, epochs = 3, train_size = 5000, val_split = 0.2},
  embedded_search = {population = 6, generations = 2, epochs = 3, train_size = 3000, val_split = 0.2},
  example = "  resmoon lab_d\n  resmoon lab_d --data ~/data --width 16 --epochs 15 --workers 2\n"
            .. "  resmoon lab_d --data ~/data --parts lrfind onecycle",
}

local parser = lab.parser(about)
parser:option("--model", "network (default resnet50)"):argname "NAME"
parser:option("--parts", "what to do; a part does those before it that it needs (default all)"):args "+"
  :choices(about.parts)
parser:option("--steps", "steps of the rate finder"):argname "N":convert(options.whole):default "100"
parser:option("--population", "individuals of the search (default 10, embedded 6)"):argname "N":convert(options.whole)
parser:option("--generations", "of the search (default 5, embedded 2)"):argname "N":convert(options.whole)
parser:option("--trial-epochs", "epochs of a trial (default 3)"):argname "N":convert(options.whole)
parser:option("--trial-size", "training images of a trial, a fifth of them held out (default 5000, embedded 3000)")
  :argname "N":convert(options.whole)
parser:option("--workers", "trials at a time, each with its share of the processors"):argname "N"
  :convert(options.whole):default "1"
parser:option("--images", "predict these image files instead of some test images"):args "+":argname "FILE"
local args = parser:parse()

local home = args.run
local settings = config.with(lab.settings(args, about), {model = args.model})
local figures, notes, comparison = {}, {}, nil   -- for the report: {SVG file, caption}, sentences, rows of cells

-- Draws as PNG and SVG into the lab's folder: draw(files) as the functions of plot do.
local function figure(name, caption, draw)
  local files = {("%s/%s.png"):format(home, name), ("%s/%s.svg"):format(home, name)}
  if draw(files) then
    figures[#figures + 1] = {files[2], caption}
    print(("figure: %s, %s"):format(files[1], files[2]))
  end
end

local function note(format, ...)
  notes[#notes + 1] = format:format(...)
  print(notes[#notes])
end

-- What a part returns that Ctrl-C ended is nil; then the lab ends.
local function or_stop(value)
  if value then return value end
  lab.stopped(home)
  error("interrupted", 0)
end

local function trained(name, changes)
  local job = {name = name, settings = config.with(settings, changes)}
  return or_stop(train.several({job}, {folder = home}))[1]
end

local function without_search() return trained("without_search") end

local found  -- what the search returned
local function searched()
  if found then return found end
  local budget = lab.is_embedded(settings) and about.embedded_search or about.sheet_search
  local size = args.trial_size or math.min(budget.train_size, settings.train_size or math.huge)
  found = or_stop(search.run {
    settings = config.with(settings, {epochs = args.trial_epochs or budget.epochs, train_size = size,
                                      val_split = budget.val_split}),
    folder = home .. "/search", population = args.population or budget.population,
    generations = args.generations or budget.generations, workers = args.workers,
  })
  return found
end

local function with_search() return trained("with_search", search.apply(settings, searched().best.genes)) end

-- --- the parts ----------------------------------------------------------------------

local parts = {}

function parts.lrfind()
  -- Of smaller batches the loss is too noisy to read.
  local batch = math.max(settings.batch_size, math.min(64, settings.train_size or 64))
  local trainer = run.trainer(config.with(settings, {batch_size = batch}), {progress = false})
  local result = train.lrfind(trainer.net, trainer.optimizer, trainer.train, {from = 1e-6, to = 1, steps = args.steps})
  note("Rate finder, batches of %d: the loss is lowest at rate %.2g; it suggests %.2g.", batch, result.lowest,
       result.suggestion)
  figure("lrfind", "loss while the learning rate grows from step to step", function(files)
    return plot.lrfind(result, {file = files})
  end)
end

function parts.onecycle()
  local c = config.complete(settings)
  local images = (config.open(c)):size()
  local course = config.course(c, math.ceil(images / c.batch_size))
  figure("schedule", "one cycle: learning rate and momentum of each step", function(files)
    return plot.schedule(course, {file = files})
  end)
  local folder = without_search()
  figure("topk", "loss and top-1, top-3 and top-5 accuracy by epoch, with the settings as given", function(files)
    return plot.topk(folder, {file = files})
  end)
  return folder
end

function parts.search()
  local result = searched()
  local files = search.show(result, home)
  if files then figures[#figures + 1] = {files[2], "the five fittest trials of the search"} end
  note("The search ran %d trials. On held-out training images the settings as given reach %.2f%%, the fittest "
       .. "trial, %d, %.2f%%: %s.", #result.all, result.plain.fitness, result.best.number, result.best.fitness,
       search.genes.text(result.genes, result.best.genes))
end

function parts.compare()
  local paths = {without_search(), with_search()}
  local runs = {train.folder.read(paths[1]), train.folder.read(paths[2])}
  local lines
  lines, comparison = train.compare.topk(runs)
  print("\n" .. table.concat(lines, "\n") .. "\n")
  figure("with_without", "loss and accuracy with and without search", function(files)
    return plot.topk(runs, {file = files})
  end)
  return table.unpack(paths)
end

-- Test images as files, for a program that classifies files: {file}, {true class}.
local function some_images(c)
  local _, test = config.open(c)
  local images, labels = test:batch(math.min(12, test:size()))
  local files, truth = {}, {}
  rm.sys.mkdir_p(home .. "/images")
  for i, label in ipairs(labels:totable()) do
    truth[i] = test.classes[label]
    files[i] = ("%s/images/%02d_%s.png"):format(home, i, truth[i]:gsub("[^%w]", "_"))
    rm.data.write_png(files[i], images[i])
  end
  return files, truth
end

function parts.predict()
  local folder = train.folder.is_run(home .. "/with_search") and with_search() or without_search()
  local net, c, mean, std = train.load(folder)
  local files, truth = args.images, nil
  if not files then files, truth = some_images(c) end
  local list = train.predict(net, files, {classes = c.classes, input = c.input, mean = mean, std = std})
  print("\n" .. table.concat(predicted.lines(list, truth), "\n") .. "\n")
  figure("predicted", "single images and what the network takes them for", function(out)
    return predicted.draw(list, truth, {file = out, columns = math.min(#list, 4)})
  end)
end

-- What the report has beside what every report has of its runs.
local function report(doc)
  doc:heading("Finder, schedule, search and single images", 3)
  if #notes > 0 then doc:list(notes) end
  if comparison then doc:table(comparison[1], table.move(comparison, 2, #comparison, 1, {})) end
  for _, each in ipairs(figures) do doc:figure(each[1], each[2]) end
end

options.main(function()
  local asked, runs = {}, {}
  for _, name in ipairs(args.parts or about.parts) do asked[name] = true end
  for _, file in ipairs(args.images or {}) do rm.data.read_image(file) end  -- raises now, not after hours
  rm.sys.mkdir_p(home)
  for _, name in ipairs(about.parts) do
    if asked[name] then
      print(("\n--- %s"):format(name))
      local paths = {parts[name]()}
      if #paths > 0 then runs = paths end
    end
  end
  if #runs > 0 then lab.finish(runs, home, {title = "Lab D: one-cycle and a genetic search", report = report}) end
end)
