--- A genetic search: generations of individuals, the fittest half kept, children by crossover and mutation.
--
-- Every generation draws from a generator of its own, made from the seed and its number: with the same fitness
-- values the search takes the same course, however often it was stopped and in whatever order trials end.
-- Source: the usual genetic algorithm (Holland 1975), with the settings of the lab: 10 individuals, 5
-- generations, single-point crossover, mutation by re-initializing genes over a threshold.
local check   = require "resmoon.base.check"
local core    = require "resmoon.core"
local fail    = require "resmoon.base.fail"
local genes   = require "resmoon.search.genes"
local options = require "resmoon.base.options"
local shown   = require "resmoon.base.shown"

local defaults = {population = 10, generations = 5, threshold = 0.8, crossover = "random", seed = 1}
local names = {"evaluate", "genes", "population", "generations", "threshold", "crossover", "seed",
               "on_generation"}

local function settings(given)
  local o = {}
  for name, value in pairs(defaults) do o[name] = value end
  for name, value in pairs(options("search", given, names)) do o[name] = value end
  for _, name in ipairs {"population", "generations"} do
    if math.type(o[name]) ~= "integer" or o[name] < 1 then
      fail("search: %s is %s, expected a whole number from 1", name, o[name])
    end
  end
  if o.population < 2 then fail("search: population is %d, expected at least 2", o.population) end
  if not (type(o.threshold) == "number" and o.threshold >= 0 and o.threshold <= 1) then
    fail("search: threshold is %s, expected 0 to 1", o.threshold)
  end
  if o.crossover ~= "random" and o.crossover ~= "middle" then
    fail("search: crossover is %s, expected 'random' or 'middle'", o.crossover)
  end
  check("search.genetic(evaluate: callable, on_generation: callable?)", o.evaluate, o.on_generation)
  o.genes = genes.check(o.genes or genes.defaults)
  return o
end

-- The fittest first; of equal ones the older.
local function fitter(a, b)
  if a.fitness ~= b.fitness then return a.fitness > b.fitness end
  return a.number < b.number
end

-- Two of the parents, different ones where there are as many.
local function pair(parents, generator)
  local n = #parents
  local first = 1 + math.floor(generator:uniform() * n)
  local second = n == 1 and 1 or 1 + (first + math.floor(generator:uniform() * (n - 1))) % n
  return parents[first], parents[second]
end

local STREAM = 77  -- apart from the streams of training

--- Searches with a genetic algorithm for the genes of the highest fitness.
-- An individual is {genes = values by name, fitness =, generation =, number =}. Any number is a fitness, also of one
-- that cannot train; NaN is none.
-- Call: search.genetic {evaluate =, genes = search.genes.defaults, population = 10, generations = 5,
--     threshold = 0.8, crossover = "random", seed = 1, on_generation = nil} -> result or nil
-- Options: evaluate       function(list of new individuals, generation) -> list of fitness values; nil ends the search
--  genes          what is varied: {{name =, low =, high =, scale = "log" or "linear"}, ...}
--  population     individuals of a generation; the fitter half lives on, the others are its children
--  threshold      of mutation: a gene is drawn anew where a number from 0 to 1 exceeds it
--  crossover      where a child changes from one parent's genes to the other's: at a "random" place, or in the "middle"
--  on_generation  function(generation, population, fittest first)
-- Returns: {best = individual, population = the last generation, fittest first, all = every individual, in the order
--  they were made, ranked = the same, fittest first}; nil where evaluate ended it.
-- Errors: raises for options out of range, and a fitness that is not a number.
-- Source: Holland 1975, "Adaptation in natural and artificial systems".
-- Example:
--   > function evaluate(list)
--   >>   local fitness = {}
--   >>   for i, each in ipairs(list) do fitness[i] = -(each.genes.x - 3)^2 end
--   >>   return fitness
--   >> end
--   > genes = {{name = "x", low = 0, high = 10, scale = "linear"}}
--   > result = search.genetic {evaluate = evaluate, genes = genes}
--   > #result.all, math.abs(result.best.genes.x - 3) < 1
--   30  true
local function genetic(given)
  local o = settings(given)
  local all, population = {}, {}
  local function born(values, generation)
    local individual = {genes = values, generation = generation, number = #all + 1}
    all[#all + 1] = individual
    return individual
  end
  for generation = 1, o.generations do
    local generator = core.generator(o.seed, STREAM + generation)
    local new = {}
    if generation == 1 then
      for i = 1, o.population do new[i] = born(genes.random(o.genes, generator), 1) end
    else
      local parents = table.move(population, 1, math.max(1, o.population // 2), 1, {})
      for i = 1, o.population - #parents do
        local a, b = pair(parents, generator)
        local child = genes.cross(o.genes, a.genes, b.genes, generator, o.crossover)
        new[i] = born(genes.mutate(o.genes, child, o.threshold, generator), generation)
      end
      population = parents
    end
    local fitness = o.evaluate(new, generation)
    if not fitness then return nil end
    for i, individual in ipairs(new) do
      local value = fitness[i]
      if type(value) ~= "number" or value ~= value then
        fail("search: the fitness of individual %d is %s, expected a number", individual.number, value)
      end
      individual.fitness = value
      population[#population + 1] = individual
    end
    table.sort(population, fitter)
    if o.on_generation then o.on_generation(generation, population) end
  end
  local ranked = table.move(all, 1, #all, 1, {})
  table.sort(ranked, fitter)
  return shown.mark {best = ranked[1], population = population, all = all, ranked = ranked}
end

return genetic
