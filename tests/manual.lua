-- Where docs/reference is not what the docstrings say; --write makes it anew. Run from the top folder:
-- resmoon tests/manual.lua [--write]
package.path = "tests/?.lua;" .. package.path
local manual = require "support.manual"

if arg[1] == "--write" then manual.write "docs/reference" end
local differences = manual.differences "docs/reference"
print(table.concat(differences, "\n\n"))
print(("%d differences"):format(#differences))
os.exit(#differences == 0)
