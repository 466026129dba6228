--- Orders to the shim that the program was started with (shim.h).
local remove, select = os.remove, select

local shim = {}

function shim.order(text) remove("/fault/" .. text) end

-- These allocate nothing.
function shim.off() remove "/fault/off" end
function shim.count() return (select(3, remove "/fault/count")) end
function shim.fired() return (select(3, remove "/fault/fired")) end
function shim.live() return (select(3, remove "/fault/live")) end
function shim.sites() return (select(3, remove "/fault/sites")) end

assert(shim.live(), "the shim is not there: start this with LD_PRELOAD=BUILD/tests/shim.so")
return shim
