--- resmoon lab_d: one-cycle and a genetic search for a ResNet-50.
-- The lab is lua/resmoon/labs/d.lua.
local lab = require "resmoon.labs.lab"

lab.main(require "resmoon.labs.d")
