--- Ctrl-C at random moments of all kinds of work: the prompt comes back, and nothing is lost.
--
-- support/interrupted.lua has the work and says what must be true. The moments follow from the seed,
-- as far as they can: what the program is doing N milliseconds after it began is not ours to choose.
-- The file of times (INTERRUPT_TIMES in the environment keeps it) has the milliseconds from each Ctrl-C to
-- the prompt.
local check   = require "support.check"
local program = require "support.program"
local rm      = require "resmoon"

local LIMIT_MS, LATEST_MS = 5000, 45
local support = arg[0]:match("^(.*)/[^/]*/[^/]*$") .. "/support"

-- What is typed: `rounds` pieces of work, each stopped by one, two or ten Ctrl-C.
local function script(works, rounds)
  local steps = {}
  local function add(...) for _, step in ipairs {...} do steps[#steps + 1] = step end end
  for i = 1, rounds do
    local name = works[(i - 1) % #works + 1]
    add(("send work %q\\r"):format(name), "expect running " .. name, "pause " .. math.random(0, LATEST_MS))
    add("send \\x03", "expect interrupted", "timed > ")
    if i % 5 == 0 then add("send " .. ("\\x03"):rep(i % 10 == 0 and 9 or 1), "pause 20") end
    -- the prompt must not be one that was there before
    if i % 10 == 0 or i == rounds then
      add(("send intact(%d)\\r"):format(i), ("expect intact %d,"):format(i), "expect > ")
    else
      add(("send %d + %d\\r"):format(i, 100000), "expect " .. 100000 + i, "expect > ")
    end
  end
  return steps
end

local function works_of(folder)
  local output = program.run({support .. "/interrupted.lua", folder})
  local works = {}
  for name in assert(output:match("works: ([^\n]*)")):gmatch("%S+") do works[#works + 1] = name end
  return works
end

-- A sanitizer's allocator keeps freed memory back for a while: what the process holds then says nothing.
local function allocator_reuses()
  do local _ = rm.zeros(4096) end
  collectgarbage()
  collectgarbage()
  return rm.memory().cached > 0
end

local function interrupted(rounds)
  program.with_folder(function(folder)
    local works, times = works_of(folder), os.getenv("INTERRUPT_TIMES") or folder .. "/times"
    os.remove(times)
    local steps = script(works, rounds)
    table.insert(steps, 1, "expect > ")
    steps[#steps + 1] = "send \\x04"
    steps[#steps + 1] = "exit 0"
    local screen = program.type(steps, {
      arguments = {"-i", support .. "/interrupted.lua", folder},
      env = "PTY_TIMES=" .. times .. " RESMOON_PLOT=text",
    })

    local ms = {}
    for line in io.lines(times) do ms[#ms + 1] = tonumber(line) end
    check.equal(#ms, rounds)
    table.sort(ms)
    check.that(ms[#ms] < LIMIT_MS, ("the slowest came after %.0f ms"):format(ms[#ms]))

    local tensors, memory = {}, {}
    for t, mb in screen:gmatch("intact %d+, (%d+) tensors, (%d+) MB") do
      tensors[#tensors + 1], memory[#memory + 1] = tonumber(t), tonumber(mb)
    end
    local half = #memory // 2
    check.equal(tensors[#tensors], tensors[half], "tensors alive in the second half")
    check.that(rounds < 200 or not allocator_reuses() or memory[#memory] <= 1.1 * memory[half] + 20,
               ("memory grew from %d to %d MB in the second half"):format(memory[half], memory[#memory]))
  end)
end

check.case("Ctrl-C stops each kind of work, and everything is as it was", function() interrupted(84) end)
check.slow("500 times Ctrl-C at any moment, and everything is as it was", function() interrupted(500) end)
