--- Hours of mixed work at the prompt, and whether memory, open files or tensors grow.
--
--     resmoon tests/soak/soak.lua HOURS      (make soak HOURS=8)
--
-- The prompt gets `round(N)` (work.lua: training, evaluation, pictures, saving and loading, errors, other programs; and
-- in turn what rarer.lua lists: searches, runs that are taken up, landscapes, hooks, epochs that are left), and between
-- the rounds what people type: help, values, mistakes. After each round the process notes what it holds; what is typed
-- last leaves no tensor behind in a name or among the last values. The slope is that of least squares over what comes
-- after the warm-up; of resident memory where the cache of tensors was emptied (work.lua), for what is kept to be used
-- again grows with each new size. Warm-up is the first fifth, and at least WARM rounds: until the history of the
-- prompt is full (10,000 entries) it grows with each line, and each entry holds a page of the heap that could be given
-- back. Ends with status 1 where a work failed, the program ended, or, where ENOUGH hours come after the warm-up, where
-- memory grows by more than LIMIT MB an hour, or the last fifth had more open files or more tensors at a time than the
-- first one after the warm-up. A shorter run says that it has not judged these.
local rm = require "resmoon"

local LIMIT, ENOUGH = 4, 0.5
local LINES = 5  -- of TYPED, before each round
-- The first ends `1 +`; the prompt keeps the last three values.
local CLEARING = {"nil", "x = nil", "1", "2", "3"}
local WARM = 10000 // (LINES + #CLEARING) + 1
local hours = tonumber(arg[1]) or error "soak: HOURS is not a number"

local TYPED = {
  "?rm.conv2d", "x = rm.randn(3, 4)", "x", "x:sum()", "x:nope()", "1 +", "error('mine')",
  "for i = 1, 3 do print(i) end",
  "rm.ones(2) + rm.ones(3)", "nn.Conv2d(3, 8, 3)", "who()", "%t x:exp()", "help()", "models.list()", "undefined_name",
  "rm.nn.Lineer(2, 3)", "?conv", "x = nil", "string.rep('a', 3)", "mem()",
}

local function slope(list, column)
  local n, sx, sy, sxx, sxy = #list, 0, 0, 0, 0
  for _, row in ipairs(list) do
    local x, y = row[1] / 3600, row[column]
    sx, sy, sxx, sxy = sx + x, sy + y, sxx + x * x, sxy + x * y
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

local folder = os.tmpname()
os.remove(folder)
rm.sys.mkdir_p(folder)
io.open(folder .. "/samples", "w"):close()
local samples <close> = assert(io.open(folder .. "/samples"))
local list, begun = {}, ""

-- Adds the lines that have been written whole since the last call.
local function read_samples()
  begun = begun .. (samples:read "a" or "")
  for line in begun:gmatch "([^\n]*)\n" do
    local row = {}
    for n in line:gmatch "%-?%d+" do row[#row + 1] = tonumber(n) end
    list[#list + 1] = row
  end
  begun = begun:match "[^\n]*$"
end

local command = ("RESMOON_HISTORY= RESMOON_STARTUP= RESMOON_PLOT= '%s' -i tests/soak/work.lua '%s' >'%s/out' 2>&1")
  :format(arg[-1], folder, folder)
local prompt = assert(io.popen(command, "w"))
local started, round, alive = os.time(), 0, true
math.randomseed(1)
while alive and os.time() - started < hours * 3600 do
  round = round + 1
  for _ = 1, LINES do prompt:write(TYPED[math.random(#TYPED)], "\n") end
  prompt:write(table.concat(CLEARING, "\n"), "\n")
  alive = prompt:write(("round(%d)\n"):format(round)) and prompt:flush()
  local waited = 0
  while alive and #list < round do
    rm.sys.sleep(0.05)
    read_samples()
    waited = waited + 0.05
    if waited > 120 then alive = false end
  end
end
local _, how, code = prompt:close()
local failures = {}
do
  local file <close> = io.open(folder .. "/failures")
  for line in file and file:lines() or function() end do failures[#failures + 1] = line end
end

local warm = math.max(#list // 5, math.min(WARM, #list // 2))
local after = table.move(list, warm + 1, #list, 1, {})
local trimmed = {}
for _, row in ipairs(after) do trimmed[#trimmed + 1] = row[6] == 1 and row or nil end
local function ends(rows, column, unit)
  return (rows[1] or {})[column] and rows[1][column] / unit or 0, #rows > 0 and rows[#rows][column] / unit or 0
end

print(("%d rounds of work in %.2f hours; %d failures"):format(#list, (os.time() - started) / 3600, #failures))
for i = 1, math.min(5, #failures) do print("  " .. failures[i]) end
print(("after %d rounds of warm-up:"):format(warm))
print "                      first       at the end       most     slope"
local function report(name, rows, column, unit, form)
  local from, to = ends(rows, column, unit)
  print(("%-15s  " .. form .. "   " .. form .. " " .. form .. "     %+.2f an hour"):format(name, from, to,
    most(rows, column, 0, 1) / unit, slope(rows, column) / unit))
end
report("resident, MB", trimmed, 2, 1e6, "%10.1f")
report("cached, MB", after, 5, 1e6, "%10.1f")
report("open files", after, 3, 1, "%10.0f")
report("tensors", after, 4, 1, "%10.0f")

local memory = slope(trimmed, 2) / 1e6
local function more(column) return most(after, column, 0.8, 1) > most(after, column, 0, 0.2) end
local long = warm >= WARM and after[#after][1] - after[1][1] >= ENOUGH * 3600
if not long then print "Too short to judge what grows: see the head of this file." end
local bad = #failures > 0 or not alive or how ~= "exit" or code ~= 0 or long and (memory > LIMIT or more(3) or more(4))
if not alive or code ~= 0 then print(("the program ended early: %s %s; its output is in %s"):format(how, code, folder))
else os.execute("rm -rf '" .. folder .. "'") end
os.exit(not bad)
