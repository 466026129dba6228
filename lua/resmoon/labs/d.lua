--- Lab D: one-cycle and a genetic search for a ResNet-50.
--
-- The question of lab D: how much do rate, weight decay and momentum matter? A ResNet-50 whose shortcuts average before
-- they project, relu(convs(x) + idconv(pool(x))), is trained with the one-cycle schedule of rate and momentum; the
-- finder says which rate suits it. A genetic search then looks for better values, by the accuracy of short
-- trainings on held-out training images, and the network is trained again with what it found. Last, single images
-- are classified.
-- Source: Smith 2017, arXiv:1506.01186 (finder); Smith and Topin 2018, arXiv:1708.07120 (one-cycle).
local config    = require "resmoon.train.config"
local lab       = require "resmoon.labs.lab"
local predicted = require "resmoon.train.predicted"
local train_run = require "resmoon.train.run"
local rm        = require "resmoon"
local plot, search, train = rm.plot, rm.search, rm.train

local PARTS = {"lrfind", "onecycle", "search", "compare", "predict"}

local about = {
  name = "lab_d",
  text = "Finds a learning rate for ResNet-50 (average-pool shortcut), trains it with one-cycle, searches rate, weight "
         .. "decay and momentum with a genetic algorithm, compares the training with and without, predicts single "
         .. "images.",
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
  options = {
    {"--model", "network (default resnet50)", argname = "NAME"},
    {"--parts", "what to do; a part does those before it that it needs (default all)", args = "+", choices = PARTS},
    {"--steps", "steps of the rate finder", argname = "N", whole = true, default = 100},
    {"--population", "individuals of the search (default 10, embedded 6)", argname = "N", whole = true},
    {"--generations", "of the search (default 5, embedded 2)", argname = "N", whole = true},
    {"--trial-epochs", "epochs of a trial (default 3)", argname = "N", whole = true},
    {"--trial-size", "training images of a trial, a fifth of them held out (default 5000, embedded 3000)",
     argname = "N", whole = true},
    {"--workers", "trials at a time, each with its share of the processors", argname = "N", whole = true, default = 1},
    {"--images", "predict these image files instead of some test images", args = "+", argname = "FILE"},
  },
}

-- One going of the lab: args, home and settings; what the report will show, figures ({SVG file, caption}), notes
-- (sentences) and comparison (rows of cells); found, what the search returned.
local Work = {}
Work.__index = Work

