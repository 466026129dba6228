--- What a genetic search varies: hyper-parameters as genes, drawn, crossed and mutated.
--
-- A gene has a name (a setting of training), bounds, and a scale: "log" genes are drawn evenly over the exponents.
-- An individual's genes are a table of values by name. All draws come from the generator that is given.
--
-- search.genes.defaults are those of the lab: rate 1e-6 to 1e-2 (log), weight decay 0 to 0.1, momentum 0.1 to 1.5. A
-- momentum of 1 or more cannot train; the search has to find that out.
-- Call: search.genes
-- Call: search.genes.defaults
-- Errors: none.
-- Example:
--   > search.genes.text(search.genes.defaults, {lr = 0.01, momentum = 0.9})
--   rate 1.00e-02  momentum 0.9000
local check = require "resmoon.base.check"
local core = require "resmoon.core"
local library = require "resmoon.base.library"
local options = require "resmoon.base.options"
local fail = require "resmoon.base.fail"
local shown = require "resmoon.base.shown"

local genes = {}

check.kind("named", "entry {name =}", function(v) return type(v) == "table" and type(v.name) == "string" end)
check.kind("range", "range {low =, high =, scale =}", function(v)
  return type(v) == "table" and type(v.low) == "number" and type(v.high) == "number"
end)
check.kind("gene", "gene {name =, low =, high =, scale =}", function(v)
  return check.is(v, "named") and check.is(v, "range")
end)

genes.defaults = {
  {name = "lr",           low = 1e-6, high = 1e-2, scale = "log"},
  {name = "weight_decay", low = 0,    high = 0.1,  scale = "linear"},
  {name = "momentum",     low = 0.1,  high = 1.5,  scale = "linear"},
}

--- The lab's genes for settings of training: momentum is one of SGD, and where one-cycle moves it (of Adam beta1).
-- Call: search.genes.of(settings) -> list of genes
-- Errors: none.
-- Example:
--   > #search.genes.of {optimizer = "sgd"}, #search.genes.of {optimizer = "adam"}
--   3  2
function genes.of(settings)
  check("search.genes.of(settings: table)", settings)
  local cycled = settings.schedule == "onecycle" and settings.cycle_momentum
  return shown.mark(table.move(genes.defaults, 1, (settings.optimizer == "sgd" or cycled) and 3 or 2, 1, {}))
end

--- Checks a list of genes, and returns it.
-- Call: search.genes.check(list) -> list
-- Errors: raises for a gene without a name, bounds out of order, a log scale from 0, an unknown scale.
-- Example:
--   > #search.genes.check {{name = "lr", low = 0.01, high = 1, scale = "log"}}
--   1
function genes.check(list)
  check("search.genes.check(genes: table[])", list)
  for i, gene in ipairs(list) do
    if type(gene.name) ~= "string" then fail("search: gene %d has no name", i) end
    options("search: gene " .. gene.name, gene, {"name", "low", "high", "scale"})
    if not (type(gene.low) == "number" and type(gene.high) == "number" and gene.low <= gene.high) then
      fail("search: gene %s goes from %s to %s", gene.name, gene.low, gene.high)
    end
    if gene.scale ~= "log" and gene.scale ~= "linear" then
      fail("search: the scale of gene %s is %s, expected 'log' or 'linear'", gene.name, gene.scale)
    end
    if gene.scale == "log" and gene.low <= 0 then
      fail("search: gene %s has a log scale, so it cannot begin at %g", gene.name, gene.low)
    end
  end
  if #list == 0 then fail("search: there are no genes to vary") end
  return shown.mark(list)
end

--- A value of one gene.
-- Call: search.genes.draw(gene, generator) -> number
-- Errors: none.
-- Example:
--   > search.genes.draw({low = 1, high = 1, scale = "log"}, rm.generator(1, 0))
--   1.0
function genes.draw(gene, generator)
  check("search.genes.draw(gene: range, generator: generator)", gene, generator)
  local u = generator:uniform()
  if gene.scale == "log" then return gene.low * core.math.pow(gene.high / gene.low, u) end
  return gene.low + (gene.high - gene.low) * u
end

--- Random values for all genes.
-- Call: search.genes.random(list, generator) -> values by name
-- Errors: none.
-- Example:
--   > values = search.genes.random(search.genes.defaults, rm.generator(1, 0))
--   > values.lr >= 1e-6 and values.lr <= 1e-2
--   true
function genes.random(list, generator)
  check("search.genes.random(genes: gene[], generator: generator)", list, generator)
  local values = {}
  for _, gene in ipairs(list) do values[gene.name] = genes.draw(gene, generator) end
  return shown.mark(values)
end

--- Single-point crossover: the genes up to a random place from `a`, the others from `b`; with more than one
-- gene both parents give at least one. where "middle": the place is the middle of the list, of three genes behind the
-- first.
-- Call: search.genes.cross(list, a, b, generator, where = "random") -> values by name
-- Errors: none.
-- Example:
--   > two = {{name = "lr"}, {name = "momentum"}}
--   > a, b = {lr = 1, momentum = 1}, {lr = 2, momentum = 2}
--   > search.genes.cross(two, a, b, rm.generator(1, 0))
--   {lr = 1, momentum = 2}
function genes.cross(list, a, b, generator, where)
  check("search.genes.cross(genes: named[], a: table, b: table, generator: generator)", list, a, b, generator)
  local cut = where == "middle" and math.max(1, #list // 2)
    or #list > 1 and 1 + math.floor(generator:uniform() * (#list - 1)) or 1
  local child = {}
  for i, gene in ipairs(list) do child[gene.name] = (i <= cut and a or b)[gene.name] end
  return shown.mark(child)
end

--- Mutation: for each gene a number from 0 to 1 is drawn; where it exceeds the threshold the gene is drawn anew.
-- Call: search.genes.mutate(list, values, threshold, generator) -> values, changed in place
-- Errors: none.
-- Example:
--   > search.genes.mutate(search.genes.defaults, {lr = 7}, 1, rm.generator(1, 0))
--   {lr = 7}
function genes.mutate(list, values, threshold, generator)
  check("search.genes.mutate(genes: gene[], values: table, threshold: number, generator: generator)", list, values,
        threshold, generator)
  for _, gene in ipairs(list) do
    if generator:uniform() > threshold then values[gene.name] = genes.draw(gene, generator) end
  end
  return shown.mark(values)
end

--- The values in a line of text; genes without a value are left out.
-- Call: search.genes.text(list, values) -> string
-- Errors: none.
-- Example:
--   > search.genes.text({{name = "weight_decay"}}, {weight_decay = 0.02})
--   weight decay 0.0200
function genes.text(list, values)
  check("search.genes.text(genes: named[], values: table)", list, values)
  local parts = {}
  for _, gene in ipairs(list) do
    local name = gene.name == "lr" and "rate" or gene.name:gsub("_", " ")
    local form = gene.scale == "log" and "%s %.2e" or "%s %.4f"
    if values[gene.name] then parts[#parts + 1] = form:format(name, values[gene.name]) end
  end
  return table.concat(parts, "  ")
end

return library("search.genes", genes)
