--- Parsers of command lines: argparse, with the nearest known option for any unknown one.
--
--     local parser = commandline("resmoon train", "Trains a network.")
--
-- (argparse itself names only options that are one slip of the finger away.)
local argparse = require "argparse"
local core     = require "resmoon.core"

local function nearest_option(parser, given)
  local names = {}
  for _, option in ipairs(parser._options) do
    for _, name in ipairs(option._aliases) do names[#names + 1] = name end
  end
  return core.nearest(given, names)
end

return function(name, text)
  local parser = argparse(name, text):help_max_width(90)
  local plain = parser.error
  function parser:error(message)
    local given = message:match "^unknown option '([^']*)'$"
    local nearest = given and nearest_option(self, given)
    plain(self, nearest and ("%s\nDid you mean '%s'?"):format(message, nearest) or message)
  end
  return parser
end
