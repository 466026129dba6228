--- A run as the figures of runs take it: the folder that training left, or a table {name =, log = lists by column}.
local fail   = require "resmoon.base.fail"
local folder = require "resmoon.runs.folder"

--- op: whose argument it is ("plot.curves"); i: the place of the run among its arguments.
return function(op, run, i)
  if type(run) == "string" then return folder.read(run) end
  if type(run) ~= "table" or type(run.log) ~= "table" then fail("%s: run %d is not a folder and has no log", op, i) end
  return run
end
