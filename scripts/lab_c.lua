--- resmoon lab_c: the paper, "Deep residual learning for image recognition".
-- The lab is lua/resmoon/labs/c.lua.
local lab = require "resmoon.labs.lab"

lab.main(require "resmoon.labs.c")
