--- Allocations that fail: each one of each operation, alone and together with all that come after it.
--
--     LD_PRELOAD=BUILD/tests/shim.so resmoon tests/faults/alloc.lua [--from N] [--seconds S] [--seed N]
--                                                                   [--each N] [--blocks N]
--
-- An operation that fails must say that memory ran out, in these words; it must have changed nothing; it may leave no
-- tensor behind, and no block that is not there again after the next run. One that succeeds all the same (Lua collects
-- garbage and asks once more) is right. Work number N is named before it begins ("# N NAME"), so that whoever started
-- this knows which one ended the process. Where there are more allocations than --each, or more blocks of the program's
-- own allocator than --blocks, or too little time for all, a random choice of them fails.
local folder = arg[0]:match "^(.*)/[^/]*$"
package.path = folder .. "/?.lua;" .. package.path
local rm   = require "resmoon"
local core = require "resmoon.core"
local shim = require "shim"
local work = require "work"

local options = {from = 1, seconds = 60, seed = 1, each = 1000000}
for i = 1, #arg, 2 do options[arg[i]:match "^%-%-(%w+)$"] = tonumber(arg[i + 1]) end
math.randomseed(options.seed)
local MOST = 400
rm.set_num_threads(1)

local function complain(w, text, ...) print(("FAULT\t%s\t" .. text):format(w.name, ...)) end

local function settle()
  collectgarbage()
  collectgarbage()
end

-- A message must name memory; what else it says is of the library.
local function is_clear(message)
  message = tostring(message):lower()
  return message:find "memory" or message:find "cannot allocate"
end

local run_ok, run_message
local function attempt(w, order)
  w.begin()
  settle()
  core.trim_memory()
  local before = w.state and w.state()
  shim.order(order)
  run_ok, run_message = pcall(w.run)
  shim.off()
  if run_ok then run_message = nil end   -- what it gave, which may be large
  local fired = order:find "^alloc" and shim.fired() or 1
  if not run_ok and fired > 0 then
    if not is_clear(run_message) then complain(w, "%s: %s", order, run_message) end
    if w.state and w.state() ~= before then complain(w, "%s: half done, after: %s", order, run_message) end
  elseif not run_ok then
    complain(w, "%s: failed without a fault: %s", order, run_message)
  end
  return fired
end

-- How many allocations a run makes, once what is made only once is there.
local function count(w)
  for _ = 1, 2 do
    w.begin()
    w.run()
  end
  w.begin()
  settle()
  shim.order "alloc/0"
  w.run()
  shim.off()
  local allocations = shim.count()
  w.begin()
  shim.order "cold/1000000"
  w.run()
  shim.off()
  return allocations, shim.count()
end

-- 1 .. n, in random order where not all of them will do.
local function places(n, most)
  local list = {}
  for i = 1, n do list[i] = i end
  if n > most then
    for i = 1, most do
      local j = math.random(i, n)
      list[i], list[j] = list[j], list[i]
    end
    for i = n, most + 1, -1 do list[i] = nil end
  end
  return list
end

local function live()
  settle()
  settle()
  core.trim_memory()
  return rm.live_tensors(), shim.live()
end

local deadline = os.time() + options.seconds
for number = options.from, #work do
  local w = work[number]
  print(("# %d %s"):format(number, w.name))
  io.stdout:flush()
  local n, blocks_made = count(w)
  local started, left = os.time(), deadline - os.time()
  local share = math.max(left / (#work - number + 1), 0.2)
  local injections, tensors, blocks = 0, live()
  for _, at in ipairs(places(n, math.min(options.each, MOST))) do
    for _, rest in ipairs {"", "+"} do
      if attempt(w, ("alloc/%d%s"):format(at, rest)) > 0 then injections = injections + 1 end
    end
    if os.time() - started > 2 * share then break end
  end
  for _, at in ipairs(places(blocks_made, math.min(options.blocks or options.each, MOST))) do
    injections = injections + attempt(w, "heap/" .. at) + attempt(w, "cold/" .. at)
    if os.time() - started > 3 * share then break end
  end
  -- What grows once is a cache; what grows again with as many faults is a leak.
  local grown
  for again = 1, 2 do
    w.begin()
    w.run()
    local t, b = live()
    grown = {t - tensors, b - blocks}
    if again == 2 or grown[1] <= 0 and grown[2] <= 50 then break end
    tensors, blocks = t, b
    for _, at in ipairs(places(n, 30)) do attempt(w, ("alloc/%d+"):format(at)) end
    for _, at in ipairs(places(blocks_made, 10)) do attempt(w, "heap/" .. at) end
  end
  if grown[1] > 0 then complain(w, "%d tensors are left", grown[1]) end
  if grown[2] > 50 then complain(w, "%d blocks are left", grown[2]) end
  print(("@\t%s\t%d\t%d"):format(w.name, n + blocks_made, injections))
  io.stdout:flush()
  if os.time() >= deadline and number < #work then
    print(("# out of time: %d of %d operations"):format(number, #work))
    break
  end
end
print("sites", shim.sites())
work.finish()
