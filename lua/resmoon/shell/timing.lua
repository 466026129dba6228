--- How long something takes: `time EXPR` once, `%timeit EXPR` many times.
--
-- At the prompt `time f(x)` runs f(x), prints the time it took on the clock and on the processors, and
-- then its value. `%timeit f(x)` runs it again and again, for about a second, and prints the median of
-- several rounds and the range they lie in; what it computes is dropped.
local core = require "resmoon.core"

local timing = {}

local clock = core.sys.clock

--- 0.00123 -> "1.23 ms"
function timing.text(seconds)
  if seconds >= 120 then return ("%d min %02d s"):format(seconds // 60, math.floor(seconds % 60)) end
  if seconds >= 1 then return ("%.3g s"):format(seconds) end
  if seconds >= 1e-3 then return ("%.3g ms"):format(seconds * 1e3) end
  if seconds >= 1e-6 then return ("%.3g us"):format(seconds * 1e6) end
  return ("%.3g ns"):format(seconds * 1e9)
end

--- `time rest`: a function that runs it once. Both are what session:compile wants of a command.
function timing.time(rest, session)
  local chunk, message, incomplete = session:compile_lua(rest)
  if not chunk then return nil, message, incomplete end
  return function()
    local start, processor = clock(), os.clock()
    local results = table.pack(chunk())
    local took, worked = clock() - start, os.clock() - processor
    print(("%s  (processors: %s)"):format(timing.text(took), timing.text(worked)))
    return table.unpack(results, 1, results.n)
  end
end

-- A function(n) that runs the source n times: the loop is in the same chunk, so that
-- a call is not measured with it.
local function compile_loop(source, environment)
  local head = "local _n = ... for _i = 1, _n do "
  return load(head .. "local _ = " .. source .. "\nend", "=timeit", "t", environment)
         or assert(load(head .. source .. "\nend", "=timeit", "t", environment))
end

local ROUND, SLOW, MOST = 0.1, 1, 1 << 40   -- seconds a round takes at least; of a run that is not repeated much

local function measure(loop)
  local function run(n)
    local start = clock()
    loop(n)
    return clock() - start
  end
  local n, took = 1, run(1)
  while took < ROUND and n < MOST do
    n = took < ROUND / 100 and n * 10 or math.ceil(n * 1.2 * ROUND / took)
    took = run(n)
  end
  local rounds = {took / n}
  for i = 2, took > 5 * SLOW and 1 or took > SLOW and 3 or 7 do rounds[i] = run(n) / n end
  table.sort(rounds)
  return rounds[(#rounds + 1) // 2], rounds, n
end

--- `%timeit rest`
function timing.timeit(rest, session)
  local chunk, message, incomplete = session:compile_lua(rest)
  if not chunk then return nil, message, incomplete end
  if not rest:find("%S") then return nil, "%timeit: nothing to run, as in `%timeit x + y`", false end
  local loop = compile_loop(rest, session.environment)
  return function()
    local median, rounds, n = measure(loop)
    print(("%s per run  (median of %d rounds of %d; %s to %s)"):format(
      timing.text(median), #rounds, n, timing.text(rounds[1]), timing.text(rounds[#rounds])))
  end
end

return timing