-- Draws as PNG and SVG into the lab's folder: draw(files) as the functions of plot do.
function Work:figure(name, caption, draw)
  local files = {("%s/%s.png"):format(self.home, name), ("%s/%s.svg"):format(self.home, name)}
  if draw(files) then
    self.figures[#self.figures + 1] = {files[2], caption}
    print(("figure: %s, %s"):format(files[1], files[2]))
  end
end

function Work:note(format, ...)
  self.notes[#self.notes + 1] = format:format(...)
  print(self.notes[#self.notes])
end

-- What a part returns that Ctrl-C ended is nil; then the lab ends.
function Work:or_stop(value)
  if value then return value end
  lab.stopped(self.home)
  error("interrupted", 0)
end

function Work:trained(name, changes)
  local job = {name = name, settings = config.with(self.settings, changes)}
  return self:or_stop(train.several({job}, {folder = self.home}))[1]
end

function Work:without_search() return self:trained("without_search") end

function Work:searched()
  if self.found then return self.found end
  local budget = lab.is_embedded(self.settings) and about.embedded_search or about.sheet_search
  local size = self.args.trial_size or math.min(budget.train_size, self.settings.train_size or math.huge)
  self.found = self:or_stop(search.run {
    settings = config.with(self.settings, {epochs = self.args.trial_epochs or budget.epochs, train_size = size,
                                           val_split = budget.val_split}),
    folder = self.home .. "/search", population = self.args.population or budget.population,
    generations = self.args.generations or budget.generations, workers = self.args.workers,
  })
  return self.found
end

function Work:with_search()
  return self:trained("with_search", search.apply(self.settings, self:searched().best.genes))
end

-- --- the parts ----------------------------------------------------------------------

local parts = {}

function parts.lrfind(self)
  -- Of smaller batches the loss is too noisy to read.
  local batch = math.max(self.settings.batch_size, math.min(64, self.settings.train_size or 64))
  local trainer = train_run.trainer(config.with(self.settings, {batch_size = batch}), {progress = false})
  local result = train.lrfind(trainer.net, trainer.optimizer, trainer.train,
                              {from = 1e-6, to = 1, steps = self.args.steps})
  self:note("Rate finder, batches of %d: the loss is lowest at rate %.2g; it suggests %.2g.", batch, result.lowest,
            result.suggestion)
  self:figure("lrfind", "loss while the learning rate grows from step to step", function(files)
    return plot.lrfind(result, {file = files})
  end)
end

function parts.onecycle(self)
  local c = config.complete(self.settings)
  local images = (config.open(c)):size()
  local course = config.course(c, math.ceil(images / c.batch_size))
  self:figure("schedule", "one cycle: learning rate and momentum of each step", function(files)
    return plot.schedule(course, {file = files})
  end)
  local folder = self:without_search()
  self:figure("topk", "loss and top-1, top-3 and top-5 accuracy by epoch, with the settings as given", function(files)
    return plot.topk(folder, {file = files})
  end)
  return folder
end

function parts.search(self)
  local result = self:searched()
  local files = search.show(result, self.home)
  if files then self.figures[#self.figures + 1] = {files[2], "the five fittest trials of the search"} end
  self:note("The search ran %d trials. On held-out training images the settings as given reach %.2f%%, the fittest "
            .. "trial, %d, %.2f%%: %s.", #result.all, result.plain.fitness, result.best.number, result.best.fitness,
            search.genes.text(result.genes, result.best.genes))
  self:note("%s", search.says(result))
end

function parts.compare(self)
  local paths = {self:without_search(), self:with_search()}
  local runs = {train.folder.read(paths[1]), train.folder.read(paths[2])}
  local lines
  lines, self.comparison = train.compare.topk(runs)
  print("\n" .. table.concat(lines, "\n") .. "\n")
  for _, sentence in ipairs(train.compare.says(runs)) do self:note("%s", sentence) end
  self:figure("with_without", "loss and accuracy with and without search", function(files)
    return plot.topk(runs, {file = files})
  end)
  return table.unpack(paths)
end

-- Test images as files, for a program that classifies files: {file}, {true class}.
function Work:some_images(c)
  local _, test = config.open(c)
  local images, labels = test:batch(math.min(12, test:size()))
  local files, truth = {}, {}
  rm.sys.mkdir_p(self.home .. "/images")
  for i, label in ipairs(labels:totable()) do
    truth[i] = test.classes[label]
    files[i] = ("%s/images/%02d_%s.png"):format(self.home, i, truth[i]:gsub("[^%w]", "_"))
    rm.data.write_png(files[i], images[i])
  end
  return files, truth
end

function parts.predict(self)
  local folder = train.folder.is_run(self.home .. "/with_search") and self:with_search() or self:without_search()
  local net, c, mean, std = train.load(folder)
  local files, truth = self.args.images, nil
  if not files then files, truth = self:some_images(c) end
  local list = train.predict(net, files, {classes = c.classes, input = c.input, mean = mean, std = std})
  print("\n" .. table.concat(predicted.lines(list, truth), "\n") .. "\n")
  self:figure("predicted", "single images and what the network takes them for", function(out)
    return predicted.draw(list, truth, {file = out, columns = math.min(#list, 4)})
  end)
end

-- What the report has beside what every report has of its runs.
function Work:report(doc)
  doc:heading("Finder, schedule, search and single images", 3)
  if #self.notes > 0 then doc:list(self.notes) end
  if self.comparison then doc:table(self.comparison[1], table.move(self.comparison, 2, #self.comparison, 1, {})) end
  for _, each in ipairs(self.figures) do doc:figure(each[1], each[2]) end
end

local function run(args)
  local work = setmetatable({
    args = args, home = args.run, settings = config.with(lab.settings(args, about), {model = args.model}),
    figures = {}, notes = {},
  }, Work)
  local asked, trained = {}, {}
  for _, name in ipairs(args.parts or PARTS) do asked[name] = true end
  for _, file in ipairs(args.images or {}) do rm.data.read_image(file) end  -- raises now, not after hours
  rm.sys.mkdir_p(work.home)
  for _, name in ipairs(PARTS) do
    if asked[name] then
      print(("\n--- %s"):format(name))
      local paths = {parts[name](work)}
      if #paths > 0 then trained = paths end
    end
  end
  if #trained > 0 then
    lab.finish(trained, work.home, about, {title = "Lab D: one-cycle and a genetic search",
                                           hooks = {runs = function(doc) work:report(doc) end}})
  end
  return {runs = trained}
end

return {about = about, run = run}
