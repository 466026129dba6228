--- Lab D: one-cycle and a genetic search for a ResNet-50.
--
-- The question of lab D: how much do rate, weight decay and momentum matter? A ResNet-50 whose shortcuts average before
-- they project, relu(convs(x) + idconv(pool(x))), behind a stem of three convolutions, is trained with the one-cycle
-- schedule of rate and momentum, up to the rate that the finder suggests. Width 16 gives the 512 channels in front of
-- fc that the sheet has. A genetic search then looks for better values, by the accuracy of short trainings on held-out
-- training images: rate is the highest of its cycle, momentum the lowest. The network is trained again with what it
-- found. Last, single images are classified.
-- Source: Smith 2017, arXiv:1506.01186 (finder); Smith and Topin 2018, arXiv:1708.07120 (one-cycle).
local architecture = require "resmoon.labs.architecture"
local best_five = require "resmoon.labs.best_five"
local check     = require "resmoon.base.check"
local config    = require "resmoon.train.config"
local json      = require "resmoon.base.json"
local lab       = require "resmoon.labs.lab"
local object    = require "resmoon.base.object"
local predicted = require "resmoon.train.predicted"
local train_run = require "resmoon.train.run"
local rate_curve = require "resmoon.train.rate_curve"
local rm        = require "resmoon"
local text      = require "resmoon.base.text"
local plot, search, train = rm.plot, rm.search, rm.train

-- Top-1 and top-5 accuracy (%) that the sheet gives: of the authors, and its own.
local REPORTED = {{"the authors'", "80.62", "95.51"}, {"the sheet's", "74.68", "97.51"}}

local PARTS = {"lrfind", "onecycle", "search", "compare", "predict"}

