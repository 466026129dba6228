--- Trials in processes of their own, several at a time.
--
-- A worker (worker.lua) is this program again. What it computes depends on its order alone, so a search takes the same
-- course with any number of workers. A crash is that trial's alone: it is run once more, since the system may
-- have killed it for reasons of its own, and then scored 0.
local core    = require "resmoon.core"
local json    = require "resmoon.base.json"
local journal = require "resmoon.search.journal"
local pcall = require("resmoon.base.catch").pcall
local sys     = core.sys

local workers = {}

-- This program, or the stock Lua that the library is in, with what it takes to find the library again.
local function command()
  local first = 0
  while arg and arg[first - 1] do first = first - 1 end
  local code = ("package.path, package.cpath = %q, %q\nrequire 'resmoon.search.worker'()"):format(package.path,
                                                                                             package.cpath)
  return {arg and arg[first] or "resmoon", "-e", code}
end

local function start(folder, order)
  local process, reason = sys.spawn(command(), {quiet = true})
  if not process then error(("search: no worker can be started: %s"):format(reason), 0) end
  process:write(json.encode {folder = folder, number = order.number, genes = order.genes, settings = order.settings,
                             generation = order.generation, bar = order.bar, parent = sys.getpid()})
  process:close()
  return process
end

-- What a worker left that ended; nil if it is to be tried again.
local function collect(folder, order, status)
  local result = journal.result(folder, order.number, order.genes)
  if result then return result end
  order.crashes = (order.crashes or 0) + 1
  if order.crashes < 2 then return nil end
  return {fitness = 0, accuracy = {}, top3 = {}, top5 = {}, loss = {}, val_loss = {}, epochs = 0, seconds = 0,
          stopped = "crashed", reason = ("its process ended twice, with status %d"):format(status), genes = order.genes,
          generation = order.generation}
end

--- Runs the orders ({number =, genes =, generation =, settings =, bar =}), `count` at a time.
-- on_result(order, result) as each ends. Returns false if Ctrl-C ended it.
function workers.run(folder, orders, count, on_result)
  local active, waiting = {}, table.move(orders, 1, #orders, 1, {})
  local ok, message = pcall(function()
    while #waiting > 0 or #active > 0 do
      while #waiting > 0 and #active < count do
        local order = table.remove(waiting, 1)
        active[#active + 1] = {order = order, process = start(folder, order)}
      end
      sys.sleep(0.05)
      for i = #active, 1, -1 do
        local order, process = active[i].order, active[i].process
        if not process:running() then
          table.remove(active, i)
          local result = collect(folder, order, process:wait())
          if result then on_result(order, result) else table.insert(waiting, 1, order) end
        end
      end
    end
  end)
  if ok then return true end
  for _, each in ipairs(active) do each.process:kill() end
  if tostring(message):find("interrupted$") then
    core.interrupt.clear()
    return false
  end
  error(message, 0)
end

return workers
