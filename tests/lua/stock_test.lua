--- The library in a stock lua5.4, through the loadable module.
local check   = require "support.check"
local program = require "support.program"

local build = program.path:match("^(.*)/[^/]*$")

-- Runs code in lua5.4 and returns what it printed, errors too.
local function stock(code, env)
  if build:find("asan", 1, true) then
    check.skip("a module built with the address sanitizer cannot be loaded by another program")
  end
  local paths = ("LUA_PATH='lua/?.lua;lua/?/init.lua;;' LUA_CPATH='%s/lib/?.so;;'"):format(build)
  local pipe = assert(io.popen(("LUA_INIT= %s %s lua5.4 -e %s 2>&1"):format(env or "", paths, program.quote(code))))
  local output = pipe:read("a")
  pipe:close()
  return output
end

check.case("require 'resmoon' gives tensors", function()
  check.equal(stock [[
    local rm = require "resmoon"
    print(table.concat(rm.tensor({1, 2, 3}):totable(), " "), rm.version)
  ]], "1.0 2.0 3.0\t0.1.0\n")
end)

check.case("the parts of the library are loaded when they are named", function()
  check.equal(stock [[
    local rm = require "resmoon"
    local loaded = package.loaded
    print(loaded["resmoon.base.json"], type(rm.json), rm.json == loaded["resmoon.base.json"])
    print(rawget(rm, "nosuchpart"), select(2, pcall(function() return rm.trian end)))
  ]], "nil\ttable\ttrue\nnil\t(command line):4: rm has no 'trian', did you mean 'rm.train'?\n")
end)

check.case("a host that takes a decimal comma later gets none from us", function()
  local name = os.tmpname()
  os.remove(name)
  if not os.execute(("mkdir %s && localedef -i de_DE -f UTF-8 %s/de_DE.UTF-8 >/dev/null 2>&1"):format(name, name)) then
    check.skip "no German locale can be made here (packages libc-bin and locales)"
  end
  local output = stock(([[
    local rm = require "resmoon"
    print(os.setlocale "de_DE.UTF-8", 1.5, tonumber "2.5", rm.tensor {0.5}, rm.json.encode {0.25})
  ]]), "LOCPATH=" .. name)
  os.execute("rm -r " .. name)
  check.equal(output, "de_DE.UTF-8\t1.5\t2.5\t[0.5000]  float32 (1)\t[0.25]\n")
end)

check.case("it adds no globals, and errors point at the caller's line", function()
  check.equal(stock [[
    local before = {}
    for name in pairs(_G) do before[name] = true end
    local rm = require "resmoon"
    local _ = rm.json
    for name in pairs(_G) do if not before[name] then print(name) end end
    print(rm.interrupt.pending())]], "false\n")
  check.equal(stock 'local rm = require "resmoon"\nrm.zeros(2, 3):size(5)':match("command line%):(%d+):"), "2")
end)

check.case("Lua's own functions stay as they are; rm.interrupt.pcall is pcall", function()
  check.equal(stock [[
    local before = {pcall, xpcall, setmetatable, string.find, string.gsub, table.sort, coroutine.resume, os.exit}
    local rm = require "resmoon"
    local after = {pcall, xpcall, setmetatable, string.find, string.gsub, table.sort, coroutine.resume, os.exit}
    local same = true
    for i, f in ipairs(before) do same = same and rawequal(f, after[i]) end
    print(same, rm.interrupt.pcall == pcall, rm.interrupt.xpcall == xpcall, rm.interrupt.pending())
  ]], "true\ttrue\ttrue\tfalse\n")
end)
