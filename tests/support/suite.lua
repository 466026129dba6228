--- Runs the cases of one test file inside the program under test.
--
--     resmoon tests/support/suite.lua FILE [--quick] [--seed N] [--verbose] [FILTER]
--
-- tests/run.lua starts one process for each file, so a crash costs one file and no state leaks
-- from one to the next. The last line written is `@ PASSED FAILED SKIPPED`; run.lua takes a process
-- that ends without it for a crash.
--
-- A tensor that is alive when all cases are done and collected is a leak, and counts as a failure.
local folder = arg[0]:match("^(.*)/support/[^/]*$") or "tests"
package.path = folder .. "/?.lua;" .. package.path

local luaunit = require "luaunit"
local rm      = require "resmoon"
local check   = require "support.check"

local file, filter, quick, verbose
do
  local i = 1
  while arg[i] do
    if arg[i] == "--quick" then quick = true
    elseif arg[i] == "--verbose" then verbose = true
    elseif arg[i] == "--seed" then
      i = i + 1
      check.seed = assert(math.tointeger(tonumber(arg[i])), "--seed: expected a whole number")
    elseif not file then file = arg[i]
    else filter = arg[i] end
    i = i + 1
  end
end
local short = file:gsub("^" .. folder:gsub("%p", "%%%0") .. "/", "")

local function live()
  collectgarbage()
  collectgarbage()
  return rm.live_tensors()
end

local function result(passed, failed, skipped)
  print(("@ %d %d %d"):format(passed, failed, skipped))
  os.exit(failed == 0, true)
end

local before = live()
do
  local ok, trace = xpcall(function() assert(loadfile(file, "t"))() end, debug.traceback)
  if not ok then
    print("  FAILED  " .. short .. " does not load: " .. trace:gsub("\n", "\n    "))
    result(0, 1, 0)
  end
end

local growth = {}   -- cases after which more tensors were alive

-- LuaUnit tells failures and skips from errors by a mark in the message, and takes any other message
-- for a pattern in places. So an error gets the mark as well, behind it its traceback down to here.
local function marked(message)
  message = tostring(message)
  if message:find(luaunit.FAILURE_PREFIX, 1, true) or message:find(luaunit.SKIP_PREFIX, 1, true) then
    return message
  end
  local trace = debug.traceback(message, 2):gsub("\n%s*%[C%]: in function 'xpcall'.*$", "")
  return luaunit.FAILURE_PREFIX .. trace
end

local function chosen()
  local cases = {}
  for _, case in ipairs(check.cases) do
    local title = short .. ": " .. case.name
    if (not filter or title:find(filter, 1, true)) and not (case.slow and quick) then
      cases[#cases + 1] = {title, function()
        math.randomseed(check.seed)
        rm.manual_seed(check.seed)
        local start, count = os.clock(), live()
        local ok, message = xpcall(case.run, marked)
      if not ok then error(message, 0) end
        local grown = live() - count
        if grown > 0 then growth[#growth + 1] = ("%s (+%d)"):format(case.name, grown) end
        if verbose then print(("  %6.2f s  %s"):format(os.clock() - start, case.name)) end
      end}
    end
  end
  return cases
end

-- Runs the cases, says what went wrong, and returns how many passed, failed and were skipped.
local function run()
  check.running = true
  local runner = luaunit.LuaUnit.new()
  runner:setOutputType("nil")
  runner:runSuiteByInstances(chosen(), "--quiet")
  local failed = 0
  for _, node in ipairs(runner.result.allTests) do
    if node:isSkipped() then
      print(("  skipped %s: %s"):format(node.testName, node.msg))
    elseif not node:isSuccess() then
      failed = failed + 1
      print(("  FAILED  %s\n    %s"):format(node.testName, node.msg:gsub("\n", "\n    ")))
      local name = node.testName:gsub("'", "'\\''")
      print(("    again:  lua5.4 tests/run.lua --seed %d '%s'"):format(check.seed, name))
    end
  end
  return runner.result.successCount, failed, #runner.result.skippedTests
end

local passed, failed, skipped = run()

-- Nothing that the cases held can be reached any more.
check.cases = {}
luaunit.LuaUnit.instances = {}
local leaked = live() - before
if leaked > 0 and failed == 0 then
  failed = failed + 1
  print(("  FAILED  %s: %d tensors are still alive at the end; more than before after: %s")
        :format(short, leaked, #growth > 0 and table.concat(growth, ", ") or "no single case"))
end
result(passed, failed, skipped)
