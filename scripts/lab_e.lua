--- resmoon lab_e: activations, initializations and regularization of an MLP and LeNet-5, and ResNet-32.
-- The lab is lua/resmoon/labs/e.lua.
local lab = require "resmoon.labs.lab"

lab.main(require "resmoon.labs.e")
