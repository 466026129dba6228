--- Whether a call is a statement, as its caller's code says.
local check     = require "support.check"
local discarded = require "resmoon.base.discarded"
local program   = require "support.program"

-- What discarded says in the method, for each call of the code; o.sub is another object, f(...) takes anything.
local function calls(code)
  local said, o = {}, {}
  function o.go()
    local caller = debug.getinfo(2, "fl")
    said[#said + 1] = not debug.getinfo(1, "t").istailcall and discarded(caller.func, caller.currentline, "go")
    return o
  end
  o.sub = o
  local environment = setmetatable({o = o, f = function(...) return ... end}, {__index = _G})
  assert(load(code, "=code", "t", environment))()
  return said
end

check.case("statements", function()
  check.equal(calls "o:go()", {true})
  check.equal(calls "o.go(o)", {true})
  check.equal(calls "o:go {3, 32, 32}", {true})
  check.equal(calls "o.sub.sub:go('x', f(1), {})", {true})
  check.equal(calls "local x = 1; o:go(x); x = 2", {true})
  check.equal(calls "if true then o:go() else o:go() end", {true})
  check.equal(calls "for i = 1, 2 do o:go(i) end", {true, true})
  check.equal(calls "local function g()\n  local t = {}\n  o:go(\n    t,\n    f(t)\n  )\nend\n\n\ng()", {true})
end)

check.case("values", function()
  check.equal(calls "local s = o:go()", {false})
  check.equal(calls "f(o:go())", {false})
  check.equal(calls "f(\n  o:go {1,\n 2}\n)", {false})
  check.equal(calls "return o:go()", {false})
  check.equal(calls "return 1, (o:go())", {false})
  check.equal(calls "o.kept = o:go()", {false})
  check.equal(calls "if o:go() then end", {false})
  check.equal(calls "f(o:go().sub)", {false})
  check.equal(calls "o:go():go()", {false, false})   -- one line uses it in both ways
  check.equal(calls "pcall(o.go, o)", {false})
end)

check.case("far down a long function with many constants and lines", function()
  local lines = {}
  for i = 1, 100 do lines[i] = ("local a%d, b%d = %d, 'text %d' f(a%d)"):format(i % 50, i % 50, i, i, i % 50) end
  for i = 1, 100 do lines[i] = ("do %s end"):format(lines[i]) .. ("\n"):rep(i % 7 == 0 and 200 or 1) end
  check.equal(calls("f(o.go)\n" .. table.concat(lines) .. "\no:go()"), {true})
  check.equal(calls("f(o.go)\n" .. table.concat(lines) .. "\nlocal s = o:go()"), {false})
end)

local TABLE = [[
layer       type    output  parameters  MACs  activations
---------------------------------------------------------
input               (2)
[1]         Linear  (3)              9     6      0.0 KiB
---------------------------------------------------------
Sequential                           9     6      0.0 KiB
]]

check.case("a summary shows itself exactly once, in scripts and at the prompt", function()
  local function out(code, arguments)
    local input = "net = nn.Sequential {nn.Linear(2, 3)}\n" .. code .. "\n"
    local got, complaints = program.run(arguments, {input = input})
    check.equal(complaints, "")
    return (got:gsub("> ", ""):gsub("\n+$", "\n"):gsub("^\n$", ""))
  end
  for code, expected in pairs {["net:summary {2}"] = TABLE, ["print(net:summary {2})"] = TABLE,
                               ["s = net:summary {2}"] = "", ["s = net:summary {2} print(s)"] = TABLE,
                               ["for i = 1, 2 do net:summary {2} end"] = TABLE .. TABLE,
                               ["print(net:macs {2})"] = "6\n",
                               ["nn.Sequential.summary(net, {2})"] = TABLE} do
    check.equal(out(code, {"-"}), expected)
    check.equal(out(code, {"-i"}), expected)
  end
  check.equal(out("net:summary {2};", {"-i"}), "")   -- at the prompt a semicolon hides the result
end)
