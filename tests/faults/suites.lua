--- The C suites with an allocation that fails: each place where one of them asks for memory, once and from there on.
--
--     lua5.4 tests/faults/suites.lua --c FOLDER [--seconds S] [--seed N] [--only TEXT]
--
-- A test may fail then, and say so. It may not crash and it may not hang.
local options = {c = "build/release/tests", seconds = "60", seed = "1", only = ""}
for i = 1, #arg, 2 do options[arg[i]:match "^%-%-(%w+)$"] = arg[i + 1] end
math.randomseed(tonumber(options.seed))

local function output(command)
  local pipe = assert(io.popen(command .. " 2>&1"))
  local text = pipe:read "a"
  local _, how, code = pipe:close()
  return text, how, code
end

-- Suites that fork or that need all the time there is are left out, and those of tests/fuzz: they end the process
-- where two ways of reading differ, and an allocation that fails in one of them makes them differ.
local skipped = {conv_test = true, threads_test = true, elementary_test = true, view_property_test = true}
local suites = {}
for path in output(("find %s -name '*_test' | LC_ALL=C sort"):format(options.c)):gmatch "[^\n]+" do
  local wanted = not skipped[path:match "[^/]*$"] and not path:find("/fuzz/", 1, true)
  if wanted and path:find(options.only, 1, true) then suites[#suites + 1] = path end
end

local function run(path, order, more)
  return output(("%s LD_PRELOAD=%s/shim.so RESMOON_FAULT=%s CMOCKA_MESSAGE_OUTPUT=TAP timeout -s KILL 60 %s"):format(
    more or "", options.c, order, path))
end

local stop = os.time() + tonumber(options.seconds)
for i, path in ipairs(suites) do
  local name = path:sub(#options.c + 2)
  -- The places: the ordinal of the first allocation of each.
  local said = run(path, "alloc/1000000000", "RESMOON_FAULT_PLACES=1")
  local places = {}
  for at in said:gmatch "place (%d+)\n" do places[#places + 1] = tonumber(at) end
  for k = #places, 2, -1 do
    local j = math.random(k)
    places[k], places[j] = places[j], places[k]
  end
  local share, faults = os.time() + (stop - os.time()) / (#suites - i + 1), 0
  for _, at in ipairs(places) do
    for _, rest in ipairs {"", "+"} do
      local text, how, code = run(path, ("alloc/%d%s"):format(at, rest))
      faults = faults + 1
      if how == "signal" or (code > 128 and code < 255) or text:find "xception: " then
        print(("FAULT\t%s\talloc/%d%s: %s %d %s"):format(name, at, rest, how, code,
          text:match "[^\n]*xception[^\n]*" or ""))
      end
    end
    if os.time() >= share then break end
  end
  print(("@\t%s\t%d\t%d"):format(name, #places, faults))
  io.stdout:flush()
end
