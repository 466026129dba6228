--- Parsers of command lines: argparse, with errors of two lines and a help that begins with the command's own options.
--
--     local parser = commandline("resmoon train", "Trains a network.")
--
-- What is wrong is said in one line, which names the option and the nearest one or the nearest value; the second line
-- is the option's help. (argparse itself prints the whole usage before it, and does not name the option of a value that
-- is none.) A negative number behind an option is its value, and not another option.
local argparse = require "argparse"
local complain = require "resmoon.base.complain"
local core     = require "resmoon.core"
local hint     = require "resmoon.base.hint"

-- The commands that many processes do together.
local shares = {train = true, compare = true, evaluate = true, search = true, bench = true,
                lab_a = true, lab_b = true}

local WIDTH = 90   -- columns of the help

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

-- The options by all their names, and the names.
local function options_of(parser)
  local by_name, names = {}, {}
  for _, option in ipairs(parser._options) do
    for _, name in ipairs(option._aliases) do by_name[name], names[#names + 1] = option, name end
  end
  return by_name, names
end

local function cut(text)
  if #text <= WIDTH then return text end
  return text:sub(1, WIDTH - 3):gsub("[%s,;:]+%S*$", "") .. "..."
end

-- Ends the program with what is wrong and a line about the option, or where all options are.
local function refuse(parser, message, option)
  local about = option and ("  %s  %s"):format(option:_get_usage():gsub("^%[(.*)%]$", "%1"), option._description or "")
  about = about and cut(about) or ("  %s --help lists all options"):format(parser._name)
  complain(("%s: %s\n%s\n"):format(parser._name, message, about))
  os.exit(1)
end

-- --- words ---------------------------------------------------------------------------

-- "-epochs" and "epochs" as "--epochs" would be written.
local function with_dashes(word) return "--" .. word:gsub("^%-+", ""):gsub("_", "-"):gsub("=.*", "") end

local function unknown(parser, word)
  local by_name, names = options_of(parser)
  local name = word:gsub("=.*", "")
  local meant = by_name[with_dashes(name)] and with_dashes(name) or core.nearest(name, names)
  local said = meant and (", did you mean '%s'?"):format(meant) or ""
  refuse(parser, ("unknown option '%s'%s"):format(name, said), by_name[meant])
end

-- A word where none is expected.
local function surplus(parser, word)
  local by_name, names = options_of(parser)
  local name = with_dashes(word)
  local meant = by_name[name] and name or by_name["--model"] and word:find "^%a[%w_]*$" and "--model " .. word
                or #word > 3 and core.nearest(name, names)
  refuse(parser, ("'%s' is more than it takes%s"):format(word, meant and (", did you mean '%s'?"):format(meant) or ""),
         meant and by_name[meant:match "^%S+"])
end

local function check_choice(parser, option, name, word)
  for _, choice in ipairs(option._choices or {word}) do
    if choice == word then return end
  end
  local meant = #word > 1 and hint(word, option._choices) or ""
  refuse(parser, ("%s: '%s'%s%s one of %s"):format(name, word, meant ~= "" and meant or " is not known,",
                                                   meant ~= "" and " It is" or " expected",
                                                   table.concat(option._choices, ", ")), option)
end

-- The words as argparse is to read them. Options that are not there, and values that are none of an option's choices,
-- are refused here, where both are at hand.
local function prepared(parser, words)
  local by_name = options_of(parser)
  local out, option, name, taken, place = {}, nil, nil, 0, 0
  for i, word in ipairs(words) do
    if word == "--" then
      table.move(words, i, #words, #out + 1, out)
      return out
    end
    local open = option and taken < option._maxargs
    if open and word:find "^%-%.?%d" then
      if option._maxargs > 1 then refuse(parser, ("%s: '%s' is negative"):format(name, word), option) end
      out[#out] = name .. "=" .. word
      option = nil
    elseif word:find "^%-." then
      name = word:match "^(%-%-[^=]+)=" or word
      option, taken = by_name[name], 0
      if not option then unknown(parser, word) end
      if word:find("=", 1, true) then
        check_choice(parser, option, name, word:match "=(.*)$")
        option = nil
      end
      out[#out + 1] = word
    else
      if open then check_choice(parser, option, name, word) else place = place + 1 end
      local argument = not open and parser._arguments[place]
      if argument and argument._choices then check_choice(parser, argument, argument._name, word) end
      out[#out + 1], taken = word, taken + 1
    end
  end
  return out
end

-- --- values ----------------------------------------------------------------------------

-- A converter's complaint, with the option's name in front and its help behind.
local function named(parser, option)
  local convert = option._convert
  if type(convert) ~= "function" then return end
  option:convert(function(word)
    local value, complaint = convert(word)
    if value == nil then
      complaint = complaint or ("'%s' is no value of it"):format(word)
      refuse(parser, option._name .. (complaint:find "^is " and " " or ": ") .. complaint, option)
    end
    return value
  end)
end

-- "resmoon compare [options] <names> ..."
local function usage_of(parser)
  local words = {parser._name, "[options]"}
  for _, argument in ipairs(parser._arguments) do words[#words + 1] = argument:_get_usage() end
  return table.concat(words, " ")
end

-- argparse's messages that are left, in our words.
local function explain(parser, message, last)
  local by_name = options_of(parser)
  local name = message:match "^option '([^']*)' requires"
  local option = by_name[name]
  if option then return ("%s needs a value"):format(name), option end
  if message == "too many arguments" and last then surplus(parser, last) end
  local argument = message:match "^missing argument '([^']*)'"
  if argument then return ("%s is missing, as in  %s"):format(argument, usage_of(parser)) end
  return message
end

-- --- help ------------------------------------------------------------------------------

-- Options that stand in no group come first; argparse has them last.
local function arrange(parser)
  local grouped, own = {}, {name = parser.own_title or "Options"}
  for _, group in ipairs(parser._groups) do
    for _, element in ipairs(group) do grouped[element] = true end
  end
  for _, option in ipairs(parser._options) do
    if not grouped[option] then own[#own + 1] = option end
  end
  if own[1] == parser._options[1] and #own > 1 then table.insert(own, table.remove(own, 1)) end   -- --help is last
  if #own > 1 then table.insert(parser._groups, 1, own) end
end

-- Most commands are one process's work: many that did the same would write over each other.
local function alone(parser)
  local n = core.world.size()
  if n == 1 or shares[parser._name:match "%S+$"] then return end
  complain(("%s: it is work for one process, and %d were started: leave mpirun out. Many share the work of "
            .. "resmoon train, evaluate, compare, search, lab_a and lab_b, and of scripts with rm.dist.\n")
           :format(parser._name, n))
  os.exit(1)
end

--- A parser. parser.own_title: the heading of the options that are in no group ("Options").
return function(name, text)
  local parser = argparse(name, text):help_max_width(WIDTH)
  function parser:epilog(end_of_help)
    self._epilog = folded(end_of_help)
    return self
  end
  local plain_help, last = parser.get_help, nil
  function parser:get_help()
    arrange(self)
    return plain_help(self)
  end
  function parser:error(message)
    refuse(self, explain(self, message, last))
  end
  function parser:parse(words)
    self:usage("Usage: " .. usage_of(self))   -- all options in it would be a page
    for _, option in ipairs(self._options) do named(self, option) end
    -- A word that is more than the arguments is looked for among the commands, of which there are none.
    setmetatable(self._commands, {__index = function(_, word)
      if type(word) == "string" then last = word end
    end})
    local result = self:_parse(prepared(self, words or arg), self.error)
    alone(self)
    return result
  end
  return parser
end
