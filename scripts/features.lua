--- resmoon features: what a network has made of images at each stage, and which classes it confuses.
local commandline = require "resmoon.base.commandline"
local rm      = require "resmoon"
local options = require "resmoon.train.options"
local testset = require "resmoon.train.testset"

local parser = commandline("resmoon features", "Draws the test images as a trained network sees them at each of its "
                           .. "stages: principal components and t-SNE, a color for each class; and lists the pairs of "
                           .. "classes that it confuses most.")
  :epilog [[
Example:
  resmoon features runs/resnet20 --images 1000 --figure features.png --confused confused.png]]
parser:argument("run", "folder of a run (its best checkpoint), or a .safetensors file that training wrote")
parser:option("--images", "test images to take"):argname "N":convert(options.count):default "500"
parser:option("--layer", "path of a layer, as in layer2.0 (default the last part for each size of the maps)")
  :argname "PATH":count "*"
parser:option("--seed", "of t-SNE"):argname "N":convert(options.count):default "1"
parser:option("--data", "folder of other data with the same classes, or shapes10 (default the run's test images)")
  :argname "DIR"
parser:option("--figure", "draw the stages into this file (.png, .svg, .pdf)"):argname "FILE"
parser:option("--confused", "draw images of the pairs into this file"):argname "FILE"
parser:option("--threads", "processors to use (default all)"):argname "N":convert(options.count)
local args = parser:parse()

options.main(function()
  if args.threads then rm.set_num_threads(args.threads) end
  local net, c, mean, std = rm.train.load(args.run)
  local test, notes = testset(args.run, c, {data = args.data})
  for _, note in ipairs(notes) do print("note: " .. note) end
  local found = rm.features(net, test, {images = args.images, mean = mean, std = std, seed = args.seed,
                                        layers = #args.layer > 0 and args.layer or nil})
  print(found)
  local pairs_of = rm.confused(net, test, {images = args.images, mean = mean, std = std})
  print(("\n%s"):format(pairs_of))
  if args.figure and rm.plot.features(found, {file = args.figure}) then print("figure: " .. args.figure) end
  if args.confused and #pairs_of > 0 and rm.plot.confused(pairs_of, test, {file = args.confused}) then
    print("figure: " .. args.confused)
  end
end)
