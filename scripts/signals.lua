--- resmoon signals: what arrives at each layer and the gradient of its weight, in networks or in the course of runs.
local commandline = require "resmoon.base.commandline"
local rm        = require "resmoon"
local config    = require "resmoon.train.config"
local options   = require "resmoon.train.options"

local parser = commandline("resmoon signals", "Mean and standard deviation of what arrives at each layer with weights, "
                           .. "the share of dead units, and the norm of its gradient, by depth: of networks before "
                           .. "training, or of runs. Of runs that --watch-layers watched they are those of its epochs, "
                           .. "as curves or as a heat map.")
  :epilog [[
Example:
  resmoon signals resnet56 plain56 --figure signals.png
  resmoon signals runs/resnet56 runs/plain56 --map gradient --figure map.png]]
parser:argument("networks", "folders of runs, networks of models.list(), or FILE.lua:NAME of your own"):args "+"
parser:option("--columns", "panels: mean, std, dead, gradient (default std gradient)"):args "+"
  :choices {"mean", "std", "dead", "gradient"}
parser:option("--map", "a heat map of this column by layer and epoch, of runs that were watched")
  :choices {"mean", "std", "dead", "gradient"}
parser:option("--images", "images to send through"):argname "N":convert(options.count):default "128"
parser:option("--data", "folder of the data, or shapes10 (default that of the run; shapes10)"):argname "DIR"
parser:option("--seed", "of the weights before training"):argname "N":convert(options.whole):default "1"
parser:option("--threads", "processors to use (default all)"):argname "N":convert(options.count)
parser:option("--figure", "draw into this file (.png, .svg, .pdf) instead of on the screen"):argname "FILE"
local args = parser:parse()

local function watched(run) return rm.sys.exists(run .. "/layers.csv") end

-- The signals of a network, or the folder of a run that was watched.
local function of(name)
  if rm.sys.is_dir(name) and watched(name) then return name end
  if rm.sys.is_dir(name) then return rm.signals(name, {images = args.images, data = args.data}) end
  local c = config.complete {model = name, data = args.data, seed = args.seed}
  local train = config.open(c)
  rm.manual_seed(args.seed)
  local net = rm.models.get(name) {input = train.shape, num_classes = #train.classes}
  return rm.signals(net, train, {images = args.images, name = name})
end

options.main(function()
  if args.threads then rm.set_num_threads(args.threads) end
  local drawn
  if args.map then drawn = rm.plot.signal_map(args.networks, {column = args.map, file = args.figure})
  else
    local list = {}
    for i, name in ipairs(args.networks) do
      list[i] = of(name)
      if type(list[i]) ~= "string" then print((i > 1 and "\n" or "") .. tostring(list[i])) end
    end
    drawn = rm.plot.signals(list, {columns = args.columns, file = args.figure})
  end
  if drawn and args.figure then print("figure: " .. args.figure) end
end)
