--- Ctrl-C at random moments of all kinds of work: the prompt comes back, and nothing is lost.
--
-- support/interrupted.lua has the work and says what must be true. The moments follow from the seed,
-- as far as they can: what the program is doing N milliseconds after it began is not ours to choose.
-- The file of times (INTERRUPT_TIMES in the environment keeps it) has the milliseconds from each Ctrl-C to
-- the prompt.
local check   = require "support.check"
local interrupts = require "support.interrupts"
local program = require "support.program"
local rm      = require "resmoon"

local LIMIT_MS = 5000

-- A sanitizer's allocator keeps freed memory back for a while: what the process holds then says nothing.
local function allocator_reuses()
  do local _ = rm.zeros(4096) end
  collectgarbage()
  collectgarbage()
  return rm.memory().cached > 0
end

local function interrupted(rounds)
  program.with_folder(function(folder)
    local ms, _, screen = interrupts.session(folder, rounds, os.getenv("INTERRUPT_TIMES"))
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
