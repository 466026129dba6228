--- The folders of src use each other in one direction only, the order of src/order.txt; and what a
-- header declares is found in the file of its name. Nothing below bind names Lua.
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

local function sources(root)
  local list = {}
  local pipe = assert(io.popen(("find '%s' -name '*.[ch]' | LC_ALL=C sort"):format(root)))
  for path in pipe:lines() do list[#list + 1] = path end
  pipe:close()
  return list
end

-- Every #include of another folder's header that points up, as "FILE:LINE: folder includes folder".
local function upward(root)
  local place, found = read_order("src/order.txt"), {}
  for _, path in ipairs(sources(root)) do
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
  return found
end

-- The functions that a C text declares and defines outside of all braces, each in order.
local function functions(text)
  local declared, defined = {}, {}
  text = ("\n" .. text):gsub("\\\n", " "):gsub("/%*.-%*/", " "):gsub("\n%s*#[^\n]*", "\n")
  text = text:gsub("\n[A-Z][A-Z_]*%b()%s*\n", "\n")  -- a macro that stands for several
  for statement, mark in text:gsub("%b{}", "{}"):gmatch("([^;{}]+)([;{])") do
    statement = statement:gsub("^}?%s*", "")
    local name = statement:match("^[%a_][%w_%s%*]-[%s%*]([%a_][%w_]*)%s*%b()")
    if name and not statement:find("^typedef") and not statement:find("^static") then
      local list = mark == ";" and declared or defined
      list[#list + 1] = name
    end
  end
  return declared, defined
end

-- Whether the functions of a header may be defined in a file: in that of its name; of a header with
-- its folder's name (pool/pool.h, layers/layer.h), in any of the folder; of one with the name of a
-- folder beside it (core/tape.h), in any of that.
local function belongs(header, file)
  local folder, name = header:match("^(.*)/([%w_]+)%.h$")
  local last = folder:match("[^/]+$")
  local room = (last == name or last == name .. "s") and folder or folder .. "/" .. name
  return file == folder .. "/" .. name .. ".c" or file:sub(1, #room + 1) == room .. "/"
end

-- Every declaration in a header of what another file defines, or none.
local function astray(root)
  local home, found, count = {}, {}, 0
  for _, path in ipairs(sources(root)) do
    if path:find("%.c$") then
      local _, defined = functions(files.read(path))
      for _, name in ipairs(defined) do home[name] = path end
    end
  end
  for _, path in ipairs(sources(root)) do
    if path:find("%.h$") then
      for _, name in ipairs((functions(files.read(path)))) do
        count = count + 1
        if not (home[name] and belongs(path, home[name])) then
          found[#found + 1] = ("%s declares %s, which is defined in %s"):format(path, name, home[name] or "no file")
        end
      end
    end
  end
  return found, count
end

check.case("src includes only downwards", function()
  check.that(#sources("src") > 150, "few files were looked at")
  local found = upward("src")
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

check.case("a header declares only what the file of its name defines", function()
  local found, count = astray("src")
  check.that(count > 300, "only " .. count .. " declarations were looked at")
  check.that(#found == 0, table.concat(found, "\n"))
end)

-- Lines below bind that name Lua, or write a call as Lua does in a message.
local function lua_named(root)
  local found = {}
  for _, path in ipairs(sources(root)) do
    local folder = path:sub(#root + 2):match("^(%l+)/")
    if folder ~= "bind" and folder ~= "shell" then
      for number, line in ipairs(lines_of(path)) do
        if line:lower():find("%f[%a]lua%f[%A]") or line:find('^[^"]*"[^"]*:%l+%(') then
          found[#found + 1] = ("%s:%d: %s"):format(path, number, line)
        end
      end
    end
  end
  return found
end

check.case("nothing below bind knows Lua", function()
  check.equal(lua_named("src"), {})
  files.with_folder(function(root)
    files.write(root .. "/core/a.c", '/* lua_State is Lua\'s */\n"evaluation"\nfail("use x:float()")\n')
    files.write(root .. "/bind/a.c", "/* Lua */")
    check.equal(#lua_named(root), 2)
  end)
end)

check.case("a planted declaration of another file's function is found", function()
  files.with_folder(function(root)
    files.write(root .. "/pool/pool.h", [[
#define TWICE(x) other(x); \\
  other(x)
/* int lost(void); */
typedef int (*call)(int x);
typedef struct { int (*run)(int); } table;
static inline int twice(int x) { return own(x) + own(x); }
extern call known;
int own(int (*f)(int), char *const list[]);
unsigned *windows(void) __attribute__((format(printf, 1, 2)));
int dropped(void);
int nowhere(void);
]])
    files.write(root .. "/pool/pool.c", "int own(int (*f)(int), char *const list[]) {\n  if (f(1)) { return 1; }\n}\n")
    files.write(root .. "/pool/windows.c", "static int lost(void) { return 1; }\nunsigned *\nwindows(void) {}\n")
    files.write(root .. "/other/drop.c", "int dropped(void) { return 1; }\n")
    check.equal(astray(root), {
      root .. "/pool/pool.h declares dropped, which is defined in " .. root .. "/other/drop.c",
      root .. "/pool/pool.h declares nowhere, which is defined in no file",
    })
  end)
end)
