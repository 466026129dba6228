--- Raises an error that names the user's line: the first on the call stack that is not ours.
--
--     fail("optim.SGD: lr is a %s, expected a number", type(lr))
--
-- A level given to `error` would have to know how deep inside the library it is called.
local ours = debug.getinfo(1, "S").source:match("^(.*)base/fail%.lua$")

-- What is wrong may be of any kind: where "%d" cannot show it, it is shown as it is.
local function formatted(format, ...)
  local ok, message = pcall(string.format, format, ...)
  if ok then return message end
  local words = table.pack(...)
  for i = 1, words.n do words[i] = tostring(words[i]) end
  return (format:gsub("%%[%d.]*[dg]", "%%s"):format(table.unpack(words, 1, words.n)))
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
