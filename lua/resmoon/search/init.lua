--- Search for hyper-parameters: a genetic algorithm over short trainings, with a journal on disk.
--
--     settings = {model = "resnet20", epochs = 3, val_split = 0.1}
--     result = search.run {settings = settings, folder = "runs/search"}
--     search.show(result)
--     train.run(search.apply(settings, result.best.genes))
--
-- search.genetic is the algorithm alone, for anything with a fitness. The command `resmoon search` is run and show.
-- Topic: search
local library = require "resmoon.base.library"
local show    = require "resmoon.search.show"

return library("search", {
  run     = require "resmoon.search.run",
  show    = show.show,
  says    = show.says,
  apply   = require("resmoon.search.trial").apply,
  genetic = require "resmoon.search.genetic",
  genes   = require "resmoon.search.genes",
})
