--- The yardsticks: what this machine gives at best, with the threads and the instruction set in use.
local rm = require "resmoon"

--- isa: another instruction set than that in use.
-- Returns {isa, threads, peak = multiply-add GFLOP/s, one = of one thread, copy, triad = GB/s}.
return function(isa)
  local threads = rm.num_threads()
  local result = {isa = isa or rm.isa(), threads = threads}
  local function gflops() return rm.machine.flops(isa, 0.15) / 1e9 end
  result.peak = gflops()
  local copy, triad = rm.machine.bandwidth(nil, 0.4)
  result.copy, result.triad = copy / 1e9, triad / 1e9
  rm.trim_memory()
  result.one = result.peak
  if threads > 1 then
    rm.set_num_threads(1)
    result.one = gflops()
    rm.set_num_threads(threads)
  end
  return result
end
