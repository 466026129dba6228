--- Ctrl-C is held back until the returned value is closed: what is under way can end in its own way.
--
--     local _ <close> = held()
--     for ... do ... if held.pending() then break end end
--
-- In a stock Lua there is nothing to hold, and nothing is ever pending.
local core = require "resmoon.core"

local held = {}

function held.pending() return core.interrupt ~= nil and core.interrupt.pending() end

--- Forgets the Ctrl-C that was held back.
function held.clear()
  if core.interrupt then core.interrupt.clear() end
end

return setmetatable(held, {__call = function()
  local interrupt = core.interrupt
  local before = interrupt and interrupt.hold(true)
  return setmetatable({}, {__close = function()
    if interrupt then interrupt.hold(before) end
  end})
end})
