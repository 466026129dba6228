--- What a genetic search varies: hyper-parameters as genes, drawn, crossed and mutated.
--
-- A gene has a name (a setting of training), bounds, and a scale: "log" genes are drawn evenly over the exponents.
-- An individual is a table of values by name. All draws come from the generator that is given.
local fail = require "resmoon.fail"

local genes = {}

--- The genes of the lab: rate 1e-6 to 1e-2 (log), weight decay 0 to 0.1, momentum 0.1 to 1.5. A momentum of 1 or
-- more cannot train; the search has to find that out.
genes.defaults = {
  {name = "lr",           low = 1e-6, high = 1e-2, scale = "log"},
  {name = "weight_decay", low = 0,    high = 0.1,  scale = "linear"},
  {name = "momentum",     low = 0.1,  high = 1.5,  scale = "linear"},
}

--- Checks a list of genes. Errors: raises for bounds out of order, a log scale from 0, an unknown scale.
function genes.check(list)
  for i, gene in ipairs(list) do
    if type(gene.name) ~= "string" then fail("search: gene %d has no name", i) end
    if not (type(gene.low) == "number" and type(gene.high) == "number" and gene.low <= gene.high) then
      fail("search: gene %s goes from %s to %s", gene.name, tostring(gene.low), tostring(gene.high))
    end
    if gene.scale ~= "log" and gene.scale ~= "linear" then
      fail("search: the scale of gene %s is %s, expected 'log' or 'linear'", gene.name, tostring(gene.scale))
    end
    if gene.scale == "log" and gene.low <= 0 then
      fail("search: gene %s has a log scale, so it cannot begin at %g", gene.name, gene.low)
    end
  end
  return list
end

--- A value of one gene.
function genes.draw(gene, generator)
  local u = generator:uniform()
  if gene.scale == "log" then return gene.low * (gene.high / gene.low) ^ u end
  return gene.low + (gene.high - gene.low) * u
end

--- A random individual.
function genes.random(list, generator)
  local individual = {}
  for _, gene in ipairs(list) do individual[gene.name] = genes.draw(gene, generator) end
  return individual
end

--- Single-point crossover: the genes up to a random place from `a`, the others from `b`; with more than one
-- gene both parents give at least one.
function genes.cross(list, a, b, generator)
  local cut = #list > 1 and 1 + math.floor(generator:uniform() * (#list - 1)) or 1
  local child = {}
  for i, gene in ipairs(list) do child[gene.name] = (i <= cut and a or b)[gene.name] end
  return child
end

--- Mutation: for each gene a number from 0 to 1 is drawn; where it exceeds the threshold the gene is drawn anew.
function genes.mutate(list, individual, threshold, generator)
  for _, gene in ipairs(list) do
    if generator:uniform() > threshold then individual[gene.name] = genes.draw(gene, generator) end
  end
  return individual
end

return genes
