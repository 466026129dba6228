--- resmoon lesions: the error of trained networks without each of their blocks, and with blocks swapped.
local commandline = require "resmoon.base.commandline"
local rm      = require "resmoon"
local options = require "resmoon.train.options"
local testset = require "resmoon.train.testset"

local parser = commandline("resmoon lesions", "Takes blocks out of trained networks, one and several at a time, and "
                           .. "swaps them: the error without each, residual networks beside plain ones. Of residual "
                           .. "networks also how much gradient comes by paths of each length (Veit et al. 2016).")
  :epilog [[
Example:
  resmoon lesions runs/resnet20 runs/plain20 --figure lesions.png]]
parser:argument("runs", "folders of runs (their best checkpoints), or .safetensors files that training wrote")
  :argname "RUN":args "+"
parser:option("--images", "test images to take"):argname "N":convert(options.count):default "500"
parser:option("--data", "folder of other data with the same classes, or shapes10 (default the runs' test images)")
  :argname "DIR"
parser:option("--figure", "draw all into this file (.png, .svg, .pdf)"):argname "FILE"
parser:option("--threads", "processors to use (default all)"):argname "N":convert(options.count)
local args = parser:parse()

options.main(function()
  if args.threads then rm.set_num_threads(args.threads) end
  local results, names = {}, {}
  for i, run in ipairs(args.runs) do
    local net, c, mean, std = rm.train.load(run)
    local test, notes = testset(run, c, {data = args.data})
    for _, note in ipairs(notes) do print("note: " .. note) end
    results[i], names[i] = rm.lesions(net, test, {images = args.images, mean = mean, std = std}), c.name
    if i > 1 then print() end
    print(results[i])
  end
  if args.figure and rm.plot.lesions(results, {file = args.figure, names = names}) then
    print("figure: " .. args.figure)
  end
end)
