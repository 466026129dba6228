--- Layers and their operators against PyTorch 1.13: tests/reference/layers, which layers.py beside it writes.
local check     = require "support.check"
local reference = require "support.reference"
local rm        = require "resmoon"

local folder, count = "tests/reference/layers", 0
for _, file in ipairs(rm.sys.list(folder)) do
  count = count + 1
  check.case("reference " .. file, function() check.that(reference.run(folder .. "/" .. file)) end)
end

check.case("all of them are there", function() check.equal(count, 52) end)
