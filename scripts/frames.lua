--- resmoon frames: trainings as numbered PNG files and an animated PNG: XOR's boundary, filters, the path of a run.
local commandline = require "resmoon.base.commandline"
local rm        = require "resmoon"
local options   = require "resmoon.train.options"

local parser = commandline("resmoon frames", "Draws a training frame by frame, as numbered PNG files and as one "
                           .. "animated PNG, which browsers show. xor: the boundary of a network that learns XOR; "
                           .. "filters: the first layer's filters by epoch; path: the path of training over the loss "
                           .. "landscape. Of a run the last two need the checkpoints that --keep-every 1 keeps.")
  :epilog [[
Example:
  resmoon frames xor --figure xor.apng
  resmoon frames path runs/resnet56 --figure path.apng]]
parser:argument("what", "xor, filters or path"):choices {"xor", "filters", "path"}
parser:argument("run", "folder of the run, for filters and path"):args "?"
parser:option("--figure", "the animation (.apng or .png); its frames stand beside it as NAME_001.png and so on")
  :argname "FILE":default "frames.apng"
parser:option("--seconds", "how long each frame is shown (default 0.25; of epochs 0.5)"):argname "X"
  :convert(options.number)
parser:option("--steps", "xor: steps of training"):argname "N":convert(options.count):default "60"
parser:option("--seed", "xor: draws the weights"):argname "N":convert(options.whole):default "1"
parser:option("--layer", "filters: path of the convolution, as layer1.0.conv1 (default the first)"):argname "NAME"
parser:option("--grid", "path: points on each axis"):argname "N":convert(options.count):default "25"
parser:option("--images", "path: images to take the loss of"):argname "N":convert(options.count):default "128"
parser:option("--threads", "processors to use (default all)"):argname "N":convert(options.count)
local args = parser:parse()

options.main(function()
  if args.threads then rm.set_num_threads(args.threads) end
  local series = {file = args.figure, seconds = args.seconds}
  local files, reason
  if args.what == "xor" then
    if args.run then error("xor takes no run", 0) end
    series.steps, series.seed = args.steps, args.seed
    files, reason = rm.frames.xor(series)
  else
    if not args.run then error(args.what .. ": the folder of a run is missing", 0) end
    if args.what == "filters" then series.layer = args.layer
    else series.grid, series.images = args.grid, args.images end
    files, reason = rm.frames[args.what](args.run, series)
  end
  if not files then
    if reason == "interrupted" then return 130 end
    error(reason, 0)
  end
  print(("figure: %s, %d frames: %s to %s"):format(args.figure, #files, files[1], files[#files]))
end)
