--- Sessions at the prompt in which each piece of work is stopped by Ctrl-C, at random moments (math.random).
--
-- support/interrupted.lua has the work and says what must be true afterwards.
local check   = require "support.check"
local program = require "support.program"

local interrupts = {}

local LATEST_MS = 45
local support = (arg[0]:match "^(.*)/[^/]*/[^/]*$" or "tests") .. "/support"

-- What is typed: `rounds` pieces of work, each stopped by one, two or ten Ctrl-C.
local function script(works, rounds)
  local steps, order = {}, {}
  local function add(...) for _, step in ipairs {...} do steps[#steps + 1] = step end end
  for i = 1, rounds do
    local name = works[(i - 1) % #works + 1]
    order[i] = name
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
  return steps, order
end

local function works_of(folder)
  local output = program.run({support .. "/interrupted.lua", folder})
  local works = {}
  for name in assert(output:match("works: ([^\n]*)")):gmatch("%S+") do works[#works + 1] = name end
  return works
end

--- One session of so many pieces of work in a folder. Returns the milliseconds from each Ctrl-C to the prompt, the
-- names of the works, and what was on the screen; raises where a prompt did not come or something was not as before.
-- times: a file for the milliseconds; shuffled: the works in random order instead of that of their names.
function interrupts.session(folder, rounds, times, shuffled)
  local works = works_of(folder)
  for i = shuffled and #works or 1, 2, -1 do
    local k = math.random(i)
    works[i], works[k] = works[k], works[i]
  end
  times = times or folder .. "/times"
  os.remove(times)
  local steps, order = script(works, rounds)
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
  return ms, order, screen
end

return interrupts
