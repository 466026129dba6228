--- Lab E, the best hyper-parameters of a network: a genetic search for rate, weight decay and momentum.
--
-- It begins with the activation and initialization that were best on the validation images, where several were tried,
-- and its fitness is the accuracy on validation images, so that no test image chooses anything.
local config = require "resmoon.train.config"
local lab    = require "resmoon.labs.lab"
local search = require "resmoon.search"

local best_settings = {}

local GENES = {
  {name = "lr",           low = 1e-3, high = 0.3,  scale = "log"},
  {name = "weight_decay", low = 1e-6, high = 1e-2, scale = "log"},
  {name = "momentum",     low = 0,    high = 0.99, scale = "linear"},
}

local budgets = {
  sheet    = {population = 10, generations = 5, epochs = 5, train_size = 10000},
  embedded = {population = 6, generations = 2, epochs = 3, train_size = 2000},
}

--- Searches in the folder home/search_MODEL. base: settings of the network. args: population, generations,
-- trial_epochs, where they were given.
-- Returns the fittest settings (base, where no trial was fitter), and sentences to which their test accuracy is to be
-- added; nil if Ctrl-C ended it.
function best_settings.of(home, base, args)
  local budget = budgets[lab.is_embedded(base) and "embedded" or "sheet"]
  local settings = config.with(base, {epochs = args.trial_epochs or budget.epochs, val_split = 0.2,
                                      train_size = math.min(budget.train_size, base.train_size or math.huge)})
  local result = search.run {
    settings = settings, folder = ("%s/search_%s"):format(home, base.model), genes = GENES,
    population = args.population or budget.population, generations = args.generations or budget.generations,
  }
  if not result then return nil end
  local found = search.genes.text(GENES, result.best.genes):gsub("  ", ", ")
  local better = result.best.fitness > result.plain.fitness
  local says = ("%s (%s, %s): of %d trials of %d epoch%s the fittest has %s; the settings as given reached %.2f%%. %s "
                .. "%s")
    :format(base.model, base.activation, base.init, #result.all, settings.epochs, settings.epochs > 1 and "s" or "",
            found, result.plain.fitness, search.says(result),
            better and "Trained with the fittest settings as long as the others, on the test images:"
            or "No trial was fitter than the settings as given, so these are trained again; on the test images:")
  return better and search.apply(base, result.best.genes) or config.with(base), says
end

return best_settings
