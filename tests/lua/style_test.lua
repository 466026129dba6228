--- luacheck finds nothing in the project's Lua files.
local check = require "support.check"

check.case("luacheck is clean", function()
  if not os.execute("command -v luacheck >/dev/null") then
    check.skip("luacheck is not installed (package lua-check)")
  end
  local pipe = assert(io.popen("luacheck --no-color -q lua scripts tests $(ls -d examples 2>/dev/null) 2>&1"))
  local output = pipe:read("a")
  check.that(pipe:close(), output)
end)