local about = {
  name = "lab_d",
  follows = "sheet 003, \"ResNet-50, one-cycle, genetic search\"",
  text = "Finds a learning rate for ResNet-50 (average-pool shortcut), trains it with one-cycle, searches rate, weight "
         .. "decay and momentum with a genetic algorithm, compares the training with and without, predicts single "
         .. "images.",
  sheet = {
    model = "resnet50", shortcut = "D", stem = "deep", width = 16, epochs = 30, batch_size = 128, optimizer = "adamw",
    weight_decay = 0.01, schedule = "onecycle", cycle_momentum = true, keep_every = 5,
  },
  embedded = {
    model = "resnet50", shortcut = "D", stem = "deep", width = 16, size = 16, train_size = 8000, test_size = 1000,
    epochs = 5, batch_size = 16, optimizer = "adamw", weight_decay = 0.01, schedule = "onecycle", cycle_momentum = true,
    augment = false, keep_every = 2,
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
  local job = {name = name, settings = config.with(self:settled(), changes)}
  return self:or_stop(train.several({job}, {folder = self.home, sets = self.sets}))[1]
end

-- What the finder left in a file. Raises where that is damaged.
local function read_finding(path)
  local found, reason = object.read(path)
  if found and type(found.suggestion) ~= "number" then reason = "it has no suggestion"
  elseif found then
    for _, name in ipairs {"lr", "loss", "smooth"} do
      if not check.is(found[name], "number[]") then reason = ("its %s is no list of numbers"):format(name) end
    end
  end
  if reason then error(("%s: %s\nremove that file, and the rate is looked for again"):format(path, reason), 0) end
  return found
end

-- What the finder says, kept in the lab's folder: what came after it was trained with that rate.
function Work:finder()
  if self.finding then return self.finding end
  local path = self.home .. "/lrfind.json"
  -- Of smaller batches the loss is too noisy to read.
  local batch = math.max(self.settings.batch_size, math.min(64, self.settings.train_size or 64))
  if rm.sys.exists(path) then
    local before = read_finding(path)
    if before.steps == self.args.steps and before.batch == batch then
      self.finding = before
      return before
    end
  end
  local trainer = train_run.trainer(config.with(self.settings, {batch_size = batch}), {progress = false,
                                                                                       sets = self.sets})
  self.finding = train.lrfind(trainer.net, trainer.optimizer, trainer.train,
                              {from = 1e-6, to = 1, steps = self.args.steps})
  self.finding.batch, self.finding.steps = batch, self.args.steps
  rm.write_atomic(path, json.encode(self.finding) .. "\n")
  return self.finding
end

-- The settings with the rate that holds: the one given, or what the finder suggests, to two digits.
function Work:settled()
  if self.settings.lr or self.settings.max_lr then return self.settings end
  self.settings = config.with(self.settings, {lr = tonumber(("%.2g"):format(self:finder().suggestion))})
  return self.settings
end

function Work:without_search() return self:trained("without_search") end

function Work:searched()
  if self.found then return self.found end
  local budget = lab.is_embedded(self.settings) and about.embedded_search or about.sheet_search
  local size = self.args.trial_size or math.min(budget.train_size, self.settings.train_size or math.huge)
  self.found = self:or_stop(search.run {
    settings = config.with(self:settled(), {epochs = self.args.trial_epochs or budget.epochs, train_size = size,
                                            val_split = budget.val_split, keep_every = 0}),
    folder = self.home .. "/search", population = self.args.population or budget.population,
    generations = self.args.generations or budget.generations, workers = self.args.workers,
    crossover = "middle",
  })
  return self.found
end

function Work:with_search()
  return self:trained("with_search", search.apply(self:settled(), self:searched().best.genes))
end

-- --- the parts ----------------------------------------------------------------------

local parts = {}

function parts.lrfind(self)
  local result, given = self:finder(), self.settings.lr or self.settings.max_lr
  self:note("Rate finder, batches of %d: the loss falls fastest at rate %.2g, is lowest at %.2g and %s; it suggests "
            .. "%.2g. %s (The sheet chose about 3e-3.)", result.batch, result.steepest, result.lowest,
            result.lost and ("above its beginning from %.2g on"):format(result.lost) or "stays below its beginning",
            result.suggestion, given and ("Training takes the rate that was given, %g."):format(given)
            or ("Training takes %g as the highest rate of its cycle."):format(self:settled().lr))
  local caution = rate_curve.caution(result)
  if caution then self:note("%s", caution) end
  self:figure("lrfind", "loss while the learning rate grows from step to step", function(files)
    return plot.lrfind(result, {file = files})
  end)
end

function parts.onecycle(self)
  local c = config.complete(self:settled())
  local images = self.sets[1]:size()
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
  search.show(result, self.home)
  for _, each in ipairs(best_five.figures) do
    self:figure(each[1], each[2] .. " of the five fittest trials by epoch", function(files)
      return best_five.draw(result, each[3], files)
    end)
  end
  self.five = best_five.rows(result)
  self:note("The search ran %d trials. On held-out training images the settings as given reach %.2f%%, the fittest "
            .. "trial, %d, %.2f%%: %s.", #result.all, result.plain.fitness, result.best.number, result.best.fitness,
            (search.genes.text(result.genes, result.best.genes):gsub("  ", ", ")))
  self:note("%s", search.says(result))
  self:note("In the search the rate is the highest of its cycle, momentum the lowest; fitness is the top-1 accuracy "
            .. "after the last epoch of a trial.")
  local about_momentum = best_five.about_momentum(result)
  if about_momentum then self:note("%s", about_momentum) end
end

function parts.compare(self)
  local paths = {self:without_search(), self:with_search()}
  local runs = {train.folder.read(paths[1]), train.folder.read(paths[2])}
  local lines
  lines, self.comparison = train.compare.topk(runs)
  print("\n" .. table.concat(lines, "\n") .. "\n")
  self.authors = {{"ResNet-50", "top-1 (%)", "top-5 (%)"}, table.unpack(REPORTED)}
  for i, what in ipairs {"here, without search", "here, with search"} do
    local last = runs[i].rows[#runs[i].rows]
    self.authors[#self.authors + 1] = {what, text.value("%.2f", 100 - last.test_error),
                                       text.value("%.2f", last.test_top5)}
  end
  print(table.concat(text.columns(self.authors), "\n") .. "\n")
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
  if self.five then
    doc:paragraph("The five fittest trials (figure 24 of the sheet): accuracies and validation loss are those of "
                  .. "held-out training images after the last epoch.")
    architecture.table(doc, self.five)
  end
  if self.comparison then
    doc:paragraph("With and without the search, on the test images:")
    architecture.table(doc, self.comparison)
    doc:paragraph("Beside the accuracies that the sheet gives, which are those of other images where these here are "
                  .. "not CIFAR-10:")
    architecture.table(doc, self.authors)
  end
  for _, each in ipairs(self.figures) do doc:figure(each[1], each[2]) end
end

-- Which checkpoints there are.
local function kept(settings)
  if not settings.keep_every or settings.keep_every == 0 then return nil end
  return ("Checkpoints: each run keeps the network of its best and its last epoch, and that of every epoch number that "
          .. "%d divides (epoch_%03d.safetensors)."):format(settings.keep_every, settings.keep_every)
end

local function run(args)
  local work = setmetatable({
    args = args, home = args.run, settings = config.with(lab.settings(args, about), {model = args.model}),
    figures = {}, notes = {},
  }, Work)
  local asked, trained = {}, {}
  for _, name in ipairs(args.parts or PARTS) do asked[name] = true end
  for _, file in ipairs(args.images or {}) do rm.data.read_image(file) end  -- raises now, not after hours
  local note
  work.sets, note = lab.open(work.settings, args, about)
  rm.sys.mkdir_p(work.home)
  for _, name in ipairs(PARTS) do
    if asked[name] then
      print(("\n--- %s"):format(name))
      local paths = {parts[name](work)}
      if #paths > 0 then trained = paths end
    end
  end
  if #trained > 0 then
    lab.finish(trained, work.home, about, {
      title = "Lab D: one-cycle and a genetic search", notes = {note, kept(work.settings)},
      hooks = {networks = function(doc) architecture.of_runs(doc, trained) end,
               comparison = function(doc) work:report(doc) end},
    })
  end
  return {runs = trained}
end

return {about = about, run = run}
