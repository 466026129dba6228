--- The yardsticks: what this machine gives at best, with the threads and the instruction set in use.
local rm = require "resmoon"

local ROUND, ROUNDS = 0.1, 15  -- seconds of a measurement, and how many there are at most

-- The highest rate of several measurements: of as many as it takes to come near `enough`, since another
-- program may hold a processor for a while.
local function best(measure, enough)
  local highest = 0
  for _ = 1, ROUNDS do
    highest = math.max(highest, measure())
    if highest >= enough then break end
  end
  return highest
end

--- isa: another instruction set than that in use.
-- Returns {isa, threads, peak = multiply-add GFLOP/s, one = of one thread, copy, triad = GB/s}.
return function(isa)
  local threads = rm.num_threads()
  local result = {isa = isa or rm.isa(), threads = threads}
  local function gflops() return rm.machine.flops(isa, ROUND) / 1e9 end
  rm.set_num_threads(1)
  result.one = gflops()
  rm.set_num_threads(threads)
  result.peak = threads > 1 and best(gflops, 0.95 * threads * result.one) or result.one
  local copy, triad = rm.machine.bandwidth(nil, 0.4)
  result.copy, result.triad = copy / 1e9, triad / 1e9
  rm.trim_memory()
  return result
end
