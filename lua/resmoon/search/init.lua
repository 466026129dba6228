--- Search for hyper-parameters: a genetic algorithm over short trainings, with a journal on disk.
--
--     search.genetic {evaluate = f, genes = {...}}    -- the algorithm alone, for anything with a fitness
--     resmoon search --model resnet20 --data DIR      -- rate, weight decay and momentum of training
return {
  genes   = require "resmoon.search.genes",
  genetic = require "resmoon.search.genetic",
  trial   = require "resmoon.search.trial",
  journal = require "resmoon.search.journal",
  workers = require "resmoon.search.workers",
}
