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

local WIDTH = 90

-- Command lines that are too long for the help go on in a line of their own, so that they can be copied as they stand.
local function folded(text)
  return (text:gsub("[^\n]+", function(line)
    if not line:find "^  resmoon " or #line <= WIDTH then return nil end
    local lines, last = {}, nil
    for word in line:gmatch "%S+" do
      if last and #last + #word + 3 <= WIDTH then last = last .. " " .. word
      else lines[#lines + 1], last = last, (last and "    " or "  ") .. word end
    end
    lines[#lines + 1] = last
    return table.concat(lines, " \\\n")
  end))
end

return function(name, text)
  local parser = argparse(name, text):help_max_width(WIDTH)
  function parser:epilog(end_of_help)
    self._epilog = folded(end_of_help)
    return self
  end
  local plain = parser.error
  function parser:error(message)
    local given = message:match "^unknown option '([^']*)'$"
    local negative = message:match "^unknown option '(%-%d[%d.]*)'"   -- argparse has a tip for it, too
    if negative then
      message = ("unknown option '%s'\nA negative value is written with '=': --NAME=%s"):format(negative, negative)
    end
    local nearest = given and nearest_option(self, given)
    plain(self, nearest and ("%s\nDid you mean '%s'?"):format(message, nearest) or message)
  end
  return parser
end
