--- kill -9 at random moments, with the power gone: what was not synced is lost.
--
--     lua5.4 tests/faults/kill.lua --program PATH --c FOLDER [--seconds S] [--seed N] [--only train|search|save]
--
-- A victim (victim.lua) is killed, in front of a random call on its files or at a random time; the folder is made what
-- fsync promised (restore.c); it is taken up again, killed again, and in the end let go on to its end. What it said was
-- reached must have been found again, nothing may fail, and the end is that of one that nobody killed.
local options = {program = "build/release/resmoon", c = "build/release/tests", seconds = "60",
                 seed = tostring(os.time())}
for i = 1, #arg, 2 do options[arg[i]:match "^%-%-(%w+)$"] = arg[i + 1] end
math.randomseed(tonumber(options.seed))
local seconds = tonumber(options.seconds)

local function shell(format, ...) return os.execute(format:format(...)) end
local function lines(format, ...)
  local pipe = assert(io.popen(format:format(...)))
  local text = pipe:read "a"
  pipe:close()
  return text
end

local here = lines "pwd":gsub("\n", "")
local function absolute(path) return path:sub(1, 1) == "/" and path or here .. "/" .. path end
local program, tools = absolute(options.program), absolute(options.c)
local base = lines("mktemp -d /tmp/resmoon-faults-XXXXXX"):gsub("\n", "")
local folder, journal = base .. "/disk", base .. "/journal"

-- Runs the victim; order and limit may be nil. Returns what it printed.
local function run(what, order, limit)
  return lines("RESMOON_WATCH=%s RESMOON_JOURNAL=%s RESMOON_FAULT=%s timeout -s KILL %s env LD_PRELOAD=%s/shim.so "
    .. "%s tests/faults/victim.lua %s %s/run 2>&1", folder, journal, order or "kill/0", limit or 60, tools, program,
    what, folder)
end

local function fresh()
  shell("rm -rf %s %s && mkdir -p %s %s", folder, journal, folder, journal)
  assert(shell("%s/restore %s %s", tools, journal, folder))
end

local failures = 0
local function complain(what, text, ...)
  failures = failures + 1
  print(("FAULT\tkill, %s\t" .. text):format(what, ...))
end

-- One victim from its beginning to its end, killed on the way. Returns how often.
local function life(what, expected, duration)
  fresh()
  local kills, reached, story = 0, 0, {}
  local most = math.random(1, 6)
  for turn = 1, 100 do
    local order, limit
    if turn <= most then
      if math.random() < 0.7 then order = "kill/" .. math.random(1, 60)
      else limit = ("%.3f"):format(0.05 + math.random() * duration) end
    end
    story[#story + 1] = order or limit or "to the end"
    local said = run(what, order, limit)
    local found, ended = tonumber(said:match "found (%d+)"), said:match "end ([^\n]*)"
    if found and found < reached then
      complain(what, "%d were reached, %d are left (%s)", reached, found, table.concat(story, ", "))
      return kills
    end
    for n in said:gmatch "reached (%d+)" do reached = math.max(reached, tonumber(n)) end
    if ended then
      if ended ~= expected then
        complain(what, "ended with %s, expected %s (%s)", ended, expected, table.concat(story, ", "))
      end
      if lines("find %s -name '*.tmp'", folder) ~= "" then
        complain(what, "temporary files are left (%s)", table.concat(story, ", "))
      end
      return kills
    end
    local other = said:gsub("found %d+\n", ""):gsub("reached %d+\n", ""):gsub("[^\n]*Killed[^\n]*\n?", "")
    if other:find "%S" or not (order or limit) then
      complain(what, "%s (%s)", other, table.concat(story, ", "))
      return kills
    end
    kills = kills + 1
    assert(shell("%s/restore %s %s", tools, journal, folder))
  end
  return kills
end

print("seed", options.seed)
local kinds = options.only and {options.only} or {"train", "search", "save"}
for i, what in ipairs(kinds) do
  fresh()
  local began = os.time()
  local expected = run(what):match "end ([^\n]*)"
  if not expected then
    complain(what, "does not reach its end: %s", (run(what)))
  else
    local duration = math.max(os.time() - began, 0.6)
    local lives, kills, stop = 0, 0, os.time() + seconds / #kinds
    repeat
      kills = kills + life(what, expected, duration)
      lives = lives + 1
    until os.time() >= stop
    print(("@\tkill -9, %s (%d to the end)\t%d\t%d"):format(what, lives, kills, kills))
    io.stdout:flush()
  end
  if i == #kinds then shell("rm -rf %s", base) end
end
os.exit(failures == 0)
