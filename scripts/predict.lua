--- resmoon predict: what a trained network sees in single images.
local commandline = require "resmoon.base.commandline"
local rm        = require "resmoon"
local hint      = require "resmoon.base.hint"
local options   = require "resmoon.train.options"
local predicted = require "resmoon.train.predicted"

local parser = commandline("resmoon predict", "Classifies images with a trained network: the most likely classes of "
                           .. "each, with their probabilities. Images are treated as the run's test images were.")
  :epilog [[
Example:
  resmoon predict runs/resnet20 cat.png dog.jpg --top 3 --figure predicted.png
  resmoon predict runs/resnet20 cat.png --explain --figure looked.png]]
parser:argument("run", "folder of a run (its best checkpoint), or a .safetensors file that training wrote")
parser:argument("images", "image files (JPEG, PNG)"):args "+"
parser:option("--top", "classes to list"):argname "N":convert(options.count):default "3"
parser:option("--figure", "draw the images with what was predicted into this file (.png, .svg, .pdf)"):argname "FILE"
parser:flag("--explain", "also what it looked at: Grad-CAM, saliency and occlusion, as a table, and in the figure")
parser:option("--class", "with --explain: the class that is asked about (default the most likely one of each)")
  :argname "NAME"
parser:option("--layer", "with --explain: the layer of Grad-CAM, by its path as in layer2.0 (default the last feature "
              .. "map)")
  :argname "PATH"
parser:option("--model", "FILE.lua:NAME that builds the network, where the run of a network of your own cannot (which "
              .. "is said)"):argname "FILE"
parser:option("--threads", "processors to use (default all)"):argname "N":convert(options.count)
local args = parser:parse()

-- The number of a class that is given by its name or number; nil for nil.
local function class_number(given, classes)
  if not given then return nil end
  for i, name in ipairs(classes or {}) do
    if name == given then return i end
  end
  local n = math.tointeger(tonumber(given))
  if n and n >= 1 and (not classes or n <= #classes) then return n end
  error(("--class: there is no class '%s'%s"):format(given, hint(given, classes or {})), 0)
end

options.main(function()
  if args.threads then rm.set_num_threads(args.threads) end
  if (args.class or args.layer) and not args.explain then error("--class and --layer go with --explain", 0) end
  local net, c, mean, std = rm.train.load(args.run, {model = args.model})
  local class = class_number(args.class, c.classes)
  local list = rm.train.predict(net, args.images, {classes = c.classes, input = c.input, mean = mean, std = std,
                                                   top = args.top,
                                                   transform = rm.train.config.test_transform(c)})
  print(table.concat(predicted.lines(list), "\n"))
  local drawn
  if args.explain then
    local best = {}
    for i, each in ipairs(list) do best[i] = each.top[1].label end
    local looked = rm.look(net, list.images:normalize(mean, std), {
      class = class or best, layer = args.layer, classes = c.classes,
      images = list.images})
    print(looked)
    drawn = args.figure and rm.plot.look(looked, {file = args.figure, limit = #list})
  else
    drawn = args.figure and predicted.draw(list, nil, {file = args.figure})
  end
  if drawn then print("figure: " .. args.figure) end
end)
