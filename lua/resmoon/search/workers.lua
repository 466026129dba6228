--- Trials in processes of their own, several at a time.
--
-- A worker is this program again, `resmoon search --run DIR --trial N`, with its order in DIR/trials/N.order.json; it
-- writes DIR/trials/N.json when it has ended. A crash is that trial's alone: it is scored 0.
local rm      = require "resmoon.core"
local json    = require "resmoon.json"
local journal = require "resmoon.search.journal"
local sys     = rm.sys

local workers = {}

function workers.order_path(folder, number) return ("%s/trials/%03d.order.json"):format(folder, number) end

local function program() return arg and (arg[-1] or arg[0]) or "resmoon" end

local function start(folder, order)
  rm.write_atomic(workers.order_path(folder, order.number), json.encode(order))
  local command = {program(), "search", "--run", folder, "--trial", tostring(order.number)}
  local process, reason = sys.spawn(command, {quiet = true})
  if not process then error(("search: no worker can be started: %s"):format(reason), 0) end
  return process
end

-- What a worker that ended left; one that left nothing crashed.
local function collect(folder, order, status)
  os.remove(workers.order_path(folder, order.number))
  local result = journal.result(folder, order.number)
  if result then return result end
  result = {fitness = 0, accuracy = {}, loss = {}, epochs = 0, seconds = 0, stopped = "crashed",
            reason = "status " .. tostring(status), genes = order.genes, generation = order.generation}
  journal.write(folder, order.number, result)
  return result
end

--- Runs the orders ({number =, genes =, generation =, settings =, bar =}), `count` at a time.
-- on_result(order, result) as each ends. Returns false if Ctrl-C ended it.
function workers.run(folder, orders, count, on_result)
  local active, next_order = {}, 1
  local ok, message = pcall(function()
    while next_order <= #orders or next(active) do
      while next_order <= #orders and #active < count do
        local order = orders[next_order]
        active[#active + 1] = {order = order, process = start(folder, order)}
        next_order = next_order + 1
      end
      sys.sleep(0.05)
      for i = #active, 1, -1 do
        local each = active[i]
        if not each.process:running() then
          table.remove(active, i)
          on_result(each.order, collect(folder, each.order, each.process:wait()))
        end
      end
    end
  end)
  if ok then return true end
  for _, each in ipairs(active) do
    each.process:kill()
    os.remove(workers.order_path(folder, each.order.number))
  end
  if tostring(message):find("interrupted$") then return false end
  error(message, 0)
end

return workers
