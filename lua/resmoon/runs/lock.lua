--- One writer at a time: the lock of a run's or a search's folder.
--
-- It is held while something is written there: by a trainer from the moment it begins or takes up a run until fit
-- returns, by a search until it ends. Who only reads needs none, since every file is replaced as a whole.
local sys = require("resmoon.core").sys

local nothing = setmetatable({release = function() end}, {__close = function() end})

local lock = {}

--- The lock of a folder, which exists; close it or call its release().
-- Errors: raises where somebody else holds it. On a file system without locks a line on stderr says so.
function lock.take(folder)
  local taken, text = sys.lock(folder .. "/.lock")
  if taken then return taken end
  if taken == false then
    io.stderr:write(("%s cannot be locked (%s): no other process may write there meanwhile\n"):format(folder, text))
    return nothing
  end
  local who = text ~= "" and (" (%s)"):format(text) or ""
  error(("%s is in use%s: two cannot write one folder; wait until it has ended, or --run DIR puts this elsewhere")
        :format(folder, who), 0)
end

--- To be closed: releases the lock if its block ends with an error.
function lock.on_error(held)
  return setmetatable({}, {__close = function(_, message)
    if message ~= nil then held:release() end
  end})
end

return lock
