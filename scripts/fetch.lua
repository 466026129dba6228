--- resmoon fetch: downloads a public data set, checks it and unpacks it.
local commandline = require "resmoon.base.commandline"
local fetch    = require "resmoon.data.fetch"

local parser = commandline("resmoon fetch", "Downloads a public data set, checks it and unpacks it.")
  :epilog [[
Example:
  resmoon fetch cifar10 ~/data
  resmoon train --model resnet20 --data ~/data]]
parser:argument("set", "Which one."):choices {"cifar10", "cifar100", "mnist"}
parser:argument("dir", "Folder it goes to; it is made if need be.")
parser:option("--mirror", "URL of a folder that holds the same files; tried first."):argname "URL"
local arguments = parser:parse()

local set = fetch.sets[arguments.set]
if arguments.mirror then table.insert(set.mirrors, 1, (arguments.mirror:gsub("/+$", ""))) end

local folder, reason = fetch.get(set, arguments.dir, function(line) print("fetch: " .. line) end)
if not folder then
  io.stderr:write("fetch: ", reason, "\n")
  os.exit(1, true)
end
print(("fetch: %s is in %s"):format(arguments.set, folder))
