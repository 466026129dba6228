--- A search for hyper-parameters of training: generations of trials, kept in a journal.
local core    = require "resmoon.core"
local blueprint = require "resmoon.runs.blueprint"
local config  = require "resmoon.train.config"
local defaults = require "resmoon.train.defaults"
local fail    = require "resmoon.base.fail"
local genes   = require "resmoon.search.genes"
local genetic = require "resmoon.search.genetic"
local journal = require "resmoon.search.journal"
local lock    = require "resmoon.runs.lock"
local models  = require "resmoon.models"
local options = require "resmoon.base.options"
local ranks   = require "resmoon.search.ranks"
local record  = require "resmoon.runs.record"
local rehearsal = require "resmoon.base.rehearsal"
local source  = require "resmoon.runs.source"
local trial   = require "resmoon.search.trial"
local workers = require "resmoon.search.workers"
local shown   = require "resmoon.base.shown"

local names = {"settings", "folder", "genes", "population", "generations", "threshold", "crossover", "workers",
               "threads", "sets", "progress"}

-- Options in full. The settings of training, complete, are the identity of the search; threads are not, since they
-- change no bit.
local function complete(given)
  local o = config.with({population = 10, generations = 5, threshold = 0.8, workers = 1, progress = true},
                        options("search.run", given, names))
  if type(o.settings) ~= "table" then fail("search.run: settings is %k, expected a table", o.settings) end
  if type(o.folder) ~= "string" then fail("search.run: folder is %k, expected a string", o.folder) end
  if math.type(o.workers) ~= "integer" or o.workers < 1 then
    fail("search.run: workers is %s, expected a whole number from 1", o.workers)
  end
  if o.workers > 1 and ranks.count() > 1 then
    fail("search.run: workers is %d, but mpirun has started %d processes, which share the trials: leave it out",
         o.workers, ranks.count())
  end
  if o.workers > 1 and o.sets then fail("search.run: sets cannot be handed to workers, which open settings.data") end
  o.threads = o.threads or o.settings.threads or core.num_threads()
  o.settings = config.complete(config.with({epochs = 3, val_split = 0.1}, o.settings))
  o.settings.threads = nil
  if o.settings.own then
    if o.workers > 1 and o.settings.own.by == "given" then
      fail("search.run: workers need a file that builds the network, and there is none: %s", o.settings.own.reason)
    end
    -- What its rate is to be depends on its layers, not on the images.
    local ok, net = pcall(config.model, config.with(o.settings, {input = {3, 32, 32}}))
    if ok then defaults.fit_network(o.settings, net) end
  end
  -- Rate and batches of all trials are those of trial 0; mirroring is for the images to decide.
  o.settings.chosen = o.settings.chosen and {augment = o.settings.chosen.augment}
  if not o.sets then o.settings.data_path = source.absolute(o.settings.data) end
  if o.settings.val_split == 0 then
    fail("search.run: val_split is 0, so no images are held out to measure fitness on")
  end
  if not o.settings.own then models.get(o.settings.model) end
  o.varied = genes.check(o.genes or genes.of(o.settings))
  return o
end

-- `self` is a search under way: its options, and `results` by the number of the trial.

local function say(self, format, ...)
  if self.progress and ranks.is_first() then print(format:format(...)) end
end

local function order_of(self, number, generation, values, bar)
  return {number = number, generation = generation, genes = values, settings = trial.apply(self.settings, values),
          bar = bar}
end

