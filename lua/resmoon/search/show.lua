--- What a search found, for people: the five fittest, what was gained, and the figure of both.
local genes = require "resmoon.search.genes"

local SHOWN = 5

local function figure(result, files)
  local trials = {}
  for i = 1, math.min(SHOWN, #result.ranked) do
    local each = result.ranked[i]
    trials[i] = {name = ("trial %d"):format(each.number), accuracy = each.trial.accuracy, loss = each.trial.loss}
  end
  return require("resmoon.plot.epochs").trials(trials, {file = files})
end

--- Prints the five fittest individuals of a search and what was gained over the settings as given, and draws accuracy
-- and loss of the five by epoch: best5.png and best5.svg in `folder`, or that of the search.
-- Call: search.show(result, folder = nil) -> files of the figure, or nil
-- Errors: raises for what search.run did not return. Without gnuplot there is no figure, which is said.
-- Example:
--   settings = {model = "lenet5", epochs = 1, train_size = 100}
--   search.show(search.run {settings = settings, folder = "runs/search"})
local function show(result, folder)
  print("\n  trial  generation  accuracy  hyper-parameters")
  for i = 1, math.min(SHOWN, #result.ranked) do
    local each = result.ranked[i]
    print(("  %5d  %10d  %7.2f%%  %s"):format(each.number, each.generation, each.fitness,
          genes.text(result.genes, each.genes)))
  end
  local function line(what, each)
    print(("  %s  %6.2f%%  %s"):format(what, each.fitness, genes.text(result.genes, each.genes)))
  end
  print()
  line("without search", result.plain)
  line("with search   ", result.best)
  folder = folder or result.folder
  local files = {folder .. "/best5.png", folder .. "/best5.svg"}
  if not figure(result, files) then return nil end
  print(("\nfigure: %s, %s"):format(files[1], files[2]))
  return files
end

return show
