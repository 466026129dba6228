--- resmoon demo: residual against plain networks on generated images, in a few minutes.
--
-- The experiment of figures 1 and 6 of He et al. (2016), arXiv:1512.03385, made small: without
-- shortcuts the deeper net is far worse than the shallower one, on the training images too
-- (degradation); with shortcuts both learn. Shapes10 is drawn here, so nothing is downloaded. Adam instead of SGD, and
-- images of 16 pixels: it is what makes 56 layers learn within a minute or two.
local commandline = require "resmoon.base.commandline"
local rm       = require "resmoon"
local config   = require "resmoon.train.config"
local options  = require "resmoon.train.options"

local demo = {
  models = {"resnet20", "plain20", "resnet56", "plain56"},
  settings = {
    train_size = 20000, test_size = 4000, epochs = 6, batch_size = 32, size = 16, optimizer = "adam", lr = 0.003,
    schedule = "onecycle", augment = false,
  },
}

local parser = commandline("resmoon demo", ("Trains %s on generated images of %d pixels, prints a table and draws "
                           .. "their curves (PNG, SVG and in the terminal)."):format(table.concat(demo.models, ", "),
                                                                                                   demo.settings.size))
  :epilog [[
Example:
  resmoon demo --epochs 20]]
parser:option("--run", "folder for the runs and the figure (default runs/demo, or the next free name)")
  :argname "DIR"
parser:option("--models", "networks to train (default " .. table.concat(demo.models, " ") .. ")")
  :args "+":argname "NAME"
options.add(parser, config.with(demo.settings, {weight_decay = "0; 0.0001 with sgd",
                                                threads = "all or one, whichever is faster"}), {data = true})
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
  local c = config.with(demo.settings, options.config(args))
  if c.size ~= 16 and c.size ~= 32 then error(("--size is %d, expected 16 or 32"):format(c.size), 0) end
  c.weight_decay = c.weight_decay or c.optimizer == "sgd" and 1e-4 or 0.0
  c.threads, c.seed = c.threads or rm.num_threads(), c.seed or 1
  c.data_seed = c.seed   -- the seed draws the images, too
  print(("Shapes10: %d training images, %d test images, %dx%d pixels; %d epochs each, %d thread%s"):format(
        c.train_size, c.test_size, c.size, c.size, c.epochs, c.threads, c.threads > 1 and "s" or ""))
  local jobs = {}
  for i, name in ipairs(args.models or demo.models) do
    jobs[i] = {name = name, settings = config.with(c, {model = name})}
  end
  local folders = rm.train.several(jobs, {folder = home})
  if not folders then return 130 end
  rm.train.compare.show(folders, home, {title = "residual and plain networks on Shapes10"})
  print(("in %s"):format(rm.train.compare.duration(rm.sys.clock() - began)))
  return 0
end)
