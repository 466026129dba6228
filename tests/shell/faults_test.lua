--- Faults of memory, files and power in small: what `make faults` does at length (tests/faults).
local check   = require "support.check"
local program = require "support.program"

local tools = program.path:match "^(.*)/[^/]*$" .. "/tests"

local function skip_where_sanitized()
  if program.path:find("asan", 1, true) then check.skip "the sanitizers have a malloc of their own" end
end

-- Runs Lua code under the shim; returns what it prints.
local function under_shim(code, env)
  local preload = ("LD_PRELOAD=%s/shim.so %s"):format(tools, env or "")
  local output, errors, status = program.run({"-e", code}, {env = preload})
  check.equal(status, 0, output .. errors)
  return output
end

-- A Lua function fails(f) that has each allocation of f fail, with all later ones, and returns what f says then, each
-- message once.
local FAILS = [[
local remove = os.remove
local function fails(f)
  f()
  remove "/fault/alloc/0"
  f()
  remove "/fault/off"
  local n, said, seen = select(3, remove "/fault/count"), {}, {}
  for at = 1, n do
    for _, rest in ipairs {"", "+"} do
      remove("/fault/alloc/" .. at .. rest)
      local ok, message = pcall(f)
      remove "/fault/off"
      message = not ok and tostring(message):gsub("^[^%s]*: ", "")
      if not ok and not seen[message] then said[#said + 1], seen[message] = message, true end
    end
  end
  table.sort(said)
  print(table.concat(said, "\n"))
end
]]

check.case("memory that ran out is called so: JSON, weights, PNG, JPEG, gzip, digests", function()
  skip_where_sanitized()
  program.with_folder(function(folder)
    local works = {
      [[rm.json.decode '{"a": [1, 2, {"b": "text"}]}']],
      -- Of a long number jansson 2.14 would end the program (src/io/json.c).
      [=[rm.json.decode "[[[-1234567890.12345678901234567890e-10, 12345678901234567890123456789012.5]]]"]=],
      [[rm.save("%s/w", {w = rm.ones(2)}, {note = "text"})]],
      [[rm.load "%s/w"]],
      [[rm.data.read_image "tests/lua/data/pictures/420.png"]],
      [[rm.data.read_image "tests/lua/data/pictures/progressive.jpg"]],
      [[rm.sha256("text"):digest()]],
    }
    for _, work in ipairs(works) do
      local said = under_shim(FAILS .. ("fails(function() %s end)"):format(work:format(folder)))
      check.that(said:find "memory", work)
      for line in said:gmatch "[^\n]+" do check.that(line:lower():find "memory", ("%s: %s"):format(work, line)) end
    end
  end)
end)

check.case("weights are loaded, and averages swapped, all of them or none", function()
  skip_where_sanitized()
  local said = under_shim [[
    local net, other = models.mlp {hidden = {4}, input = {1, 3, 3}}, models.mlp {hidden = {4}, input = {1, 3, 3}}
    local ema = optim.EMA(net, {decay = 0.5})
    ema:update()
    local state = other:state_dict()
    local before, after = net:hash(), other:hash()
    local half = 0
    for n = 1, 200 do
      os.remove("/fault/heap/" .. n)
      local ok = pcall(net.load_state_dict, net, state)
      os.remove "/fault/off"
      if net:hash() ~= (ok and after or before) then half = half + 1 end
      if ok then break end
    end
    print(half, net:hash() == after)
    for n = 1, 200 do
      os.remove("/fault/heap/" .. n)
      local ok = pcall(ema.swap, ema)
      os.remove "/fault/off"
      if net:hash() ~= (ok and before or after) then half = half + 1 end
      if ok then break end
    end
    print(half, net:hash() == before)]]
  check.equal(said, "0\ttrue\n0\ttrue\n")
end)

check.case("a tensor that nobody refers to is freed where there is no memory for the call of its finalizer", function()
  skip_where_sanitized()
  check.equal(under_shim(FAILS .. [[
    local print_ = print
    print = function() end
    fails(function() local x = rm.ones(3, 3):requires_grad_() local _ = (x * 2 + x):sum():backward() end)
    for _ = 1, 4 do collectgarbage() end
    print_(rm.live_tensors())]]), "0\n")
end)

check.case("the shim keeps what fsync promised, and nothing else", function()
  skip_where_sanitized()
  program.with_folder(function(base)
    local disk, journal = base .. "/disk", base .. "/journal"
    os.execute(("mkdir %s %s && %s/restore %s %s"):format(disk, journal, tools, journal, disk))
    under_shim(([[
      rm.write_atomic("%s/whole", "text")
      local f = io.open("%s/loose", "w")
      f:write "text"
      f:close()
      rm.sys.mkdir_p "%s/a/b"
      rm.write_atomic("%s/a/b/deep", "text")
      os.rename("%s/whole", "%s/moved")]]):gsub("%%s", disk),
      ("RESMOON_WATCH=%s RESMOON_JOURNAL=%s"):format(disk, journal))
    check.that(os.execute(("%s/restore %s %s"):format(tools, journal, disk)))
    local list = io.popen(("cd %s && find . -type f -exec grep -c text {} + | LC_ALL=C sort"):format(disk))
    local left = list:read "a"
    list:close()
    check.equal(left, "./a/b/deep:1\n./loose:0\n./whole:1\n")   -- a later sync of the folder kept the name, no more
  end)
end)

check.case("a history that cannot be read, or whose close fails, is called so, and stays as it was", function()
  skip_where_sanitized()
  if not program.has_readline() then check.skip("built without readline") end
  program.with_folder(function(folder)
    local file = program.file(folder .. "/history", "#1700000001\nfirst = 1\n")
    -- Of the calls on the file the second reads it; the seventh closes it when a line has been added.
    for _, call in ipairs {2, 7} do
      local env = ("LD_PRELOAD=%s/shim.so RESMOON_WATCH=%s RESMOON_FAULT=io/EIO/%d RESMOON_HISTORY=%s"):format(tools,
        folder, call, file)
      local screen = program.type({"expect > ", "send 1 + 1\\r", "expect > ", "send \\x04", "exit 0"}, {env = env})
      check.that(screen:find("no history is kept: " .. file .. ": Input/output error", 1, true), screen)
      local now <close> = io.open(file)
      check.equal(now:read "a":sub(1, 22), "#1700000001\nfirst = 1\n")
    end
  end)
end)

-- The last lines of a campaign, without failures.
local function campaign(command)
  local pipe = io.popen(command .. " 2>&1")
  local said = pipe:read "a"
  pipe:close()
  check.that(not said:find "FAULT" and said:find "\n@\t" , said)
  return said
end

check.slow("each campaign, for some seconds", function()
  skip_where_sanitized()
  local preload = ("env RESMOON_HISTORY= LD_PRELOAD=%s/shim.so %s "):format(tools, program.path)
  campaign("echo && " .. preload .. "tests/faults/io.lua --only text")
  campaign(("echo && lua5.4 tests/faults/history.lua --seconds 5 --program %s --c %s"):format(program.path, tools))
  campaign(preload .. "tests/faults/alloc.lua --seconds 6 --each 3 --from 230")
  campaign(("lua5.4 tests/faults/kill.lua --seconds 6 --program %s --c %s"):format(program.path, tools))
  campaign(("echo && lua5.4 tests/faults/suites.lua --seconds 3 --c %s --only io/filekind"):format(tools))
end)

check.case("a program for which there is no memory is not started with its output elsewhere", function()
  skip_where_sanitized()
  local said = under_shim(FAILS .. [[
    fails(function()
      local status, out = rm.sys.run({"echo", "-n", "text"}, {capture = true})
      if not status then error(out, 0) end
      if status ~= 0 or out ~= "text" then error("status " .. status .. ", output " .. out, 0) end
    end)]])
  check.that(said:lower():find "memory", said)
  for line in said:gmatch "[^\n]+" do check.that(line:lower():find "memory", line) end
end)
