--- Hours of mixed work at the prompt, and whether memory, open files or tensors grow.
--
--     resmoon tests/soak/soak.lua HOURS      (make soak HOURS=8)
--
-- The prompt gets `round(N)` (work.lua: training, evaluation, pictures, saving and loading, errors, other programs; and
-- in turn what rarer.lua lists: searches, runs that are taken up, landscapes, hooks, epochs that are left), and between
-- the rounds what people type: help, values, mistakes. After each round the process notes what it holds. The slope is
-- that of least squares over what comes after the first fifth; of resident memory where the cache of tensors was
-- emptied (work.lua), for what is kept to be used again grows with each new size. Ends with status 1 where a work
-- failed, the program ended, or, in runs of half an hour and more, where memory grows by more than LIMIT MB an hour, or
-- the last fifth had more open files or more tensors at a time than the second.
local rm = require "resmoon"

local LIMIT, ENOUGH = 4, 0.5
local hours = tonumber(arg[1]) or error "soak: HOURS is not a number"

local TYPED = {
  "?rm.conv2d", "x = rm.randn(3, 4)", "x", "x:sum()", "x:nope()", "1 +", "error('mine')",
  "for i = 1, 3 do print(i) end",
  "rm.ones(2) + rm.ones(3)", "nn.Conv2d(3, 8, 3)", "who()", "%t x:exp()", "help()", "models.list()", "undefined_name",
  "rm.nn.Lineer(2, 3)", "?conv", "x = nil", "string.rep('a', 3)", "mem()",
}

local function slope(list, column)
  local n, sx, sy, sxx, sxy = 0, 0, 0, 0, 0
  for i = #list // 5 + 1, #list do
    local x, y = list[i][1] / 3600, list[i][column]
    n, sx, sy, sxx, sxy = n + 1, sx + x, sy + y, sxx + x * x, sxy + x * y
  end
  local d = n * sxx - sx * sx
  return d > 0 and (n * sxy - sx * sy) / d or 0
end

-- The most that the column holds from one share of the list to another.
local function most(list, column, from, to)
  local highest = 0
  for i = math.floor(#list * from) + 1, math.floor(#list * to) do highest = math.max(highest, list[i][column]) end
  return highest
end

local function samples_of(path)
  local list = {}
  local file <close> = io.open(path)
  for line in file and file:lines() or function() end do
    local row = {}
    for n in line:gmatch "%-?%d+" do row[#row + 1] = tonumber(n) end
    list[#list + 1] = row
  end
  return list
end

local folder = os.tmpname()
os.remove(folder)
rm.sys.mkdir_p(folder)
local command = ("RESMOON_HISTORY= RESMOON_STARTUP= RESMOON_PLOT= '%s' -i tests/soak/work.lua '%s' >'%s/out' 2>&1")
  :format(arg[-1], folder, folder)
local prompt = assert(io.popen(command, "w"))
local started, round, alive = os.time(), 0, true
math.randomseed(1)
while alive and os.time() - started < hours * 3600 do
  round = round + 1
  for _ = 1, 5 do prompt:write(TYPED[math.random(#TYPED)], "\n") end
  alive = prompt:write(("round(%d)\n"):format(round)) and prompt:flush()
  local waited = 0
  while alive and #samples_of(folder .. "/samples") < round do
    rm.sys.sleep(0.05)
    waited = waited + 0.05
    if waited > 120 then alive = false end
  end
end
local _, how, code = prompt:close()
local list = samples_of(folder .. "/samples")
local failures = {}
do
  local file <close> = io.open(folder .. "/failures")
  for line in file and file:lines() or function() end do failures[#failures + 1] = line end
end
local trimmed = {}
for _, row in ipairs(list) do trimmed[#trimmed + 1] = row[6] == 1 and row or nil end
local memory, files, tensors = slope(trimmed, 2) / 1e6, slope(list, 3), slope(list, 4)
local function ends(rows, column) return (rows[#rows // 5 + 1] or {})[column] or 0, (rows[#rows] or {})[column] or 0 end
print(("%d rounds of work in %.2f hours; %d failures"):format(#list, (os.time() - started) / 3600, #failures))
for i = 1, math.min(5, #failures) do print("  " .. failures[i]) end
print(("                 after warm-up   at the end      slope"))
local function in_mb(rows, column)
  local first, last = ends(rows, column)
  return first / 1e6, last / 1e6
end
local from, to = in_mb(trimmed, 2)
print(("resident memory  %10.1f MB  %10.1f MB   %+.2f MB an hour"):format(from, to, memory))
from, to = in_mb(list, 5)
print(("cached           %10.1f MB  %10.1f MB   %.1f MB at most"):format(from, to, most(list, 5, 0, 1) / 1e6))
from, to = ends(list, 3)
print(("open files       %10d     %10d      %+.2f an hour"):format(from, to, files))
from, to = ends(list, 4)
print(("tensors          %10d     %10d      %+.2f an hour"):format(from, to, tensors))
local function more(column) return most(list, column, 0.8, 1) > most(list, column, 0.2, 0.4) end
local long = hours >= ENOUGH
local bad = #failures > 0 or not alive or how ~= "exit" or code ~= 0 or long and (memory > LIMIT or more(3) or more(4))
if not alive or code ~= 0 then print(("the program ended early: %s %s; its output is in %s"):format(how, code, folder))
else os.execute("rm -rf '" .. folder .. "'") end
os.exit(not bad)
