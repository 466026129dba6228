--- docs/internals.md names files and, before them in parentheses, what is in them: both must be true.
local check = require "support.check"
local files = require "support.files"

local text = files.read "docs/internals.md"

local function content(path)
  local file = io.open(path)
  local all = file and file:read "a"
  if file then file:close() end
  return all
end

check.case("every file that is named is there", function()
  local count = 0
  for path in text:gmatch "`(%l+/[%w_/]+%.%l+)`" do
    if not path:find "^build/" then  -- what make writes
      count = count + 1
      check.that(content(path), path)
    end
  end
  check.that(count > 15, count)
end)

check.case("what stands in front of a file in parentheses is in that file", function()
  local count = 0
  for name, path in text:gmatch "`([%w_.>-]+)`,? %(`([%w_/.]+)`%)" do
    count = count + 1
    local last = name:match "[%w_]+$"
    check.that((content(path) or ""):find(last, 1, true), ("%s in %s"):format(name, path))
  end
  check.that(count > 8, count)
end)
