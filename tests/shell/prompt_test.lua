--- The prompt on a terminal: editing, history, Ctrl-C.
local check   = require "support.check"
local program = require "support.program"

-- Ends a session from its prompt.
local function session(steps, options)
  table.insert(steps, 1, "expect > ")
  steps[#steps + 1] = "expect > "
  steps[#steps + 1] = "send \\x04"
  steps[#steps + 1] = "exit 0"
  return program.type(steps, options)
end

-- A case that is about editing the line.
local function editing(name, run)
  check.case(name, function()
    if not program.has_readline() then check.skip("built without readline") end
    run()
  end)
end

check.case("prints what is typed", function()
  session {
    "send 20 + 3\\r", "expect 23",
    "send {1,\\r", "expect >> ", "send 7 * 6}\\r", "expect {1, 42}",
    "send local hidden = 5\\r", "send hidden * 11\\r", "expect 55",
    "send 'abc\\r", "expect unfinished string",
  }
end)

check.case("= x is x, as in older versions of Lua", function()
  session {
    "send = 20 + 3\\r", "expect 23", "expect > ", "send =rm.ones(2), 'and'\\r", "expect (2)", "expect and",
    "expect > ", "send = {1,\\r", "expect >> ", "send 7 * 6}\\r", "expect {1, 42}",
    "expect > ", "send == 1\\r", "expect near '=='", "expect > ", "send _[2] + 2\\r", "expect 44",
  }
end)

check.case("lines from a pipe may have zero bytes, carriage returns, a byte order mark, and no end", function()
  local output, errors, status = program.run({"-i"}, {input = "\u{FEFF}'a\0b'\r\n#'a\0b' + 1\r\n1\0 + 2\n= 'last'"})
  check.equal({output, status}, {"> a\0b\n> 4\n> > last\n> \n", 0})
  check.that(errors:find("prompt[3]:1: unexpected symbol", 1, true), errors)
end)

check.case("an error is shown, whatever it is", function()
  local function shown(code, wanted)
    local _, errors, status = program.run({"-e", code})
    check.equal(status, 1)
    check.equal(errors:match "^[^\n]*", wanted)
  end
  shown("error()", "(the error is nil)")
  shown("error({})", "(the error is a table)")
  shown("error(true)", "(the error is a boolean)")
  shown("error('a\\0b', 0)", "a\\x00b")
  shown("error(setmetatable({}, {__tostring = function() return 'mine' end}))", "mine")
  shown("error(setmetatable({}, {__tostring = function() error('inner', 0) end}))", "inner")
  shown("error(setmetatable({}, {__tostring = function() return {} end}))", "'__tostring' must return a string")
end)

check.case("values that cannot be printed are errors, and the prompt goes on", function()
  local output, errors = program.run({"-i"}, {input = [[
setmetatable({}, {__tostring = function() error('on purpose', 0) end})
setmetatable({}, {__tostring = function() return {} end})
function deep(n) return n > 0 and {deep(n - 1)} or {} end
deep(150)
t = {} t.t = t
t
setmetatable({}, {__tostring = function(s) return tostring(s) end})
#("x"):rep(1000000)
6 * 7
]]})
  check.that(errors:find "on purpose" and errors:find "must return a string" and errors:find "C stack overflow", errors)
  check.that(output:find("{{{...}}}", 1, true) and output:find("{t = {...}}", 1, true), output)
  check.that(output:find "1000000\n> 42\n", output)
end)

check.case("Ctrl-C clears the line and loses no key", function()
  session {
    "send nonsense(", "expect nonsense(", "send \\x03", "expect ^C",
    "expect > ", "send 30 + 3\\r", "expect 33",
  }
end)

check.case("Ctrl-C drops an incomplete statement", function()
  session {
    "send for i = 1, 3 do\\r", "expect >> ", "send \\x03", "expect ^C",
    "expect > ", "send 6 * 9\\r", "expect 54",
  }
end)

check.case("Ctrl-D drops an incomplete statement first", function()
  session {"send f(\\r", "expect >> ", "send \\x04", "expect > ", "send 6 * 9\\r", "expect 54"}
end)

check.case("Ctrl-C stops a loop in Lua, and a second one does no harm", function()
  session {
    "send kept = 17\\r", "expect > ",
    "send while true do end\\r", "pause 200", "send \\x03\\x03", "expect interrupted",
    "expect > ", "send kept + 100\\r", "expect 117",
  }
end)

check.case("Ctrl-C stops a loop in a coroutine", function()
  session {
    "send coroutine.wrap(function() while true do end end)()\\r", "pause 200", "send \\x03", "expect interrupted",
    "expect > ", "send co = coroutine.create(function() while true do end end)\\r", "expect > ",
    "send coroutine.resume(co)\\r", "pause 200", "send \\x03", "expect interrupted",
    "expect > ", "send coroutine.status(co)\\r", "expect dead",
  }
end)

check.case("Ctrl-C ends a read from the terminal", function()
  session {
    "send io.read()\\r", "pause 200", "send \\x03", "expect interrupted",
    "expect > ", "send 2 * 8\\r", "expect 16",
  }
end)

check.case("a held interrupt is noted; the second one raises", function()
  local wait = "send rm.interrupt.hold(true) while not rm.interrupt.pending() do end "
  session {
    wait .. "print('by ' .. 'itself')\\r",
    "pause 200", "send \\x03", "expect by itself", "expect > ",
    "send rm.interrupt.hold(true) while true do end\\r",
    "pause 500", "send \\x03", "pause 500", "send \\x03", "expect interrupted", "expect > ",
    -- letting go with one pending raises it
    wait .. "rm.interrupt.hold(false) print('not ' .. 'here')\\r",
    "pause 200", "send \\x03", "expect interrupted", "expect > ",
    wait .. "rm.interrupt.clear() rm.interrupt.hold(false) print('went ' .. 'on')\\r",
    "pause 200", "send \\x03", "expect went on",
  }
end)

check.case("a script that is interrupted ends with status 130", function()
  program.type({"expect ready", "send \\x03", "expect interrupted", "exit 130"},
               {arguments = {"-e", "print('ready') while true do end"}})
end)

editing("history is kept between sessions, entries of several lines whole", function()
  program.with_folder(function(folder)
    local options = {env = "RESMOON_HISTORY=" .. folder .. "/history"}
    session({"send 1000 + 1\\r", "expect 1001",
             "send function f()\\r", "expect >> ", "send return 2002 end\\r"}, options)
    session({"send \\e[A", "expect return 2002 end", "send \\r", "expect > ", "send f()\\r", "expect 2002",
             "expect > ", "send \\e[A\\e[A\\e[A", "expect 1000 + 1", "send \\r", "expect 1001"}, options)
  end)
end)

editing("the history file goes where the user keeps state", function()
  program.with_folder(function(folder)
    session({"send 1\\r"}, {env = "-u RESMOON_HISTORY XDG_STATE_HOME=" .. folder .. "/state HOME=" .. folder})
    check.that(io.open(folder .. "/state/resmoon/history"))
    session({"send 1\\r"}, {env = "-u RESMOON_HISTORY -u XDG_STATE_HOME HOME=" .. folder})
    check.that(io.open(folder .. "/.resmoon_history"))
  end)
end)

editing("what is pasted with its line ends is run statement by statement", function()
  local pasted = {"x = 5", "x * 100 + 1", "for i = 1, 2 do", "  x = x + 1", "end", "x * 1000", ""}
  session {"send \\e[200~" .. table.concat(pasted, "\\r") .. "\\e[201~\\r", "expect 501", "expect 7000"}
end)

check.case("color only where it is wanted", function()
  local screen = session({"send error('red')\\r", "expect red", "expect red"}, {env = "-u NO_COLOR"})
  check.that(screen:find("\27[31m", 1, true), "an error on a terminal is red")
  screen = session({"send error('red')\\r", "expect red", "expect red"})
  check.that(not screen:find("\27[31m", 1, true), "NO_COLOR")
end)

check.case("reading a global that nobody assigned is an error that names the nearest", function()
  session {
    "send width = 3\\r", "expect > ", "send widht\\r", "expect there is no variable 'widht', did you mean 'width'?",
    "expect > ", "send print('aa' .. type(randn))\\r", "expect did you mean 'rm.randn'?",
    "expect > ", "send nothing = nil\\r", "expect > ", "send 'is ' .. tostring(nothing)\\r", "expect is nil",
    "expect > ", "send local later\\r", "expect > ", "send 'it ' .. tostring(later)\\r", "expect it nil",
  }
end)

check.case("scripts may read any global, unless --strict", function()
  program.with_folder(function(folder)
    local script = program.file(folder .. "/s.lua", "print(type(nowhere))\n")
    check.equal({program.run {script}}, {"nil\n", "", 0})
    local output, errors, status = program.run {"--strict", script}
    check.equal({output, status}, {"", 1})
    check.that(errors:find("s.lua:1: there is no variable 'nowhere'", 1, true), errors)
    -- the prompt is strict, and so is what it loads
    session {("send dofile '%s'\\r"):format(script), "expect there is no variable 'nowhere'"}
  end)
end)

check.case("time, %timeit, $ and exit", function()
  program.type({
    "expect > ", "send time 40 + 2\\r", "expect (processors: ", "expect 42",
    "expect > ", "send %timeit 1 + 1\\r", "expect per run  (median of 7 rounds",
    "expect > ", "send $ echo shell$((1 + 1))\\r", "expect shell2",
    "expect > ", "send $ sh -c 'exit 3'\\r", "expect (exit status 3)",
    "expect > ", "send exit\\r", "exit 0",
  })
end)

check.case("the startup file runs first, and its locals are there", function()
  program.with_folder(function(folder)
    local file = program.file(folder .. "/startup.lua", "local eleven = 11\nfunction double(x) return 2 * x end")
    session({"send double(eleven)\\r", "expect 22"}, {env = "RESMOON_STARTUP=" .. file})
    os.execute(("mkdir -p %s/.config/resmoon && mv %s %s/.config/resmoon/"):format(folder, file, folder))
    session({"send double(eleven)\\r", "expect 22"},
            {env = "-u RESMOON_STARTUP -u XDG_CONFIG_HOME HOME=" .. folder})
    program.type({"expect broken.lua:1: ", "expect > ", "send 5 * 5\\r", "expect 25"},
                 {env = "RESMOON_STARTUP=" .. program.file(folder .. "/broken.lua", "x x")})
    program.type({"expect startup file: /nowhere/x.lua: ", "expect > "}, {env = "RESMOON_STARTUP=/nowhere/x.lua"})
  end)
end)

check.case("edit opens the last block in an editor, and runs what was written", function()
  program.with_folder(function(folder)
    local editor = program.file(folder .. "/editor", "#!/bin/sh\nsed -i 's/1000/2000/' \"$1\"\n")
    os.execute("chmod +x " .. editor)
    local env = "VISUAL= EDITOR=" .. editor
    session({"send local base = 1000\\r", "expect > ", "send edit\\r", "expect local base = 2000",
             "expect > ", "send base + 1\\r", "expect 2001"}, {env = env})
    local file = program.file(folder .. "/mine.lua", "local inside = 1000")
    session({("send edit %s\\r"):format(file), "expect > ", "send inside + 2\\r", "expect 2002"}, {env = env})
    session({"send edit\\r", "expect the editor ended with status 1"}, {env = "VISUAL= EDITOR=false"})
  end)
end)

check.case("code runs once, whatever the error", function()
  session {
    "send runs = 0\\r", "expect > ", "send (function() runs = runs + 1 error('on purpose') end)()\\r",
    "expect on purpose", "expect > ", "send runs + 100\\r", "expect 101",
    "expect > ", "send (function() runs = runs + 1 return nil + 1 end)()\\r", "expect arithmetic",
    "expect > ", "send runs + 100\\r", "expect 102",
  }
end)

editing("Ctrl-R searches the history", function()
  session {
    "send 123 + 321\\r", "expect 444", "expect > ", "send 1 + 1\\r", "expect > ",
    "send \\x12", "expect reverse-i-search", "send 23 +", "pause 100", "send \\r", "expect 444",
  }
end)

editing("a window of another size is drawn again", function()
  local long = ("123456789 "):rep(6)
  local screen = session {
    "send '" .. long .. "'", "expect 789 '", "resize 24 40", "expect 789 '", "resize 24 100", "expect 789 '",
    "send \\r", "expect 123456789",
    -- and while something else is running
    "expect > ", "send rm.sys.sleep(0.3)\\r", "resize 10 30", "expect > ", "send 4 * 11\\r", "expect 44",
  }
  local drawn = select(2, screen:gsub("> '123456789 123456789", ""))
  check.that(drawn >= 3, drawn .. " times drawn:\n" .. screen)
end)

editing("TAB completes names, fields, methods, options, models and paths", function()
  program.with_folder(function(folder)
    program.file(folder .. "/images.lua", "")
    os.execute("mkdir " .. folder .. "/images_of_cats")
    session {
      "send local widget = {first = 41, second = 2}\\r", "expect > ",
      "send widg\\t.fi\\t + 1\\r", "expect 42",
      "expect > ", "send local xs = rm.ones(2, 3)\\r", "expect > ",
      "send xs:numel\\t() + 100\\r", "expect 106",
      "expect > ", "send net = models.lenet\\t()\\r", "expect > ",
      "send tostring(net.f\\t1):si\\t", "pause 100", "send \\x03", "expect ^C",
      "expect > ", "send rm.sum(xs, 1, {kee\\ttrue}).ndim + 900\\r", "expect 902",
      "expect > ", "send models.get 'resnet120\\t\\r", "expect function",
      "expect > ", ("send #'%s/images_\\t'\\r"):format(folder), ("expect %d"):format(#folder + #"/images_of_cats/"),
      "expect > ", ("send $ ls %s/imag\\t"):format(folder), "expect images.lua", "expect images_of_cats/",
      "send \\x03", "expect ^C", "expect > ", "send \\t5 + 6\\r", "expect   5 + 6", "expect 11",
    }
  end)
end)

check.case("a plot prints nothing but itself", function()
  if not os.execute("command -v gnuplot >/dev/null") then check.skip("gnuplot is not installed") end
  local screen = session({"send plot.lines({1, 3, 2})\\r", "expect > ", "send 8 * 8\\r", "expect 64"},
                         {env = "RESMOON_PLOT=text"})
  check.that(not screen:find("true", 1, true) and not screen:find("table", 1, true), screen)
end)

check.case("reload, who and mem at the prompt", function()
  program.with_folder(function(folder)
    local file = folder .. "/mynet.lua"
    local text = "local Net = nn.class('Net', nn.Module)\n"
                 .. "function Net:init() self.fc = nn.Linear(1, 1) end\n"
                 .. "function Net:forward(x) return x * %d end\nreturn Net\n"
    program.file(file, text:format(2))
    program.file(folder .. "/next.lua", text:format(30))
    session {
      ("send package.path = '%s/?.lua;' .. package.path\\r"):format(folder), "expect > ",
      "send net = require 'mynet' ()\\r", "expect > ", "send net(rm.ones(1)):item()\\r", "expect 2.0",
      "expect > ", ("send $ cp %s/next.lua %s\\r"):format(folder, file), "expect > ",
      "send reload 'mynet';\\r", "expect > ", "send net(rm.ones(1)):item()\\r", "expect 30.0",
      "expect > ", "send local xs = rm.zeros(16, 16)\\r", "expect > ",
      "send who()\\r", "expect Net, 2 parameters", "expect float32 (16, 16)", "expect 1.0 KiB",
      "expect > ", "send mem()\\r", "expect live", "expect parameters", "expect tensors", "expect cached",
    }
  end)
end)