-- Runs those of the orders that the journal has no result of. false: Ctrl-C.
local function run_missing(self, orders)
  local missing, results = {}, self.results
  local there = ranks.told(function()
    local list = {}
    for i, order in ipairs(orders) do list[i] = journal.result(self.folder, order.number, order.genes) or false end
    return list
  end)
  for i, order in ipairs(orders) do
    if there[i] then results[order.number] = there[i] else missing[#missing + 1] = order end
  end
  local function ended(order, result)
    if order.number == 0 then
      if result.reason then  -- then nothing can be found out about genes, and nothing is begun
        error(("search: the settings as given do not train: %s"):format(result.reason), 0)
      end
      if ranks.is_first() then
        self.lock = self.lock or journal.begin(self.folder, self.identity, self.record)
        if self.settings.own then blueprint.keep(self.folder, self.settings.own) end
      end
    end
    results[order.number] = result
    if ranks.is_first() then journal.write(self.folder, order.number, result) end
    say(self, "  trial %2d  %s  accuracy %5.2f%%  %d epochs, %s (%.0f s)", order.number,
        genes.text(self.varied, order.genes), result.fitness, result.epochs, result.stopped, result.seconds)
  end
  if ranks.count() > 1 then
    for _, order in ipairs(missing) do order.settings.threads = self.threads end
    return ranks.run(missing, {sets = self.sets}, ended)
  end
  local at_a_time = math.min(self.workers, #missing)
  for _, order in ipairs(missing) do order.settings.threads = math.max(1, self.threads // at_a_time) end
  if at_a_time > 1 then return workers.run(self.folder, missing, at_a_time, ended) end
  for _, order in ipairs(missing) do
    self.sets = self.sets or {config.open(self.settings)}   -- where one trial is left of several workers'
    local result = trial.run(order.settings, {bar = order.bar, sets = self.sets})
    if result.stopped == "interrupted" then return false end
    result.genes, result.generation = order.genes, order.generation
    ended(order, result)
  end
  return true
end

local function evaluate(self, individuals, generation)
  local earlier = table.move(self.results, 1, individuals[1].number - 1, 1, {})
  local bar, orders = trial.bar(earlier), {}
  for i, each in ipairs(individuals) do orders[i] = order_of(self, each.number, generation, each.genes, bar) end
  say(self, "generation %d: %d new individuals", generation, #orders)
  if not run_missing(self, orders) then return nil end
  local fitness = {}
  for i, each in ipairs(individuals) do
    each.trial = self.results[each.number]
    fitness[i] = each.trial.fitness
  end
  return fitness
end

-- Opens the images and compares them with those of the search that is in the folder.
local function look_at_images(self)
  self.sets = self.sets or {config.open(self.settings)}
  local before = self.lock and record.read(self.folder)
  self.record = record.make({train = self.sets[1], validation = self.sets[3]},
                            {source = self.settings.data_path, like = before})
  if self.workers > 1 then self.sets = nil end   -- they open their own
  if not self.lock then return end
  journal.check(self.folder, self.identity, self.record)
  if journal.record(self.folder, self.record) then
    say(self, "%s had no record of its images (data.json): those of now are taken for them and recorded", self.folder)
  end
end

--- Searches for the hyper-parameters with which a short training comes furthest, with a genetic algorithm. Fitness is
-- the top-1 accuracy on held-out training images. Trial 0 is the training with the settings as given: what the search
-- is compared with.
--
-- The folder holds a file for each finished trial: the same call goes on where it was stopped or killed.
-- Call: search.run {settings =, folder =, genes = nil, population = 10, generations = 5, threshold = 0.8,
--     crossover = "random", workers = 1, threads = nil, sets = nil, progress = true} -> result or nil
-- Options: settings  of training (help "train.config"); epochs (3), train_size and val_split (0.1) are the budget
--  genes       what is varied: {{name =, low =, high =, scale = "log" or "linear"}, ...}; rate 1e-6 to 1e-2, weight
--   decay 0 to 0.1 and, of SGD or with cycle_momentum, momentum 0.1 to 1.5
--  population  individuals of a generation; generations: how many
--  threshold   of mutation: a gene is drawn anew where a number from 0 to 1 exceeds it
--  crossover   at a "random" place, or in the "middle"
--  workers     trials at a time, each in a process with its share of the threads; under mpirun each of its processes
--   runs one trial at a time, and the journal is the same
--  threads     of all together; those in use
--  sets        {train, nil, validation}: instead of opening the data of the settings; for one worker
-- Returns: what search.genetic does, with folder, genes (what was varied), images (the number of those that fitness was
--  measured on) and plain, the individual of trial 0; each
--  individual has `trial`: {accuracy =, top3 =, top5 =, loss =, val_loss = by epoch, epochs =, stopped =, seconds =};
--  loss is that of the training images, the others are of those held out. nil after Ctrl-C.
-- Errors: raises for options out of range, settings that cannot train at all, a folder with a search of other
--  settings or images, one in which another search is at work, and a damaged file in it.
-- Example:
--   > settings = {model = "mlp", train_size = 60, test_size = 10, epochs = 1}
--   > options = {settings = settings, folder = "runs/search", progress = false}
--   > options.population, options.generations = 2, 2
--   > result = search.run(options)
--   > #result.all, result.plain.genes.lr
--   3  0.01
local function run(given)
  local self = complete(given)
  if rehearsal.on() then return rehearsal.stand_in end
  self.results = {}
  self.identity = {training = self.settings, population = self.population, generations = self.generations,
                   mutation = self.threshold, genes = self.genes, crossover = self.crossover}
  local _ <close> = setmetatable({}, {__close = function()
    if self.lock then self.lock:release() end
  end})
  if ranks.is_first() then
    if journal.is_search(self.folder) then self.lock = lock.take(self.folder) end
    journal.check(self.folder, self.identity)
  end
  look_at_images(self)
  local as_given = trial.genes(self.settings, self.varied)
  local function evaluate_all(individuals, generation)
    if generation == 1 then
      say(self, "the settings as given")
      if not run_missing(self, {order_of(self, 0, 0, as_given)}) then return nil end
    end
    return evaluate(self, individuals, generation)
  end
  local result = genetic {
    evaluate = evaluate_all,
    genes = self.varied, population = self.population, generations = self.generations,
    threshold = self.threshold, crossover = self.crossover, seed = self.settings.seed,
    on_generation = function(_, population)
      say(self, "  best so far: %.2f%% (trial %d)", population[1].fitness, population[1].number)
    end,
  }
  if not result then return nil end
  local plain = self.results[0]
  result.plain = {genes = as_given, number = 0, generation = 0, fitness = plain.fitness, trial = plain}
  result.folder, result.genes = self.folder, self.varied
  result.images = self.record.validation and self.record.validation.images
  return shown.fields(result)
end

return run
