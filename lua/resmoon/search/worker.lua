--- A worker of a search: one trial in a process of its own. workers.lua starts it.
--
-- The order comes on standard input; the result goes into the journal. A worker whose search was killed ends at its
-- next step and writes nothing: another search may be at work in that folder by then.
local core    = require "resmoon.core"
local json    = require "resmoon.base.json"
local journal = require "resmoon.search.journal"
local trial   = require "resmoon.search.trial"

return function()
  local order = json.decode(io.read "a")
  local function leave_if_orphaned()
    if core.sys.getppid() ~= order.parent then os.exit(1) end
  end
  leave_if_orphaned()
  core.set_num_threads(order.settings.threads)
  local result = trial.run(order.settings, {bar = order.bar, on_step = leave_if_orphaned, home = order.folder})
  leave_if_orphaned()
  if result.stopped == "interrupted" then os.exit(130) end
  result.genes, result.generation = order.genes, order.generation
  journal.write(order.folder, order.number, result)
end
