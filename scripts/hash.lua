--- resmoon hash: the SHA-256 of a network's weights, to compare runs by.
local commandline = require "resmoon.base.commandline"
local rm      = require "resmoon"
local options = require "resmoon.train.options"

local parser = commandline("resmoon hash", "Prints the SHA-256 over names, types, shapes and bytes of a network's "
                           .. "weights and buffers. The same version, seed, data and settings give the same hash on "
                           .. "any processor that fuses multiply-adds, with any number of threads.")
  :epilog [[
Example:
  resmoon hash runs/resnet20
  resmoon hash runs/resnet20/best.safetensors]]
parser:argument("paths", "folder of a run (its last checkpoint), or a .safetensors file"):argname "RUN":args "+"
local args = parser:parse()

options.main(function()
  for _, path in ipairs(args.paths) do print(("%s  %s"):format(rm.train.hash(path))) end
end)
