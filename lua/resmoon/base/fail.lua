--- Raises an error that names the user's line: the first on the call stack that is not ours.
--
--     fail("optim.SGD: lr is %k, expected a number", lr)
--
-- Values are shown by phrase.inline, so that a network that stands where a number was expected is named, not printed;
-- %k says of what kind a value is ("a tensor", "a ResNet", "nil").
--
-- A level given to `error` would have to know how deep inside the library it is called.
local phrase = require "resmoon.base.phrase"

local ours = debug.getinfo(1, "S").source:match("^(.*)base/fail%.lua$")

local function formatted(format, ...)
  local words, i = table.pack(...), 0
  format = format:gsub("%%[%d.-]*[%a%%]", function(directive)
    if directive == "%%" then return nil end
    i = i + 1
    if directive == "%k" then
      words[i] = phrase.kind(words[i])
      return "%s"
    end
    words[i] = phrase.inline(words[i])
    -- What is wrong may be of any kind: where "%d" cannot show it, it is shown as it is.
    if not pcall(string.format, directive, words[i]) then return "%s" end
  end)
  return format:format(table.unpack(words, 1, words.n))
end

local function fail(format, ...)
  local message = select("#", ...) > 0 and formatted(format, ...) or format
  local level, info = 2, debug.getinfo(2, "Sl")
  while info do
    if info.currentline > 0 and info.source:sub(1, #ours) ~= ours then
      error(message, level)
    end
    level = level + 1
    info = debug.getinfo(level, "Sl")
  end
  error(message, 0)
end

return fail
