--- resmoon landscape: the loss around the weights of trained networks, as surfaces and contours to one scale.
local commandline = require "resmoon.base.commandline"
local rm        = require "resmoon"
local options   = require "resmoon.train.options"
local text      = require "resmoon.base.text"

local parser = commandline("resmoon landscape", "Losses in a plane through the weights of each run's best network, "
                           .. "along two random directions with filters as long as the network's own, or along the "
                           .. "path of its training. Says how flat they are, and draws them beside one another to one "
                           .. "scale.")
  :epilog [[
Example:
  resmoon landscape runs/demo/resnet56 runs/demo/plain56 --figure landscape.png
  resmoon landscape runs/demo/resnet56 --directions path --keep landscapes]]
parser:argument("runs", "folders of runs, .safetensors files that training wrote, or .landscape files"):args "+"
parser:option("--grid", "points on each axis"):argname "N":convert(options.count):default "25"
parser:option("--directions", "random, or path: principal components of the checkpoints of a run with --keep-every 1")
  :choices {"random", "path"}:default "random"
parser:option("--range", "how far to go in each direction (default 1; of a path, what it covers)")
  :argname "X":convert(options.number)
parser:option("--seed", "draws the random directions"):argname "N":convert(options.whole):default "1"
parser:flag("--biases", "biases and the scales and shifts of norms move as well")
parser:option("--statistics", "of batch norms: the network's running ones, or recomputed at each point (twice as slow)")
  :choices {"running", "recompute"}:default "running"
parser:option("--images", "images to take the loss of"):argname "N":convert(options.count):default "128"
parser:option("--batch", "images at a time"):argname "N":convert(options.count):default "128"
parser:option("--data", "folder of the data, or shapes10 (default that of the run)"):argname "DIR"
parser:option("--split", "training or test images"):choices {"train", "test"}:default "train"
parser:option("--top", "highest loss that the figure tells apart (default 10)"):argname "X":convert(options.number)
parser:option("--keep", "folder for the points that are done (RUN.landscape): the same command goes on from there")
  :argname "DIR"
parser:option("--threads", "processors to use (default all)"):argname "N":convert(options.count)
parser:option("--figure", "draw into this file (.png, .svg, .pdf) instead of on the screen"):argname "FILE"
local args = parser:parse()

local function of(run, key)
  if rm.sys.exists(run) and not rm.sys.is_dir(run) and not run:find "%.safetensors$" then return rm.landscape(run) end
  local file
  if args.keep then
    rm.sys.mkdir_p(args.keep)
    file = args.keep .. "/" .. key .. ".landscape"
  end
  return rm.landscape(run, {
    grid = args.grid, directions = args.directions, range = args.range, seed = args.seed, biases = args.biases or false,
    statistics = args.statistics, images = args.images, batch = args.batch, data = args.data, split = args.split,
    file = file})
end

options.main(function()
  if args.threads then rm.set_num_threads(args.threads) end
  local keys, list = text.file_keys(args.runs), {}
  for i, run in ipairs(args.runs) do
    list[i] = of(run, keys[i])
    print(list[i])
    if list[i].stopped == "interrupted" then return 130 end
  end
  local drawn = rm.plot.landscape(list, {file = args.figure, top = args.top, title = "loss landscape"})
  if drawn and args.figure then print("figure: " .. args.figure) end
end)
