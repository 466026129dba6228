--- A genetic search: generations of individuals, the fittest half kept, children by crossover and mutation.
--
--     result = search.genetic {evaluate = function(individual) return fitness end}
--
-- Every generation draws from a generator of its own, made from the seed and its number: with the same fitness
-- values the search takes the same course, however often it was stopped and in whatever order trials end.
-- Source: the usual genetic algorithm (Holland 1975), with the settings of the lab: 10 individuals, 5
-- generations, single-point crossover, mutation by re-initialising genes over a threshold.
local rm    = require "resmoon.core"
local fail  = require "resmoon.fail"
local genes = require "resmoon.search.genes"

local defaults = {population = 10, generations = 5, threshold = 0.8, seed = 1}

local function settings(options)
  local o = {}
  for name, value in pairs(defaults) do o[name] = value end
  for name, value in pairs(options) do o[name] = value end
  for _, name in ipairs {"population", "generations"} do
    if math.type(o[name]) ~= "integer" or o[name] < 1 then
      fail("search: %s is %s, expected a whole number from 1", name, tostring(o[name]))
    end
  end
  if o.population < 2 then fail("search: population is %d, expected at least 2", o.population) end
  if not (o.threshold >= 0 and o.threshold <= 1) then
    fail("search: threshold is %s, expected 0 to 1", tostring(o.threshold))
  end
  o.genes = genes.check(o.genes or genes.defaults)
  return o
end

-- The fittest first; of equal ones the older.
local function rank(population)
  table.sort(population, function(a, b)
    if a.fitness ~= b.fitness then return a.fitness > b.fitness end
    return a.number < b.number
  end)
end

local STREAM = 77  -- apart from the streams of training

--- Searches.
-- options: evaluate(list of new individuals, generation) -> list of fitness values (numbers; the higher the
-- better; any number is fine for one that cannot train, NaN is not), population (10), generations (5), genes,
-- threshold of mutation (0.8), seed (1), on_generation(generation, population).
-- Returns {best = individual, population = last generation, fittest first, all = every individual ever, in the
-- order they were made}; an individual is {genes = values by name, fitness =, generation =, number =}.
local function genetic(options)
  local o = settings(options)
  local all, population = {}, {}
  local function born(values, generation)
    local individual = {genes = values, generation = generation, number = #all + 1}
    all[#all + 1] = individual
    return individual
  end
  for generation = 1, o.generations do
    local generator = rm.generator(o.seed, STREAM + generation)
    local new = {}
    if generation == 1 then
      for i = 1, o.population do new[i] = born(genes.random(o.genes, generator), 1) end
    else
      local parents = table.move(population, 1, math.max(1, o.population // 2), 1, {})
      for i = 1, o.population - #parents do
        local a = parents[1 + math.floor(generator:uniform() * #parents)]
        local b = parents[1 + math.floor(generator:uniform() * #parents)]
        local child = genes.cross(o.genes, a.genes, b.genes, generator)
        new[i] = born(genes.mutate(o.genes, child, o.threshold, generator), generation)
      end
      population = parents
    end
    local fitness = o.evaluate(new, generation)
    for i, individual in ipairs(new) do
      local value = fitness[i]
      if type(value) ~= "number" or value ~= value then
        fail("search: the fitness of individual %d is %s, expected a number", individual.number, tostring(value))
      end
      individual.fitness = value
      population[#population + 1] = individual
    end
    rank(population)
    if o.on_generation then o.on_generation(generation, population) end
  end
  return {best = population[1], population = population, all = all}
end

return genetic
