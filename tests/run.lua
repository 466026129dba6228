--- Runs the tests: C suites, Lua files, shell files. Last line: `N passed, N failed`.
--
--     lua5.4 tests/run.lua [--quick] [--seed N] [--verbose] [--program PATH] [--c FOLDER] [FILTER]
--
-- FILTER is plain text that is looked for in "lua/ops/relu_test.lua: name of the case" (in the
-- file name alone for C suites); --quick leaves slow cases out. Each file is a process of its own,
-- so a crash counts as one failure of that file and the others still run. This file is plain Lua
-- and runs in the stock interpreter, so that it can report on a program that does not start.
local options = {
  seed = os.getenv("RESMOON_TEST_SEED") or "1",
  program = os.getenv("RESMOON") or "build/release/resmoon",
  c = "build/release/tests",
}
do
  local i = 1
  while arg[i] do
    local name = arg[i]:match("^%-%-(%w+)$")
    if name == "quick" or name == "verbose" then
      options[name] = true
    elseif name then
      i = i + 1
      options[name] = assert(arg[i], "--" .. name .. ": a value is missing")
    else
      options.filter = arg[i]
    end
    i = i + 1
  end
end
local tests = arg[0]:match("^(.*)/[^/]*$") or "."

local function quote(text) return "'" .. text:gsub("'", "'\\''") .. "'" end

local function lines(command)
  local list = {}
  local pipe = assert(io.popen(command))
  for line in pipe:lines() do list[#list + 1] = line end
  local _, how, code = pipe:close()
  return list, how, code
end

-- A signal that whoever started the tests ignores (nohup, services) is ignored by all they start: a program that is
-- told to stop would run for ever. So a file begins with signals as a terminal gives them (coreutils 8.31 and later).
local SIGNALS = "env --default-signal=HUP,INT,QUIT,TERM,PIPE "
if not os.execute(SIGNALS .. "true 2>/dev/null") then SIGNALS = "" end

-- Files below a folder, those at least `depth` levels down.
local function find(folder, pattern, depth)
  return (lines(("find %s -mindepth %d -name %s 2>/dev/null | LC_ALL=C sort"):format(quote(folder), depth or 0,
    quote(pattern))))
end

local total = {passed = 0, failed = 0, skipped = 0}

-- Prints one line for a file (and what it had to say), and adds it up.
local function report(name, passed, failed, skipped, text, started)
  total.passed = total.passed + passed
  total.failed = total.failed + failed
  total.skipped = total.skipped + skipped
  if passed + failed + skipped == 0 then return end
  print(("%-7s %-48s %4d passed%s%s  %d s"):format(
    failed == 0 and "ok" or "FAILED", name, passed,
    failed > 0 and (", %d failed"):format(failed) or "",
    skipped > 0 and (", %d skipped"):format(skipped) or "", os.time() - started))
  if text ~= "" then print(text) end
  io.stdout:flush()
end

local function ending(how, code)
  return how == "signal" and "was killed by signal " .. code or "ended with status " .. code
end

-- A C suite speaks TAP: a plan `1..N`, then `ok` or `not ok` lines; `# ...` lines explain.
local function run_c(path)
  local name = "c" .. path:sub(#options.c + 1)
  if options.filter and not (name .. ".c: "):find(options.filter, 1, true) then return end
  local started = os.time()
  local output, how, code = lines("CMOCKA_MESSAGE_OUTPUT=TAP " .. SIGNALS .. quote(path) .. " 2>&1")
  local planned, passed, failed, skipped, text = 0, 0, 0, 0, {}
  for _, line in ipairs(output) do
    local plan = line:match("^%d+%.%.(%d+)")
    if plan then planned = planned + tonumber(plan)
    elseif line:find("^not ok .*# SKIP") then skipped = skipped + 1  -- cmocka writes it so
    elseif line:find("^ok ") then passed = passed + 1
    elseif line:find("^not ok ") then
      failed = failed + 1
      text[#text + 1] = "  FAILED  " .. line
    elseif failed > 0 or code ~= 0 then text[#text + 1] = "    " .. line end
  end
  if failed == 0 and (code ~= 0 or planned == 0 or passed + skipped < planned) then
    failed = 1
    text[#text + 1] = ("  FAILED  %s %s after %d of %d tests"):format(name, ending(how, code), passed, planned)
  end
  report(name, passed, failed, skipped, table.concat(text, "\n"), started)
end

-- A Lua file reports through support/suite.lua.
local function run_lua(path)
  local name = path:sub(#tests + 2)
  if options.filter then
    -- A filter that names another file, or a case of one, cannot match here.
    local file = options.filter:match("^[%w_/]+_test%.lua") or options.filter:match "^c/[%w_/]+_test%.c"
    if file and not name:find(file, 1, true) then return end
  end
  local started = os.time()
  local output, how, code = lines(("LUA_PATH=%s %s%s %s/support/suite.lua --seed %s %s %s %s %s 2>&1"):format(
    quote("lua/?.lua;lua/?/init.lua;;"), SIGNALS, quote(options.program), quote(tests), quote(options.seed),
    options.quick and "--quick" or "", options.verbose and "--verbose" or "", quote(path),
    options.filter and quote(options.filter) or ""))
  local passed, failed, skipped = (output[#output] or ""):match("^@ (%d+) (%d+) (%d+)$")
  if not passed then
    output[#output + 1] = ("  FAILED  %s %s before its end"):format(name, ending(how, code))
    passed, failed, skipped = 0, 1, 0
  else
    output[#output] = nil
    passed, failed, skipped = tonumber(passed), tonumber(failed), tonumber(skipped)
    if failed == 0 and code ~= 0 then  -- it crashed, or leaked, while it closed
      failed = 1
      output[#output + 1] = ("  FAILED  %s %s"):format(name, ending(how, code))
    end
  end
  report(name, passed, failed, skipped, table.concat(output, "\n"), started)
end

for _, path in ipairs(find(options.c, "*_test", 2)) do run_c(path) end
for _, path in ipairs(find(tests .. "/lua", "*_test.lua")) do run_lua(path) end
for _, path in ipairs(find(tests .. "/shell", "*_test.lua")) do run_lua(path) end

if total.passed + total.failed + total.skipped == 0 then
  print("no test ran" .. (options.filter and (": nothing matches %q"):format(options.filter) or ""))
  total.failed = 1
end
print(("%d passed, %d failed%s"):format(total.passed, total.failed,
  total.skipped > 0 and (", %d skipped"):format(total.skipped) or ""))
os.exit(total.failed == 0)
