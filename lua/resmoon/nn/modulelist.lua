--- A list of modules that is not called itself: for a forward that goes its own way.
--
--     self.towers = nn.ModuleList {nn.Linear(8, 8), nn.Linear(8, 8)}
--     function M:forward(x) return self.towers[1](x) + self.towers[2](x) end
--
-- Call: nn.ModuleList {modules} -> module
-- Shapes: none of its own: its elements are called one by one.
-- Errors: raises when it is called itself, or for an element that is not a module.
-- Example:
--   > towers = nn.ModuleList {nn.Linear(8, 8), nn.Linear(8, 2)}
--   > towers[2](rm.zeros(4, 8)).shape
--   {4, 2}
local class      = require "resmoon.base.class"
local fail       = require "resmoon.base.fail"
local Sequential = require "resmoon.nn.sequential"

local ModuleList = class("ModuleList", Sequential)

function ModuleList.forward()
  fail("ModuleList: a list is not called; call its elements, or use nn.Sequential")
end

return ModuleList
