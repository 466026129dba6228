--- resmoon train: trains one network and leaves a run folder.
local commandline = require "resmoon.base.commandline"
local rm       = require "resmoon"
local options  = require "resmoon.train.options"
local own      = require "resmoon.models.file"
local profile  = require "resmoon.train.profile"

local parser = commandline("resmoon train",
                           "Trains a network. The defaults are those of He et al. (2016) for CIFAR-10 where they fit "
                           .. "the network and the images; a line says what begins, and config.json what was chosen.")
  :epilog [[
The run folder holds config.json, data.json (which images, by name and digest), log.csv, best.safetensors,
last.safetensors and curves.png/.svg. --resume refuses data that are not what they were.
Ctrl-C finishes the step and saves; --resume goes on from there, bit for bit.
Under mpirun each process takes its part of every batch, and the result is that of one, bit for bit (help "rm.dist").

Example:
  resmoon train --model resnet20 --data ~/data --epochs 30 --schedule onecycle --max-lr 0.4
  resmoon train --model resnet18 --data ~/flowers --augment imagenet --epochs 90 --schedule step
  resmoon train --model nets.lua:senet --epochs 5
  resmoon train --run runs/resnet20 --resume
  mpirun -n 4 resmoon train --model resnet50 --data ~/imagenet]]
parser:option("--model", "network: resnet20 ... resnet1202, plain20 ... plain110, resnet18 ... resnet152, "
              .. "plain18/34/50, lenet5, mlp (default resnet20), or FILE.lua:NAME of your own"):argname "NAME"
parser:option("--run", "folder of the run (default runs/MODEL)"):argname "DIR"
parser:flag("--resume", "go on with the run in that folder")
parser:flag("--profile", "prints, after the first steps, where a step's time goes; then trains on")
options.add(parser)
local args = parser:parse()

options.main(function()
  local settings = options.config(args)
  settings.model = args.model
  local folder = args.run or "runs/" .. (own.name(args.model) or args.model or rm.train.config.defaults.model)
  local how = {folder = folder, hooks = args.profile and profile() or nil}
  local result
  if args.resume then
    result = rm.train.resume(folder, settings, how)
  else
    result = rm.train.run(settings, how)
  end
  if result.last and result.stopped ~= "interrupted" then print("hash of the weights: " .. result.net:hash()) end
  if result.best and result.stopped ~= "interrupted" then
    local last = result.last
    print(("%s: best error %.2f%%%s (epoch %d, chosen on the %s images), final %.2f%%, in %s"):format(
      result.config.name, result.best.error, result.best.averaged and " with averaged weights" or "", result.best.epoch,
      last.val_error and "validation" or last.test_error and "test" or "training",
      last.val_error or last.test_error or last.train_error, folder))
  end
  return result.stopped == "interrupted" and 130 or (result.stopped == "diverged" or result.undrawn) and 1 or 0
end)
