--- What can be typed at the prompt and is not Lua.
--
-- A line is a command if it begins with a sign of `signs`, none of which can begin a statement of
-- Lua, or with a word of `words` that no variable has and that is not used as one (`time = 3`).
-- Each entry has
--
--     run(rest, session)       does it, when the line is run; its results are printed
--     compile(rest, session)   instead: -> function, or nil, message, incomplete (as session:compile)
--     call                     of a word: `word "x"`, `word(x)` and `word {x}` are left to Lua
--
-- where `rest` is what follows. Modules are loaded when they are used.
local lazy = require "resmoon.base.lazy"

local system = lazy "resmoon.shell.system"
local timing = lazy "resmoon.shell.timing"
local course = lazy "resmoon.shell.course"
local manual = lazy "resmoon.shell.help"

local commands = {}

local function from(module, name)
  return function(...) return module()[name](...) end
end

local function help(rest, session) return manual().query(rest, session.environment) end

commands.signs = {
  ["?"]       = {run = help},
  ["??"]      = {run = function(rest) return manual().query("?" .. rest) end},
  ["$"]       = {run = from(system, "shell")},
  ["%time"]   = {compile = from(timing, "time")},
  ["%timeit"] = {compile = from(timing, "timeit")},
}

local function leave(_, session) session.leaving = true end

commands.words = {
  time   = {compile = from(timing, "time")},
  timeit = {compile = from(timing, "timeit")},
  check  = {run = from(course, "query"), call = true},
  edit   = {run = from(system, "edit"), call = true},
  help   = {run = help, call = true},
  exit   = {run = leave, call = true},
  quit   = {run = leave, call = true},
}

--- The command that `source` is, and what follows it; nil if it is Lua.
-- is_variable(name) tells whether the user has a variable of that name.
function commands.find(source, is_variable)
  local sign, rest = source:match("^%s*(%%%a+)%s*(.-)%s*$")
  if not sign then sign, rest = source:match("^%s*(%?%??)%s*(.-)%s*$") end
  if not sign then sign, rest = source:match("^%s*(%$)%s*(.-)%s*$") end
  if sign then return commands.signs[sign], rest end
  local word
  word, rest = source:match("^%s*([%a_][%w_]*)%s*(.-)%s*$")
  local command = word and commands.words[word]
  if not command or is_variable(word) then return nil end
  -- `time.x`, `time = 1`, `time, t = 1, 2`, `time == 1` are about a variable.
  if rest:find("^[:,=]") or rest:find("^%.[%a_]") or rest:find("^%[[^%[=]") then return nil end
  if command.call and rest:find("^[(\"'{%[]") then return nil end
  if command.compile and rest:find("^[<>/*%%^|&+]") then return nil end
  return command, rest
end

return commands
