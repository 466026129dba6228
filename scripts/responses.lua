--- resmoon responses: how strongly the layers of trained networks answer (figure 7 of the paper).
local commandline = require "resmoon.base.commandline"
local rm        = require "resmoon"
local options   = require "resmoon.train.options"
local responses = require "resmoon.train.responses_of_runs"
local text      = require "resmoon.base.text"

local parser = commandline("resmoon responses", "Standard deviation of the outputs of each 3x3 layer, behind its batch "
                           .. "norm and before relu and addition: a line for each run, drawn in order and sorted.")
  :epilog [[
Example:
  resmoon responses runs/compare/resnet20 runs/compare/plain20 runs/compare/resnet56 --figure responses.png]]
parser:argument("runs", "folders of runs (their best checkpoints), or .safetensors files that training wrote"):args "+"
parser:option("--data", "folder of the data, or shapes10 (default that of the run)"):argname "DIR"
parser:option("--images", "training images to send through"):argname "N":convert(options.count):default "256"
parser:option("--threads", "processors to use (default all)"):argname "N":convert(options.count)
parser:option("--figure", "draw into this file (.png, .svg, .pdf) instead of on the screen"):argname "FILE"
parser:flag("--layers", "print every layer")
local args = parser:parse()

options.main(function()
  if args.threads then rm.set_num_threads(args.threads) end
  if args.images < 1 then error("--images must be at least 1", 0) end
  local series = {}
  for i, run in ipairs(args.runs) do
    series[i] = responses.of(run, {images = args.images, data = args.data})
    for _, layer in ipairs(args.layers and series[i].layers or {}) do
      print(("  %-28s %.4f"):format(layer.path, layer.std))
    end
  end
  print(table.concat(text.columns(responses.rows(series)), "\n"))
  local drawn = rm.plot.responses(series, {file = args.figure, title = "standard deviation of layer responses"})
  if drawn and args.figure then print("figure: " .. args.figure) end
end)
