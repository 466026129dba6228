--- Nothing that catches errors keeps Ctrl-C from the prompt; without Ctrl-C all of it is as in Lua.
local check   = require "support.check"
local program = require "support.program"

-- Types each line, presses Ctrl-C once, and wants the prompt back.
local function stopped(lines)
  local steps = {"expect > "}
  local function add(...) for _, step in ipairs {...} do steps[#steps + 1] = step end end
  for i, line in ipairs(lines) do
    add("send " .. line .. "\\r", "pause 300", "send \\x03", "expect interrupted", "expect > ",
        ("send %d + 100000\\r"):format(i), "expect " .. 100000 + i, "expect > ")
  end
  add("send \\x04", "exit 0")
  program.type(steps)
end

check.case("pcall, xpcall and their handlers", function()
  stopped {
    "while true do pcall(function() while true do end end) end",
    "while true do pcall(pcall, pcall, function() while true do rm.randn(100) end end) end",
    "while true do xpcall(function() while true do end end, function() return 'kept' end) end",
    "while true do xpcall(function() while true do end end, function() while true do end end) end",
    "xpcall(error, function() while true do end end, 'for the handler')",
    "local keep = pcall while true do keep(rm.sys.sleep, 0.01) end",
    "while true do pcall(function() return setmetatable({}, {__index = function() while true do end end}).x end) end",
    "while true do pcall(function() error(setmetatable({}, {__tostring = function() while true do end end})) end) end",
  }
end)

check.case("coroutines, and what is closed or collected", function()
  stopped {
    "while true do coroutine.resume(coroutine.create(function() while true do end end)) end",
    "while true do pcall(coroutine.wrap(function() while true do pcall(rm.randn, 9) end end)) end",
    "while true do coroutine.wrap(function() pcall(coroutine.yield) end)() end",
  }
  -- a coroutine that yields within pcall, and is stopped later, is dead, and a new one works
  program.type {
    "expect > ", "send function f() pcall(coroutine.yield) while true do pcall(next, 1) end end\\r",
    "expect > ", "send co = coroutine.create(f)\\r",
    "expect > ", "send coroutine.resume(co)\\r", "expect true", "expect > ",
    "send coroutine.resume(co)\\r", "pause 300", "send \\x03", "expect interrupted", "expect > ",
    "send coroutine.status(co)\\r", "expect dead", "expect > ", "send \\x04", "exit 0",
  }
end)

-- (`<close>--[[]]=`: with a blank behind, the line in the error would look like a prompt.)
check.case("what is to be closed is closed, with pcall as ever, and a second Ctrl-C stops that, too", function()
  program.type {
    "expect > ",
    "send tidies = {__close = function() tidy = pcall(error) end}\\r", "expect > ",
    "send do local c <close>--[[]]= setmetatable({}, tidies) while true do end end\\r",
    "pause 300", "send \\x03", "expect interrupted", "expect > ", "send 'is ' .. tostring(tidy)\\r", "expect is false",
    "expect > ",
    "send endless = {__close = function() while true do end end}\\r", "expect > ",
    "send do local c <close>--[[]]= setmetatable({}, endless) while true do end end\\r",
    "pause 300", "send \\x03", "pause 300", "send \\x03", "expect interrupted",
    "expect > ", "send \\x04", "exit 0",
  }
end)

check.case("rm.interrupt.pcall catches it; clear ends it, raising it again goes on", function()
  program.type {
    "expect > ",
    "send print(rm.interrupt.pcall(function() while true do end end)) print('went ' .. 'on')\\r",
    "pause 300", "send \\x03", "expect false\tprompt[1]:1: interrupted", "expect went on", "expect > ",
    "send while true do pcall(function() local ok, m = rm.interrupt.pcall(rm.sys.sleep, 9) error(m, 0) end) end\\r",
    "pause 300", "send \\x03", "expect interrupted", "expect > ",
    "send rm.interrupt.pcall(function() while true do end end) rm.interrupt.clear() print(pcall(error, 'plain'))\\r",
    "pause 300", "send \\x03", "expect false\tplain", "expect > ", "send \\x04", "exit 0",
  }
end)

-- The same script, here and in Lua itself.
check.case("without Ctrl-C they are as Lua's own", function()
  program.with_folder(function(folder)
    local script = program.file(folder .. "/as_in_lua.lua", [=[
      local function show(...) print(select("#", ...), ...) end
      show(pcall(function(...) return ... end, 1, nil, 3, nil))
      show(pcall(error)) show(type(select(2, pcall(error, {})))) show(pcall(error, "x", 2)) show(pcall(pcall))
      show(pcall(xpcall, print))
      show(pcall(xpcall, print, 1))
      show(xpcall(function(...) return ... end, print, 1, nil)) show(xpcall(error, function(m) return m, 2 end, "x"))
      show(xpcall(error, debug.traceback, "x")) show(xpcall(error, function(m) return debug.traceback(m, 2) end, "x"))
      show(xpcall(error, function() return debug.getinfo(1, "l").currentline, debug.getinfo(2, "n").name end))
      show(xpcall(error, function(m) error(m) end, "again")) show(xpcall(error, error, "x"))
      local co = coroutine.create(function(a)
        show(pcall(function() show(coroutine.yield(a)) error "in it" end))
        show(xpcall(function() show(coroutine.yield()) error "in it" end, function(m) return m .. "!" end))
        return "end"
      end)
      show(coroutine.resume(co, 1)) show(coroutine.resume(co, 2, 3)) show(coroutine.resume(co, nil))
      show(coroutine.resume(co)) show(coroutine.status(co)) show(coroutine.close(co)) show(pcall(coroutine.close))
      show(pcall(coroutine.close, coroutine.running()))
      local outer
      local function close_outer() show(pcall(coroutine.close, outer)) end
      outer = coroutine.create(function() coroutine.wrap(close_outer)() end)
      coroutine.resume(outer)
      local closing = setmetatable({}, {__close = function(_, e) show("closed", e) error("from close", 0) end})
      co = coroutine.create(function() local x <close> = closing coroutine.yield(1) end)
      show(coroutine.resume(co)) show(coroutine.close(co)) show(coroutine.status(co))
      show(pcall(coroutine.wrap(function() local x <close> = closing error "first" end)))
      show(pcall(setmetatable, 1)) show(pcall(setmetatable, {})) show(pcall(setmetatable, {}, 1))
      show(pcall(setmetatable, setmetatable({}, {__metatable = 1}), {}))
      local t = {} show(setmetatable(t, {}) == t, getmetatable(setmetatable(t, nil)))
      local gone = {}
      for i = 1, 3 do setmetatable({i}, {__gc = function(self) gone[#gone + 1] = self[1] end}) end
      collectgarbage() show(table.concat(gone, " "))
      show((load(function() error "in the reader" end))) show(load "x x")
      show(select("#", load("return ...", "c", "t", {})(1, 2)))
    ]=])
    local pipe = io.popen("lua5.4 " .. program.quote(script) .. " 2>&1")
    local expected = pipe:read("a"):gsub("\n\t%[C%]: in %?", "")  -- a frame of the program lua itself
    pipe:close()
    local output, errors, status = program.run {script}
    check.equal({status, errors}, {0, ""})
    check.equal(output, expected)
  end)
end)
