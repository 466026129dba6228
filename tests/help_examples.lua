--- Where the examples of the docstrings print something else than they promise; --write puts what
-- they print into the sources. Run from the top folder: resmoon tests/help_examples.lua [--write] [NAME]
package.path = "tests/?.lua;" .. package.path
local examples = require "support.help_examples"

local write, filter = arg[1] == "--write", arg[arg[1] == "--write" and 2 or 1]
local results = examples.run(filter)
local differences = examples.differences(results)
if write then examples.rewrite(results) end
print(table.concat(differences, "\n\n"))
print(("%d examples, %d differences"):format(#results, #differences))
os.exit(#differences == 0 or write)
