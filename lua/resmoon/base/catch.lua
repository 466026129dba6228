--- pcall and xpcall that catch an interrupt, too, where the shell's own let it through (rm.interrupt).
-- For code that must put something right whatever happens, and then raises the error again. Loaded once, so that it is
-- these two whatever becomes of rm.interrupt.
local interrupt = require("resmoon.core").interrupt or {}

return {pcall = interrupt.pcall or pcall, xpcall = interrupt.xpcall or xpcall}
