--- What the tests reach: lines and branches of src by lcov, lines of lua by support/lines.c.
--
--     lua5.4 tests/coverage.lua build/coverage
--
-- Prints the totals and the files by what is not reached, and writes BUILD/uncovered.txt, with every line and branch
-- that no test takes. A kernel is compiled for several instruction sets, and a line of it counts once. `make coverage`
-- runs this. Branches of C are sorted by what they are, too: support/branches.lua.
package.path = arg[0]:match "^(.-)[^/]*$" .. "?.lua;" .. package.path
local branches_by_kind = require "support.branches"

local build = assert(arg[1], "usage: lua5.4 tests/coverage.lua BUILD")

local function lines(command)
  local pipe = assert(io.popen(command))
  local list = {}
  for line in pipe:lines() do list[#list + 1] = line end
  pipe:close()
  return list
end

local here = lines("pwd")[1] .. "/"
local function short(path) return path:sub(1, #here) == here and path:sub(#here + 1) or path end

-- --- src ----------------------------------------------------------------------------

-- What a record of lcov says, added to what others said of the same file: a kernel has one for each instruction set,
-- a header one for each file that includes it. Something is reached where it is in any of them.
local function add_up(info)
  local files, file = {}, nil
  for line in io.lines(info) do
    local key, value = line:match "^(%u+):(.*)$"
    if key == "SF" then
      local path = short(value)
      file = path:find "^src/" and (files[path] or {lines = {}, branches = {}}) or nil
      if file then files[path] = file end
    elseif file and key == "DA" then
      local at, count = value:match "^(%d+),(%d+)"
      file.lines[tonumber(at)] = file.lines[tonumber(at)] or count ~= "0"
    elseif file and key == "BRDA" then
      local at, count = value:match "^(%d+,%d+,%d+),(.*)$"
      file.branches[at] = file.branches[at] or count ~= "0" and count ~= "-"
    end
  end
  return files
end

-- {path = {lines =, missed = {line...}, branches =, unbranched = {line...}}}
local function of_c()
  local info = build .. "/coverage.info"
  os.remove(info)
  local done = os.execute(("lcov --quiet --capture --directory %s --base-directory . --no-external --rc "
    .. "lcov_branch_coverage=1 --rc geninfo_auto_base=1 --output-file %s >%s/lcov.log 2>&1"):format(build, info, build))
  if not done then error("lcov failed: is it installed? See " .. build .. "/lcov.log") end
  local files = {}
  for path, seen in pairs(add_up(info)) do
    local file = {lines = 0, missed = {}, branches = 0, unbranched = {}}
    for at, reached in pairs(seen.lines) do
      file.lines = file.lines + 1
      if not reached then file.missed[#file.missed + 1] = at end
    end
    for at, taken in pairs(seen.branches) do
      file.branches = file.branches + 1
      if not taken then file.unbranched[#file.unbranched + 1] = tonumber(at:match "^%d+") end
    end
    table.sort(file.missed)
    table.sort(file.unbranched)
    files[path] = file
  end
  return files
end

-- --- lua ----------------------------------------------------------------------------

-- Lines with code, as the compiler has them; `end` of a function and the like count as it does.
local function active(path)
  local set = {}
  for _, line in ipairs(lines(("luac5.4 -l -p %s 2>/dev/null"):format(path))) do
    local at, name = line:match "^%s+%d+%s+%[(%d+)%]%s+(%u+)"
    -- The header of a vararg function and the return at its end stand on no line that is to be run.
    if at and name ~= "VARARGPREP" and not name:find "^RETURN" then set[tonumber(at)] = true end
  end
  return set
end

local function of_lua()
  local ran = {}
  for _, name in ipairs(lines(("find %s/lines -name '*.lines'"):format(build))) do
    for line in io.lines(name) do
      local path, at = line:match "^(.*):(%d+)$"
      path = short(path or ""):gsub("^.-/?(lua/resmoon/)", "%1")
      ran[path] = ran[path] or {}
      ran[path][tonumber(at) or 0] = true
    end
  end
  local files = {}
  for _, path in ipairs(lines "find lua -name '*.lua' | LC_ALL=C sort") do
    local file = {lines = 0, missed = {}}
    for at in pairs(active(path)) do
      file.lines = file.lines + 1
      if not (ran[path] and ran[path][at]) then file.missed[#file.missed + 1] = at end
    end
    table.sort(file.missed)
    files[path] = file
  end
  return files
end

-- --- the report ----------------------------------------------------------------------

local function percent(missed, all) return all == 0 and "  -  " or ("%5.1f"):format(100 * (1 - missed / all)) end

local function ranges(list)
  local parts, i = {}, 1
  while list[i] do
    local j = i
    while list[j + 1] and list[j + 1] <= list[j] + 1 do j = j + 1 end
    parts[#parts + 1] = list[i] == list[j] and tostring(list[i]) or list[i] .. "-" .. list[j]
    i = j + 1
  end
  return table.concat(parts, " ")
end

local function report(title, files, out)
  local names, all = {}, {lines = 0, missed = 0, branches = 0, unbranched = 0}
  for path, file in pairs(files) do
    names[#names + 1] = path
    all.lines, all.missed = all.lines + file.lines, all.missed + #file.missed
    all.branches, all.unbranched = all.branches + (file.branches or 0), all.unbranched + #(file.unbranched or {})
  end
  table.sort(names, function(a, b)
    local x = #files[a].missed + #(files[a].unbranched or {})
    local y = #files[b].missed + #(files[b].unbranched or {})
    if x ~= y then return x > y end
    return a < b
  end)
  print(("%-45s %8s %8s %10s %8s"):format(title, "lines", "reached", "branches", "taken"))
  print(("%-45s %8d %7s%% %10s %7s%%"):format("all", all.lines, percent(all.missed, all.lines),
    all.branches > 0 and all.branches or "-", percent(all.unbranched, all.branches)))
  for i, path in ipairs(names) do
    local file = files[path]
    local branches = file.branches or 0
    if i <= 30 then
      print(("%-45s %8d %7s%% %10s %7s%%"):format(path, file.lines, percent(#file.missed, file.lines),
        branches > 0 and branches or "-", percent(#(file.unbranched or {}), branches)))
    end
    if #file.missed > 0 then out:write(path, "  lines ", ranges(file.missed), "\n") end
    if #(file.unbranched or {}) > 0 then out:write(path, "  branches at ", ranges(file.unbranched), "\n") end
  end
  print()
end

local out <close> = assert(io.open(build .. "/uncovered.txt", "w"))
local c = of_c()
report("src", c, out)
branches_by_kind(c, out)
report("lua", of_lua(), out)
print("all of it: " .. build .. "/uncovered.txt")
