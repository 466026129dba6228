--- luacheck finds nothing in the Lua files; the C files are laid out as `make format` does it.
local check = require "support.check"

check.case("luacheck is clean", function()
  if not os.execute("command -v luacheck >/dev/null") then
    check.skip("luacheck is not installed (package lua-check)")
  end
  local pipe = assert(io.popen("luacheck --no-color -q lua scripts tests $(ls -d examples 2>/dev/null) 2>&1"))
  local output = pipe:read("a")
  check.that(pipe:close(), output)
end)

check.case("the C files are as `make format` leaves them", function()
  local formatter
  for _, name in ipairs {"clang-format-14", "clang-format"} do
    if os.execute(name .. " --version 2>/dev/null | grep -q 'version 14\\.'") then formatter = formatter or name end
  end
  if not formatter then check.skip("clang-format 14 is not installed (package clang-format-14)") end
  -- 20 complaints at most: a tree that was never laid out has thousands, each with its line.
  local command = "find src tests -name '*.[ch]' | xargs %s --dry-run --Werror 2>&1 | grep 'error:' | head -n 20"
  local pipe = assert(io.popen(command:format(formatter)))
  local complaints = pipe:read("a")
  pipe:close()
  check.equal(complaints, "")
end)
