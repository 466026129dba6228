--- Faults of memory, of files and of power, for so many minutes: `make faults MINUTES=n`.
--
--     lua5.4 tests/faults/run.lua [--program PATH] [--c FOLDER] [--minutes N] [--seed N]
--                                 [--kind memory|suites|files|power]
--
-- Ends with a table: what was done, how many places (allocations, calls, kills) there are, how many faults were made,
-- and what went wrong. Linux with glibc only. What each kind checks is said in its file: alloc.lua, suites.lua, io.lua,
-- history.lua, kill.lua.
local options = {program = "build/release/resmoon", c = "build/release/tests", minutes = "3",
                 seed = tostring(os.time())}
for i = 1, #arg, 2 do options[arg[i]:match "^%-%-(%w+)$" or error("what is " .. arg[i] .. "?")] = arg[i + 1] end
local seconds = 60 * tonumber(options.minutes)

local failures, rows = {}, {}
local function row(kind)
  rows[kind] = rows[kind] or {done = 0, places = 0, faults = 0, failures = 0}
  return rows[kind]
end

-- Starts one part; returns the number of the work that it was at, where it ended before its end.
local function part(kind, command)
  local pipe = assert(io.popen(command .. " 2>&1"))
  local at, last, finished
  for line in pipe:lines() do
    local name, places, faults = line:match "^@\t([^\t]*)\t(%d+)\t(%d+)$"
    if name then
      local r = row(kind)
      r.done, r.places, r.faults = r.done + 1, r.places + tonumber(places), r.faults + tonumber(faults)
      io.stderr:write(("%-8s %-50s %6s places %6s faults\n"):format(kind, name, places, faults))
    elseif line:find "^FAULT\t" then
      row(kind).failures = row(kind).failures + 1
      failures[#failures + 1] = line
    elseif line:find "^# %d" then
      at, last = tonumber(line:match "%d+"), line
    elseif line:find "^sites" then
      row(kind).sites = (row(kind).sites or 0) + tonumber(line:match "%d+")
      finished = true
    end
  end
  local ok, how, code = pipe:close()
  if ok or (how == "exit" and code == 1 and finished) then return nil end
  return at, ("%s %d at %s"):format(how, code, last or "its beginning")
end

local preload = ("LD_PRELOAD=%s/shim.so RESMOON_HISTORY= "):format(options.c)
local parts = {}

function parts.memory(time)
  local from, stop = 1, os.time() + time
  while true do
    local at, reason = part("memory", ("%s%s tests/faults/alloc.lua --from %d --seconds %d --seed %s"):format(preload,
      options.program, from, math.max(stop - os.time(), 1), options.seed))
    if not reason then return end
    row("memory").failures = row("memory").failures + 1
    failures[#failures + 1] = "FAULT\tmemory\t" .. reason
    from = (at or from) + 1
    if os.time() >= stop then return end
  end
end

function parts.files(time)
  local _, reason = part("files", ("timeout %d %s%s tests/faults/io.lua"):format(math.ceil(2 * time + 60),
    "env " .. preload, options.program))
  if reason then failures[#failures + 1] = "FAULT\tfiles\t" .. reason end
  _, reason = part("files", ("lua5.4 tests/faults/history.lua --program %s --c %s --seconds %d"):format(options.program,
    options.c, math.ceil(2 * time + 60)))
  if reason then failures[#failures + 1] = "FAULT\tfiles\t" .. reason end
end

function parts.power(time)
  part("power", ("lua5.4 tests/faults/kill.lua --program %s --c %s --seconds %d --seed %s"):format(options.program,
    options.c, time, options.seed))
end

function parts.suites(time)
  part("suites", ("lua5.4 tests/faults/suites.lua --c %s --seconds %d --seed %s"):format(options.c, time, options.seed))
end

local order = {"files", "memory", "suites", "power"}
print("seed " .. options.seed)
local chosen = options.kind and {options.kind} or order
for _, kind in ipairs(chosen) do
  assert(parts[kind], "no such kind")(seconds / #chosen)
end

local names = {files = "calls on files that fail", memory = "allocations that fail, operations",
               suites = "allocations that fail, C suites", power = "kill -9, unsynced writes lost"}
for _, line in ipairs(failures) do print(line) end
print(("\n%-36s %8s %8s %8s %8s"):format("", "kinds", "places", "faults", "failures"))
for _, kind in ipairs(chosen) do
  local r = row(kind)
  print(("%-36s %8d %8d %8d %8d"):format(names[kind], r.done, r.places, r.faults, r.failures))
end
os.exit(#failures == 0)
