--- resmoon lab_b: depth, with and without shortcuts.
-- The lab is lua/resmoon/labs/b.lua.
local lab = require "resmoon.labs.lab"

lab.main(require "resmoon.labs.b")
