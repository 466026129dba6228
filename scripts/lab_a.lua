--- resmoon lab_a: ResNet-18 and -50 against their plain counterparts.
-- The lab is lua/resmoon/labs/a.lua.
local lab = require "resmoon.labs.lab"

lab.main(require "resmoon.labs.a")
