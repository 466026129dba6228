--- resmoon predict: what a trained network sees in single images.
local commandline = require "resmoon.base.commandline"
local rm        = require "resmoon"
local options   = require "resmoon.train.options"
local predicted = require "resmoon.train.predicted"

local parser = commandline("resmoon predict", "Classifies images with a trained network: the most likely classes of "
                           .. "each, with their probabilities. Images are treated as the run's test images were.")
  :epilog [[
Example:
  resmoon predict runs/resnet20 cat.png dog.jpg --top 3 --figure predicted.png]]
parser:argument("run", "folder of a run (its best checkpoint), or a .safetensors file that training wrote")
parser:argument("images", "image files (JPEG, PNG)"):args "+"
parser:option("--top", "classes to list"):argname "N":convert(options.count):default "3"
parser:option("--figure", "draw the images with what was predicted into this file (.png, .svg, .pdf)"):argname "FILE"
parser:option("--model", "FILE.lua:NAME that builds the network, where the run of a network of your own cannot (which "
              .. "is said)"):argname "FILE"
parser:option("--threads", "processors to use (default all)"):argname "N":convert(options.count)
local args = parser:parse()

options.main(function()
  if args.threads then rm.set_num_threads(args.threads) end
  local net, c, mean, std = rm.train.load(args.run, {model = args.model})
  local list = rm.train.predict(net, args.images, {classes = c.classes, input = c.input, mean = mean, std = std,
                                                   top = args.top,
                                                   transform = rm.train.config.test_transform(c)})
  print(table.concat(predicted.lines(list), "\n"))
  local drawn = args.figure and predicted.draw(list, nil, {file = args.figure})
  if drawn then print("figure: " .. args.figure) end
end)
