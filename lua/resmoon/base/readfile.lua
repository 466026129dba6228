--- The contents of a file: readfile(path) -> text. Raises, at the user's line, where it cannot be read (a folder opens,
-- but has nothing to read).
local fail = require "resmoon.base.fail"

return function(path)
  local file, reason = io.open(path, "rb")
  if not file then fail("%s", reason) end
  local _ <close> = file
  local text, why = file:read "a"
  return text or fail("%s: %s", path, why)
end
