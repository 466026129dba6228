--- Trials in the processes that mpirun started, one in each at a time.
--
-- All of them follow the search: what they draw, and what they are told of trials, is the same everywhere, so that they
-- agree on each trial to be run. A trial is one process's work alone. Process 0 keeps the journal, and says what
-- is in it already; the others may be on computers that do not have its folder.
local core  = require "resmoon.core"
local dist  = require "resmoon.dist"
local json  = require "resmoon.base.json"
local trial = require "resmoon.search.trial"

local world = core.world
local ranks = {}

--- How many processes there are.
function ranks.count() return world.size() end

--- Whether this process keeps the journal and shows.
function ranks.is_first() return world.rank() == 0 end

--- What process 0 has found with f(), on all of them: a table that JSON can hold, or nil.
function ranks.told(f)
  if world.size() == 1 then return f() end
  return json.decode(dist.broadcast(ranks.is_first() and json.encode {f()} or ""))[1]
end

-- The trial of an order, by this process alone.
local function run(order, options)
  local _ <close> = setmetatable({}, {__close = function() world.alone(false) end})
  world.alone(true)
  core.set_num_threads(order.settings.threads)
  return trial.run(order.settings, {bar = order.bar, sets = options.sets})
end

--- Runs the orders ({number =, genes =, generation =, settings =, bar =}), one in each process at a time.
-- on_result(order, result) for each, in their order, on every process. Returns false if Ctrl-C ended it.
-- options: sets ({train, nil, validation})
function ranks.run(orders, options, on_result)
  local n, own = world.size(), world.rank() + 1
  for first = 0, #orders - 1, n do
    local order = orders[first + own]
    local results, interrupted = dist.gather(json.encode(order and run(order, options) or {})), false
    for r = 1, n do
      local each = orders[first + r]
      if each then
        local result = json.decode(results[r])
        if result.stopped == "interrupted" then
          interrupted = true
        else
          result.genes, result.generation = each.genes, each.generation
          on_result(each, result)
        end
      end
    end
    if interrupted then return false end
  end
  return true
end

return ranks
