--- resmoon demo: residual against plain networks on generated images, in a few minutes.
--
-- The experiment of figures 1 and 6 of He et al. (2016), arXiv:1512.03385, made small: without
-- shortcuts the deeper net is far worse than the shallower one, on the training images too
-- (degradation); with shortcuts both learn. Shapes10 is drawn here, so nothing is downloaded. Adam instead of SGD, and
-- images of 16 pixels: it is what makes 56 layers learn within a minute or two.
local commandline = require "resmoon.base.commandline"
local rm       = require "resmoon"
local options  = require "resmoon.train.options"

local demo = {
  models = {"resnet20", "plain20", "resnet56", "plain56"},
  train_size = 12000, test_size = 2000, epochs = 5, batch_size = 32, size = 16,
  optimizer = "adam", lr = 0.003, schedule = "onecycle",
}

local parser = commandline("resmoon demo", ("Trains %s on generated images of %d pixels, prints a table and draws "
                           .. "their curves (PNG, SVG and in the terminal)."):format(table.concat(demo.models, ", "),
                                                                                                   demo.size))
  :epilog [[
Example:
  resmoon demo --epochs 20]]
parser:option("--run", "folder for the runs and the figure (default runs/demo, or the next free name)")
  :argname "DIR"
for _, item in ipairs {{"epochs", "passes over the training images"}, {"train_size", "training images"},
                       {"test_size", "test images"}, {"batch_size", "images per step"},
                       {"size", "height and width of the images in pixels: 32, or 16 by averaging"}} do
  parser:option("--" .. item[1]:gsub("_", "-"), item[2])
    :argname "N":convert(options.whole):default(tostring(demo[item[1]]))
end
parser:option("--lr", "highest learning rate"):argname "RATE"
  :convert(options.number):default(tostring(demo.lr))
parser:option("--optimizer", "how a step is made"):default(demo.optimizer)
  :choices {"sgd", "adam", "adamw", "rmsprop"}
parser:option("--schedule", "of the learning rate"):default(demo.schedule)
  :choices(rm.train.config.schedules)
parser:option("--seed", "of images, weights and order"):argname "N":convert(options.whole):default "1"
parser:option("--threads", "processors to use (default all or one, whichever is faster)")
  :argname "N":convert(options.whole)
parser:option("--models", "networks to train (default " .. table.concat(demo.models, " ") .. ")")
  :args "+":argname "NAME"
local args = parser:parse()

-- The next free folder: runs/demo, runs/demo-2, ...
local function free_folder()
  local path, n = "runs/demo", 1
  while rm.sys.exists(path) do
    n = n + 1
    path = "runs/demo-" .. n
  end
  return path
end

options.main(function()
  local home, began = args.run or free_folder(), rm.sys.clock()
  if args.size ~= 16 and args.size ~= 32 then error(("--size is %d, expected 16 or 32"):format(args.size), 0) end
  local names = args.models or demo.models
  local threads = args.threads or rm.num_threads()
  print(("Shapes10: %d training images, %d test images, %dx%d pixels; %d epochs each, %d thread%s"):format(
        args.train_size, args.test_size, args.size, args.size, args.epochs, threads, threads > 1 and "s" or ""))
  local jobs = {}
  for i, name in ipairs(names) do
    jobs[i] = {name = name, settings = {
      model = name, epochs = args.epochs, batch_size = args.batch_size, lr = args.lr, schedule = args.schedule,
      augment = false, optimizer = args.optimizer, weight_decay = args.optimizer == "sgd" and 1e-4 or 0.0,
      train_size = args.train_size, test_size = args.test_size, size = args.size, data_seed = args.seed,
      seed = args.seed, threads = threads,
    }}
  end
  local folders = rm.train.several(jobs, {folder = home})
  if not folders then return 130 end
  rm.train.compare.show(folders, home, {title = "residual and plain networks on Shapes10"})
  print(("in %s"):format(rm.train.compare.duration(rm.sys.clock() - began)))
  return 0
end)
