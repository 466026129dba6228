--- resmoon responses: how strongly the layers of trained networks answer (figure 7 of the paper).
local commandline = require "resmoon.commandline"
local rm       = require "resmoon"
local options  = require "resmoon.train.options"

local parser = commandline("resmoon responses", "Standard deviation of the outputs of each 3x3 layer, behind its batch "
                           .. "norm and before relu and addition: a line for each run, drawn in order and sorted.")
  :epilog [[
Example:
  resmoon responses runs/compare/resnet20 runs/compare/plain20 runs/compare/resnet56 --figure responses.png]]
parser:argument("runs", "folders of runs (their best checkpoints), or .safetensors files that training wrote"):args "+"
parser:option("--data", "folder of the data, or shapes10 (default that of the run)"):argname "DIR"
parser:option("--images", "training images to send through"):argname "N":convert(options.whole):default "256"
parser:option("--threads", "processors to use (default all)"):argname "N":convert(options.whole)
parser:option("--figure", "draw into this file (.png, .svg, .pdf) instead of on the screen"):argname "FILE"
parser:flag("--layers", "print every layer")
local args = parser:parse()

options.main(function()
  if args.threads then rm.set_num_threads(args.threads) end
  if args.images < 1 then error("--images must be at least 1", 0) end
  local series = {}
  print(("%-16s %7s %10s %10s %10s"):format("network", "layers", "mean std", "lowest", "highest"))
  for i, run in ipairs(args.runs) do
    local net, c, mean, std = rm.train.load(run)
    c.data, c.val_split = args.data or c.data, 0
    local train = rm.train.config.open(c)
    local n = math.min(args.images, train:size())
    local part = train:subset(rm.data.Dataset.spread(train:size(), n))
    local loader = rm.data.Loader(part, {batch_size = n, mean = mean, std = std})
    local layers = rm.metrics.responses(net, (loader:epoch(1)()))
    local values, sum = {}, 0
    for k, layer in ipairs(layers) do
      values[k], sum = layer.std, sum + layer.std
      if args.layers then print(("  %-28s %.4f"):format(layer.path, layer.std)) end
    end
    series[i] = {name = c.name, std = values}
    print(("%-16s %7d %10.4f %10.4f %10.4f"):format(c.name, #values, sum / #values, math.min(table.unpack(values)),
          math.max(table.unpack(values))))
  end
  local drawn = rm.plot.responses(series, {file = args.figure, title = "standard deviation of layer responses"})
  if drawn and args.figure then print("figure: " .. args.figure) end
end)
