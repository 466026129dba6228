--- Writes what ends a program to standard error. Of many processes the first speaks at once, which ends the others: so
-- what all have to say is said once. What another one alone has to say it says a little later, with its number.
local core = require "resmoon.core"

return function(message)
  local rank = core.world.rank()
  if rank > 0 then
    for _ = 1, 40 do
      core.sys.sleep(0.05)
      if core.interrupt and core.interrupt.ending() then os.exit(130, true) end
    end
    message = ("process %d: %s"):format(rank, message)
  end
  io.stderr:write(message)
end
