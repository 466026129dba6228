--- What typed lines mean.
local check    = require "support.check"
local commands = require "resmoon.shell.commands"
local localise = require "resmoon.shell.localize"
local session  = require "resmoon.shell.session"
local show     = require "resmoon.shell.show"

-- Feeds lines, runs every chunk, and returns the results and errors in order, and the last state.
local function type_lines(...)
  session:reset()
  local results = {}
  local state
  for _, line in ipairs {...} do
    session:feed(line)
    repeat
      local source, value
      state, source, value = session:take()
      if state == "chunk" then
        results[#results + 1] = session:finish(value())
      elseif state == "error" then
        results[#results + 1] = value:gsub("prompt%[%d+%]", "prompt")
        check.that(type(source) == "string")
      end
    until state == "more" or state == "done"
  end
  return results, state
end

local function expect(lines, results, state)
  local got, last = type_lines(table.unpack(lines))
  check.equal(got, results)
  check.equal(last, state or "done")
end

check.case("expressions give all results, nil included", function()
  expect({"1 + 1"}, {"2"})
  expect({"nil"}, {"nil"})
  expect({"nil, false, 'x'"}, {"nil\tfalse\tx"})
  expect({"(function() end)()"}, {})
  expect({"-- nothing"}, {})
  expect({"", "   "}, {})
end)

check.case("expressions and statements go on over lines", function()
  expect({"{1,", "2}"}, {"{1, 2}"})
  expect({"1 +", "", "2"}, {"3"})
  expect({"for i = 1, 2 do", "  test_total = (test_total or 0) + i", "end", "test_total"}, {"3"})
  expect({"[[a", "b]]"}, {"a\nb"})
  expect({"--[[ a", "comment ]] 7"}, {"7"})
  expect({"f("}, {}, "more")
  expect({"'a\\", "b'"}, {"a\nb"})
  _G.test_total = nil
end)

check.case("statements and, behind a semicolon, an expression are complete on one line", function()
  expect({"test_a = {}; test_a"}, {"{}"})
  expect({"test_a = 3; test_a + 1 -- a comment; really"}, {"4"})
  expect({"test_a = 3; test_a, 'x;y'"}, {"3\tx;y"})
  expect({"local inner = {1}; inner"}, {"{1}"})
  expect({"inner[1]"}, {"1"})
  expect({"test_a = 1; test_a = test_a + 1; tostring(test_a)"}, {"2"})
  expect({"for i = 1, 2 do test_a = i end; test_a"}, {"2"})
  expect({"test_a = 3; test_a;"}, {})          -- a semicolon at the end hides the result
  expect({"test_a = 4; test_b = test_a"}, {})
  expect({"test_b"}, {"4"})
  expect({"test_a = 5; f("}, {}, "more")
  expect({"test_a = 5; test_b = "}, {}, "more")
  expect({"do local x = 1; x = 2"}, {}, "more")
  expect({"function test_f() test_a = 6; return test_a", "end", "test_f()"}, {"6"})
  expect({"for i = 1, 2 do test_b = i; test_a = i", "end; test_a"}, {"2"})
  expect({"test_a = [[x; y]]; test_a"}, {"x; y"})
  _G.test_a, _G.test_b, _G.test_f = nil, nil, nil
end)

check.case("what no further line completes is an error at once", function()
  expect({"'abc"}, {"prompt:1: unfinished string near ''abc'"})
  expect({"x y"}, {"prompt:1: syntax error near 'y'"})
  expect({"for i = 1, 2 do", "  end end"}, {"prompt:2: <eof> expected near 'end'"})
end)

check.case("reset forgets an incomplete statement", function()
  expect({"f("}, {}, "more")
  session:reset()
  expect({"2"}, {"2"})
end)

check.case("a paste is split into statements", function()
  expect({"1 + 1\n2 +\n2\nfor i = 1, 2 do\nend\n\n"}, {"2", "4"})
  -- but taken whole where it is one: its first line alone would be a call already
  expect({"('x')\n  :rep(3)"}, {"xxx"})
end)

check.case("top-level locals live on", function()
  expect({"local test_a, test_b <const> = 1, 2", "test_a + test_b"}, {"3"})
  expect({"local function test_f(n) return n == 0 and 1 or n * test_f(n - 1) end", "test_f(5)"}, {"120"})
  expect({"local test_n = 0", "function test_inc() test_n = test_n + 1 end", "test_inc() test_inc()", "test_n"}, {"2"})
  check.equal(rawget(_G, "test_a"), nil, "a local is no global")
  check.equal(rawget(_G, "test_n"), nil)
  check.that(type(rawget(_G, "test_inc")) == "function", "a global is one")
  _G.test_inc = nil
end)

check.case("a local shadows a global for the session alone", function()
  expect({"local type = 5", "type"}, {"5"})
  check.equal(type(1), "number")
  rawset(session.environment, "type", nil)
end)

check.case("a semicolon at the end hides the value, which is kept", function()
  expect({"3 + 4;", "_"}, {"7"})
  expect({"8; -- eight", "_"}, {"8"})
  expect({"9 -- nine;", "';'"}, {"9", ";"})
end)

check.case("_, _2 and _3 are the last results that were not nil", function()
  expect({"1", "2", "nil", "x = 3", "4, 5", "_", "_2", "_3"}, {"1", "2", "nil", "4\t5", "4", "4", "4"})
  expect({"1", "2", "3", "_ + _2 * 10 + _3 * 100"}, {"1", "2", "3", "123"})
  _G.x = nil
end)

check.case("the ring lets go of what is older", function()
  local rm = require "resmoon"
  collectgarbage()
  collectgarbage()
  local before = rm.live_tensors()
  for _ = 1, 10 do type_lines("rm.zeros(3);") end
  collectgarbage()
  collectgarbage()
  check.equal(rm.live_tensors() - before, 3)
  type_lines("1;", "2;", "3;")
end)

check.case("commands", function()
  expect({"time = 5", "time", "time + 1", "time = nil"}, {"5", "6"})
  expect({"%nonsense 3"}, {"there is no command %nonsense"})
  expect({"time ("}, {}, "more")
  expect({"time 'abc"}, {"prompt:1: unfinished string near ''abc'"})
  check.equal(type_lines("1\n$ true\n2"), {"1", "2"})
  session:reset()
  session:feed("exit")
  check.equal((session:take()), "chunk")
  session:reset()
end)

check.case("a word is a command where it can be no variable", function()
  local function is(source, name) return commands.find(source, function() return false end) == commands.words[name] end
  check.that(is("time f(x)", "time") and is("time (f)(x)", "time"))
  check.that(is(" edit", "edit") and is("edit /etc/x.lua", "edit"))
  for _, source in ipairs {"time = 1", "time, t = 1, 2", "time == 1", "time.x", "time:m()", "time[1]", "edit('x')",
                           'edit "x"', "edit {x}", "edit.x", "timer()", "time / 2"} do
    check.equal(commands.find(source, function() return false end), nil, source)
  end
  check.equal(commands.find("time f(x)", function() return true end), nil)
end)

check.case("a command is one still after its name was used as a function", function()
  expect({"type(help)"}, {"table"})
  session:feed("help nn")
  check.equal(session:take(), "chunk")
  expect({"help = 3", "help", "help = nil"}, {"3"})
end)

check.case("a paste is one entry of the history", function()
  local function entries(...)
    session:reset()
    local list = {}
    for _, text in ipairs {...} do
      session:feed(text)
      repeat
        local state, entry, chunk = session:take()
        if state == "chunk" then chunk() end
        list[#list + 1] = entry
      until state == "more" or state == "done"
    end
    return list
  end
  check.equal(entries("1 + 1\n2 + 2\n3"), {"1 + 1\n2 + 2\n3"})
  check.equal(entries("1", "for _ = 1, 2 do", "end"), {"1", "for _ = 1, 2 do\nend"})
  check.equal(entries("local a = 1\nfor _ = 1, 2 do\na = a + 1", "end", "a"),
              {"local a = 1\nfor _ = 1, 2 do\na = a + 1", "for _ = 1, 2 do\na = a + 1\nend", "a"})
  check.equal(type_lines("x = 'a'\nx\n  :rep(3)\nlocal y = 2\ny"), {"aaa", "2"})
  _G.x = nil
end)

check.case("a chunk's lines are found by its name", function()
  type_lines("local test_where = debug.getinfo(1, 'S').source\nreturn test_where")
  local name = session.environment.test_where
  check.equal(session:line(name, 1), "local test_where = debug.getinfo(1, 'S').source")
  check.equal(session:line(name, 2), "return test_where")
  check.equal(session:line(name, 3), nil)
  check.equal(session:line("nothing", 1), nil)
end)

check.case("localise leaves everything but top-level locals alone", function()
  for _, source in ipairs {
    "do local x = 1 end", "local f <close> = g()", "x = 'local y = 1'", "--[[local z]] x = 1",
    "for i = 1, 2 do local x = i end", "f(function() local x = 1 end)", "x = [==[local y]==]",
    "if x then local y end", "repeat local y = 1 until y", "t.locals = '\\' local x = 1'", "x = 0xend or localx",
  } do
    if source ~= "x = 0xend or localx" then assert(load(source)) end
    check.equal(localise(source), source)
  end
  check.equal(localise("local a"), "_LOCAL.a = nil")
  check.equal(localise("local a, b = f()"), "_LOCAL.a, _LOCAL.b = f()")
  check.equal(localise("local a <const>, b = 1, 2"), "_LOCAL.a, _LOCAL.b = 1, 2")
  check.equal(localise("do end local x = 1; local y"), "do end _LOCAL.x = 1; _LOCAL.y = nil")
  check.equal(localise("local function f() local x = 1 end local z = 2"),
              "function _LOCAL.f() local x = 1 end _LOCAL.z = 2")
end)

check.case("localise keeps the numbers of lines", function()
  for _, source in ipairs {"local a,\nb\n= 1, 2\nerror('here')", "local\nfunction\nf() end\nerror('here')",
                           "local a --[[\n]] , b\nerror('here')", "local x\nerror('here')"} do
    local text = localise(source)
    check.that(load(text), text)
    check.equal(select(2, text:gsub("\n", "")), select(2, source:gsub("\n", "")), text)
  end
end)

check.case("show bounds what it prints", function()
  check.equal(show({1, {2, "x"}, a = true, [10.5] = 1}), '{1, {2, "x"}, [10.5] = 1, a = true}')
  check.equal(show({}), "{}")
  local cycle = {}
  cycle.me = cycle
  check.equal(show(cycle), "{me = {...}}")
  local big = {}
  for i = 1, 1e6 do big[i] = i end
  check.that(#show(big) < 500)
  check.that(show(big):find("(999980 more)", 1, true))
  check.equal(show({{{{1}}}}), "{{{{...}}}}")
  check.equal(show(setmetatable({}, {__tostring = function() return "mine" end})), "mine")
end)
