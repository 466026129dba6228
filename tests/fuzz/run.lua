--- Fuzzing: gives each reader so many minutes, and ends with a table.
--
--     lua5.4 tests/fuzz/run.lua MINUTES READER 'READERS' MAKE      (make fuzz)
--
-- READER: one of READERS, which libFuzzer feeds; or calls, graphs, interrupt, which are random work for the whole
-- program (calls.lua, graphs.lua, interrupt.lua); empty: all of them. What libFuzzer finds on its way is kept in
-- build/fuzz/corpus and is where the next run begins; a finding's input is in build/fuzz/findings.
-- Ends with status 1 where there was a finding.
local minutes = assert(tonumber(arg[1]), "MINUTES: expected a number")
local wanted, all, make = arg[2], arg[3], arg[4]

local MOST_FINDINGS = 3   -- of a reader, after which the next one is looked at

local function quote(text) return "'" .. text:gsub("'", "'\\''") .. "'" end

local function lines(command)
  local list, pipe = {}, assert(io.popen(command .. " 2>&1"))
  for line in pipe:lines() do list[#list + 1] = line end
  return list, pipe:close()
end

local function has(command) return os.execute(("command -v %s >/dev/null"):format(command)) == true end

-- clang's name is FUZZ_CC in the environment; it needs libFuzzer's library, which some systems pack apart.
local clang = os.getenv "FUZZ_CC" or has "clang" and "clang" or has "clang-14" and "clang-14"

-- Readers in Lua have one program together.
local function in_lua(reader)
  local file = io.open(("tests/fuzz/%s_fuzz.c"):format(reader))
  return not file or not file:close()
end

local rows = {}

local function run_make(...)
  local ok = os.execute(("%s --no-print-directory %s"):format(make, table.concat({...}, " ")))
  if not ok then os.exit(1) end
end

-- --- readers --------------------------------------------------------------------------------

-- What libFuzzer says at its end: executions, edges and features of the coverage, inputs kept.
local function read_output(output, row)
  for _, line in ipairs(output) do
    local cov, ft = line:match "cov: (%d+) ft: (%d+)"
    if cov then row.edges, row.features = tonumber(cov), tonumber(ft) end
    local corp = line:match "corp: (%d+)/"
    if corp then row.corpus = tonumber(corp) end
  end
  for _, line in ipairs(output) do
    local n = line:match "^stat::number_of_executed_units:%s*(%d+)"
    if n then row.executions = row.executions + tonumber(n) end
  end
end

-- Lines of a report that say what was found.
local function say(reader, output)
  for _, line in ipairs(output) do
    if line:find "FINDING" or line:find "ERROR: " or line:find "runtime error" or line:find "SUMMARY"
       or line:find "Test unit written" or line:find "^    #[0-7] " then
      print(("  %s: %s"):format(reader, line))
    end
  end
end

local function fuzz(reader)
  local row = {reader = reader, executions = 0, edges = 0, features = 0, corpus = 0, findings = 0, seconds = 0}
  local kept, found = "build/fuzz/corpus/" .. reader, "build/fuzz/findings/" .. reader .. "-"
  os.execute(("mkdir -p %s build/fuzz/findings"):format(kept))
  local lua, more = in_lua(reader), {}
  if lua then more[1] = "-detect_leaks=0" end                      -- its state is never empty
  if reader == "history" then more[1] = "-close_fd_mask=2" end     -- it says what is wrong on stderr
  local left, began = minutes * 60, os.time()
  while left >= 1 and row.findings < MOST_FINDINGS do
    local command = ("FUZZ_READER=%s ASAN_OPTIONS=allocator_may_return_null=1 build/fuzz/fuzz/%s -max_total_time=%d "
                     .. "-timeout=20 -rss_limit_mb=2048 -malloc_limit_mb=256 -print_final_stats=1 "
                     .. "-artifact_prefix=%s %s %s %s")
      :format(reader, lua and "lua" or reader, left, found, table.concat(more, " "), kept,
              "tests/fuzz/corpus/" .. reader)
    local output, ok = lines(command)
    read_output(output, row)
    if not ok then
      row.findings = row.findings + 1
      say(reader, output)
    end
    left = minutes * 60 - (os.time() - began)
    if ok then break end
  end
  row.seconds = os.time() - began
  rows[#rows + 1] = row
  print(("%-12s %d executions in %d s, %d edges, %d findings"):format(reader, row.executions, row.seconds,
                                                                      row.edges, row.findings))
end

-- --- random work for the whole program ------------------------------------------------------------

local programs = {
  calls = {needs = {"MODE=asan", "all"}, command = "build/asan/resmoon tests/fuzz/calls.lua --minutes %g"},
  graphs = {needs = {"MODE=asan", "all"}, command = "build/asan/resmoon tests/fuzz/graphs.lua --minutes %g"},
  interrupt = {needs = {"MODE=release", "all", "ctests"},
               command = "build/release/resmoon tests/fuzz/interrupt.lua --minutes %g"},
}

local function random_work(name)
  local each = programs[name]
  run_make(table.unpack(each.needs))
  local began = os.time()
  local output, ok = lines("ASAN_OPTIONS=allocator_may_return_null=1 LUA_PATH='lua/?.lua;lua/?/init.lua;;' "
                           .. "LSAN_OPTIONS=suppressions=$PWD/tests/support/lsan.supp:print_suppressions=0 "
                           .. each.command:format(minutes))
  print(table.concat(output, "\n"))
  local n = tonumber((output[#output] or ""):match "(%d+) executions") or 0
  local findings = tonumber((output[#output] or ""):match "(%d+) findings") or 1
  rows[#rows + 1] = {reader = name, executions = n, seconds = os.time() - began,
                     findings = math.max(findings, ok and 0 or 1)}
end

-- --- all of it ----------------------------------------------------------------------------------------

local readers, known = {}, {}
for name in all:gmatch "%S+" do
  readers[#readers + 1], known[name] = name, true
end
if wanted ~= "" and not known[wanted] and not programs[wanted] then
  print(("fuzz: there is no reader %s; there are %s, calls, graphs, interrupt"):format(wanted, all))
  os.exit(1)
end
if wanted == "" or known[wanted] then
  if clang then
    run_make("MODE=fuzz", "CC=" .. quote(clang), "fuzzers", "READER=" .. wanted)
    for _, name in ipairs(readers) do
      if wanted == "" or name == wanted then fuzz(name) end
    end
  else
    print "fuzz: libFuzzer is part of clang, which is not here: readers are not fuzzed (make test replays the corpora)"
  end
end
for _, name in ipairs {"calls", "graphs", "interrupt"} do
  if wanted == "" or name == wanted then random_work(name) end
end

print ""
print(("%-12s %12s %9s %8s %9s %8s %9s"):format("reader", "executions", "seconds", "edges", "features", "corpus",
                                                "findings"))
local findings = 0
for _, row in ipairs(rows) do
  findings = findings + row.findings
  print(("%-12s %12d %9d %8s %9s %8s %9d"):format(row.reader, row.executions, row.seconds, row.edges or "",
                                                  row.features or "", row.corpus or "", row.findings))
end
os.exit(findings == 0)
