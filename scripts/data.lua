--- resmoon data: what would be read from a data folder.
local commandline = require "resmoon.base.commandline"
local rm      = require "resmoon"
local options = require "resmoon.train.options"

local parser = commandline("resmoon data", "Shows what would be read from a data folder: format, splits, classes, "
                           .. "images of each class, sizes, what is left out and why, and all that is wrong with it. "
                           .. "Ends with status 1 where training could not use it.")
  :epilog [[
Example:
  resmoon data ~/flowers --check]]
parser:argument("source", "folder of the data, or shapes10"):argname "DIR"
parser:flag("--check", "decode every image, to find damaged ones")
local args = parser:parse()

options.main(function()
  local report = rm.data.inspect(args.source, {check = args.check or false})
  print(report)
  return report.usable and 0 or 1
end)
