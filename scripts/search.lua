--- resmoon search: a genetic search for learning rate, weight decay and momentum.
local commandline = require "resmoon.base.commandline"
local rm       = require "resmoon"
local options  = require "resmoon.train.options"

local parser = commandline("resmoon search", "Searches learning rate (1e-6 to 1e-2, log), weight decay (0 to 0.1) "
                           .. "and momentum\n(0.1 to 1.5; of sgd, or with --cycle-momentum) with a genetic algorithm "
                           .. "over short trainings. Fitness is the accuracy on held-out training images.")
  :epilog [[
The folder holds a file for each finished trial: the same command goes on where it was stopped or killed.
Trial 0 is the training with the settings as given: what the search is compared with.
Under mpirun each process runs one trial at a time; trials and journal are those of one process.

Example:
  resmoon search --model resnet20 --data ~/data --train-size 5000 --epochs 3 --workers 2
  mpirun -n 4 resmoon search --model resnet20 --data ~/data --train-size 5000 --epochs 3]]
parser:option("--model", "network (default resnet20), or FILE.lua:NAME of your own"):argname "NAME"
parser:option("--run", "folder of the search"):argname "DIR":default "runs/search"
parser:option("--population", "individuals"):argname "N":convert(options.count):default "10"
parser:option("--generations", "generations"):argname "N":convert(options.count):default "5"
parser:option("--mutation", "threshold: a gene is drawn anew where a number from 0 to 1 exceeds it"):argname "X"
  :convert(options.number):default "0.8"
parser:option("--workers", "trials at a time, each with its share of the processors"):argname "N"
  :convert(options.count):default "1"
options.add(parser, {epochs = 3, val_split = 0.1})
local args = parser:parse()

options.main(function()
  local settings = options.config(args)
  settings.model = args.model
  local result = rm.search.run {
    settings = settings, folder = args.run, population = args.population, generations = args.generations,
    threshold = args.mutation, workers = args.workers,
  }
  if not result then
    print(("stopped; the same command goes on (%s)"):format(args.run))
    return 130
  end
  if rm.dist.rank() == 0 then rm.search.show(result) end
end)
