--- The folders of src use each other in one direction only: the order of src/order.txt.
local check = require "support.check"
local files = require "support.files"

local function lines_of(path)
  local list = {}
  for line in io.lines(path) do list[#list + 1] = line end
  return list
end

-- Folder -> its place, 1 at the top.
local function read_order(path)
  local place, n = {}, 0
  for _, line in ipairs(lines_of(path)) do
    local folder = line:match("^(%l+)%s")
    if folder then
      n = n + 1
      place[folder] = n
    end
  end
  return place
end

-- Every #include of another folder's header that points up, as "FILE:LINE: folder includes folder".
local function upward(root)
  local place, found, count = read_order("src/order.txt"), {}, 0
  local pipe = assert(io.popen(("find '%s' -name '*.[ch]' | LC_ALL=C sort"):format(root)))
  for path in pipe:lines() do
    count = count + 1
    local from = path:sub(#root + 2):match("^(%l+)/")
    if not place[from] then found[#found + 1] = path .. ": its folder is not in src/order.txt" end
    for number, line in ipairs(lines_of(path)) do
      local header = line:match('^%s*#%s*include%s+"([^"]+)"')
      local to = header and header:match("^(%l+)/")
      if to and not place[to] then
        found[#found + 1] = ("%s:%d: %s is not in src/order.txt"):format(path, number, to)
      elseif to and place[from] and place[to] < place[from] then
        found[#found + 1] = ("%s:%d: %s includes %s, which stands above it"):format(path, number, from, header)
      end
    end
  end
  pipe:close()
  return found, count
end

check.case("src includes only downwards", function()
  local found, count = upward("src")
  check.that(count > 150, "only " .. count .. " files were looked at")
  check.that(#found == 0, table.concat(found, "\n"))
end)

check.case("a planted include that points up is found", function()
  files.with_folder(function(root)
    files.write(root .. "/memory/planted.c", '#include "base/status.h"\n  #  include "ops/check.h"\n')
    files.write(root .. "/attic/planted.c", "")
    check.equal(upward(root), {
      root .. "/attic/planted.c: its folder is not in src/order.txt",
      root .. "/memory/planted.c:2: memory includes ops/check.h, which stands above it",
    })
  end)
end)
