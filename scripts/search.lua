--- resmoon search: a genetic search for learning rate, weight decay and momentum.
local commandline = require "resmoon.commandline"
local rm       = require "resmoon"
local options  = require "resmoon.train.options"
local search   = require "resmoon.search"

local parser = commandline("resmoon search", "Searches learning rate (1e-6 to 1e-2, log), weight decay (0 to 0.1) and "
                           .. "momentum (0.1 to 1.5)\nwith a genetic algorithm over short trainings. Fitness is the "
                           .. "accuracy on held-out training images.")
  :epilog [[
The folder holds a file for each finished trial: the same command goes on where it was stopped or killed.
Trial 0 is the training with the settings as given: what the search is compared with.

Example:
  resmoon search --model resnet20 --data ~/data --train-size 5000 --epochs 3 --workers 2]]
parser:option("--model", "network (default resnet20)"):argname "NAME"
parser:option("--run", "folder of the search"):argname "DIR":default "runs/search"
parser:option("--population", "individuals"):argname "N":convert(options.whole):default "10"
parser:option("--generations", "generations"):argname "N":convert(options.whole):default "5"
parser:option("--mutation", "threshold: a gene is drawn anew where a number from 0 to 1 exceeds it"):argname "X"
  :convert(options.number):default "0.8"
parser:option("--workers", "trials at a time, each with its share of the processors"):argname "N"
  :convert(options.whole):default "1"
parser:option("--trial", "run this one trial of the folder (used by --workers)"):argname "N":convert(options.whole)
options.add(parser, {epochs = 3, val_split = 0.1})
local args = parser:parse()

local function describe(genes)
  return ("rate %.2e  weight decay %.4f  momentum %.3f"):format(genes.lr, genes.weight_decay, genes.momentum)
end

-- What is asked for, complete: it is the identity of the search.
local function settings_of()
  local c = options.config(args)
  c.threads = nil
  c.model, c.epochs, c.val_split = args.model, c.epochs or 3, c.val_split or 0.1
  return rm.train.config.complete(c)
end

local function one_trial(order, sets)
  local settings = {}
  for name, value in pairs(order.settings) do settings[name] = value end
  for name, value in pairs(order.genes) do settings[name] = value end
  if settings.schedule == "onecycle" then settings.max_lr = order.genes.lr end
  settings.threads = order.threads
  settings.milestones = nil
  local result = search.trial.run(settings, {bar = order.bar, sets = sets})
  result.genes, result.generation = order.genes, order.generation
  return result
end

local function worker()
  local path = search.workers.order_path(args.run, args.trial)
  local file <close> = assert(io.open(path, "r"))
  local order = rm.json.decode(file:read("a"))
  local result = one_trial(order)
  if result.stopped == "interrupted" then return 130 end
  search.journal.write(args.run, order.number, result)
  return 0
end

-- Runs those of the orders that the journal has no result of. false: Ctrl-C.
local function run_missing(orders, results)
  local missing = {}
  for _, order in ipairs(orders) do
    results[order.number] = search.journal.result(args.run, order.number)
    if not results[order.number] then missing[#missing + 1] = order end
  end
  local function ended(order, result)
    results[order.number] = result
    print(("  trial %2d  %s  accuracy %5.2f%%  %d epochs, %s (%.0f s)"):format(order.number, describe(order.genes),
          result.fitness, result.epochs, result.stopped, result.seconds))
  end
  if args.workers > 1 then return search.workers.run(args.run, missing, args.workers, ended) end
  local sets
  for _, order in ipairs(missing) do
    sets = sets or {rm.train.config.open(order.settings)}
    local result = one_trial(order, sets)
    if result.stopped == "interrupted" then return false end
    search.journal.write(args.run, order.number, result)
    ended(order, result)
  end
  return true
end

local INTERRUPTED = {}

local function evaluator(settings, results)
  local threads = args.threads or math.max(1, rm.sys.cpu_count() // args.workers)
  return function(individuals, generation)
    local earlier = {}
    for number = 1, individuals[1].number - 1 do earlier[#earlier + 1] = results[number] end
    local bar, orders = search.trial.bar(earlier), {}
    for i, individual in ipairs(individuals) do
      orders[i] = {number = individual.number, genes = individual.genes, generation = generation, settings = settings,
                   bar = bar, threads = threads}
    end
    print(("generation %d: %d new individuals"):format(generation, #orders))
    if not run_missing(orders, results) then error(INTERRUPTED, 0) end
    local fitness = {}
    for i, order in ipairs(orders) do fitness[i] = results[order.number].fitness end
    return fitness
  end
end

-- The five fittest in one figure, and what was gained over the settings as given.
local function report(result, results, plain)
  local ranked = {table.unpack(result.all)}
  table.sort(ranked, function(a, b)
    if a.fitness ~= b.fitness then return a.fitness > b.fitness end
    return a.number < b.number
  end)
  local accuracy, loss = {}, {}
  print("\n  trial  generation  accuracy  hyper-parameters")
  for i = 1, math.min(5, #ranked) do
    local each = ranked[i]
    local trial = results[each.number]
    print(("  %5d  %10d  %7.2f%%  %s"):format(each.number, each.generation, each.fitness, describe(each.genes)))
    local name = ("trial %d"):format(each.number)
    if #trial.accuracy > 0 then
      accuracy[#accuracy + 1] = {y = trial.accuracy, title = name, points = true}
      loss[#loss + 1] = {y = trial.loss, title = name, points = true, panel = 2}
    end
  end
  print(("\n  without search  %6.2f%%  %s"):format(plain.fitness, describe(plain.genes)))
  print(("  with search     %6.2f%%  %s"):format(result.best.fitness, describe(result.best.genes)))
  local series = table.move(loss, 1, #loss, #accuracy + 1, accuracy)
  if #series == 0 then return end
  local file = args.run .. "/best5.png"
  local drawn = rm.plot.lines(series, {file = {file, args.run .. "/best5.svg"}, panels = {
    {title = "accuracy on held-out images", xlabel = "epoch", ylabel = "top-1 (%)", key = "bottom right"},
    {title = "training loss", xlabel = "epoch", ylabel = "cross-entropy"}}})
  if drawn then print("\nfigure: " .. file) end
end

options.main(function()
  if args.trial then return worker() end
  if args.workers < 1 then error("--workers must be at least 1", 0) end
  local settings = settings_of()
  rm.models.get(settings.model)
  search.journal.open(args.run, {training = settings, population = args.population, generations = args.generations,
                                 mutation = args.mutation})
  local results = {}
  local plain = {number = 0, generation = 0, settings = settings, threads = args.threads,
                 genes = {lr = settings.lr, weight_decay = settings.weight_decay, momentum = settings.momentum}}
  local ok, result = pcall(function()
    print("the settings as given")
    if not run_missing({plain}, results) then error(INTERRUPTED, 0) end
    return search.genetic {
      evaluate = evaluator(settings, results), population = args.population, generations = args.generations,
      threshold = args.mutation, seed = settings.seed,
      on_generation = function(_, population)
        print(("  best so far: %.2f%% (trial %d)"):format(population[1].fitness, population[1].number))
      end}
  end)
  if not ok and result == INTERRUPTED then
    print(("stopped; the same command goes on (%s)"):format(args.run))
    return 130
  end
  if not ok then error(result, 0) end
  report(result, results, results[0])
end)
