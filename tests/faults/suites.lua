--- The C suites with an allocation that fails: each place where one of them asks for memory, once and from there on.
--
--     lua5.4 tests/faults/suites.lua --c FOLDER [--seconds S] [--seed N] [--only TEXT] [--isas LIST] [--done FILE]
--
-- A test may fail then, and say so. It may not crash and it may not hang. A place is told by the ten callers of an
-- allocation; of the test functions that come upon it the quickest runs, alone. --done: places that were done, one
-- a line; these are left out, and those of this run are added. So a campaign goes on where the last one ended (of the
-- same build: places are told by addresses). --isas: the instruction sets to look for places with, as in avx2,avx512.
-- Nearly all places are those of any set; the choice of a method has a few that are not.
local options = {c = "build/release/tests", seconds = "60", seed = "1", only = "", isas = "avx2"}
for i = 1, #arg, 2 do options[arg[i]:match "^%-%-(%w+)$"] = arg[i + 1] end
math.randomseed(tonumber(options.seed))
local stop = os.time() + tonumber(options.seconds)

local function output(command)
  local pipe = assert(io.popen(command .. " 2>&1"))
  local text = pipe:read "a"
  local _, how, code = pipe:close()
  return text, how, code
end

-- Those of tests/fuzz are left out: they end the process where two ways of reading differ, and an allocation that fails
-- in one of them makes them differ. So is the suite of convolutions, which takes an hour, unless --only names it.
local suites = {}
for path in output(("find %s -name '*_test' | LC_ALL=C sort"):format(options.c)):gmatch "[^\n]+" do
  local wanted = not path:find("/fuzz/", 1, true) and (options.only ~= "" or not path:find "/conv_test$")
  if wanted and path:find(options.only, 1, true) then suites[#suites + 1] = path end
end

local done, record = {}, nil
if options.done then
  record = assert(io.open(options.done, "a+"))
  for line in record:lines() do done[line] = true end
end

-- Runs a suite, or one of its tests, with one instruction set. (Addresses are the same in every run, so that places
-- are; and it is the suite alone that the faults are for.)
local function run(path, isa, test, order, more, limit)
  local line = "setarch -R timeout -s KILL %d env CMOCKA_MESSAGE_OUTPUT=TAP RESMOON_TEST_ISA=%s " ..
               "RESMOON_TEST_ONLY='%s' RESMOON_FAULT=%s %s LD_PRELOAD='%s/shim.so %s/only.so' %s"
  return output(line:format(limit or 600, isa, test, order, more or "", options.c, options.c, path))
end

local function clock() return tonumber((output "cut -d' ' -f1 /proc/uptime")) end

-- The places of a suite, each with the quickest test that comes upon it.
local function places_of(path)
  local list, known, isas = {}, {}, {}
  for isa in options.isas:gmatch "[^,]+" do isas[#isas + 1] = isa end
  for test in run(path, isas[1], "*", "off"):gmatch "ok %d+ %- ([%w_]+)" do
    for _, isa in ipairs(isas) do
      local began = clock()
      local said = run(path, isa, test, "alloc/1000000000", "RESMOON_FAULT_PLACES=1")
      local seconds = clock() - began
      for at, name in said:gmatch "place (%d+) (%x+)\n" do
        local p = known[name]
        if not p then
          p = {seconds = math.huge, line = path:match "[^/]*$" .. " " .. name}
          known[name], list[#list + 1] = p, p
        end
        if seconds < p.seconds then p.isa, p.test, p.at, p.seconds = isa, test, at, seconds end
      end
    end
  end
  return list
end

-- Fails a place, once and from there on; how many faults were made.
local function fail(path, name, p)
  for _, rest in ipairs {"", "+"} do
    local text, how, code = run(path, p.isa, p.test, ("alloc/%s%s"):format(p.at, rest), nil,
      math.ceil(60 + 20 * p.seconds))
    if how == "signal" or (code > 128 and code <= 192) or text:find "xception: " then
      print(("FAULT\t%s %s %s\talloc/%s%s: %s %d %s"):format(name, p.isa, p.test, p.at, rest, how, code,
        text:match "[^\n]*xception[^\n]*" or ""))
    end
  end
  return 2
end

for i, path in ipairs(suites) do
  local name = path:sub(#options.c + 2)
  local share, faults, before = os.time() + (stop - os.time()) / (#suites - i + 1), 0, 0
  local places, open = places_of(path), {}
  for _, p in ipairs(places) do
    if done[p.line] then before = before + 1 else open[#open + 1] = p end
  end
  for k = #open, 2, -1 do
    local j = math.random(k)
    open[k], open[j] = open[j], open[k]
  end
  for n, p in ipairs(open) do
    if n > 1 and os.time() >= share then break end
    faults = faults + fail(path, name, p)
    before = before + 1
    if record then record:write(p.line, "\n") record:flush() end
  end
  print(("@\t%s\t%d\t%d"):format(name, #places, faults))
  if options.done then print(("# %d of %d places are done"):format(before, #places)) end
  io.stdout:flush()
end
