--- The command line: options, scripts, errors and exit statuses.
local check   = require "support.check"
local program = require "support.program"

local function run(arguments, options) return program.run(arguments, options) end

check.case("-e runs code, in order, with the globals there", function()
  local output, errors, status = run {"-e", "x = 1", "-ex = x + 1", "-e", "print(x, type(rm))"}
  check.equal({output, errors, status}, {"2\ttable\n", "", 0})
end)

check.case("-l requires a module as a global", function()
  check.equal(run {"-l", "argparse", "-e", "print(type(argparse))"}, "table\n")
  check.equal(run {"-l", "a=argparse", "-e", "print(type(a), argparse)"}, "table\tnil\n")
  local _, errors, status = run {"-l", "nosuchmodule", "-e", "print(1)"}
  check.equal(status, 1)
  check.that(errors:find("module 'nosuchmodule' not found", 1, true), errors)
end)

check.case("a script gets its arguments, in arg and as ...", function()
  program.with_folder(function(folder)
    local script = program.file(folder .. "/s.lua", "print(arg[0], #arg, arg[1], select('#', ...), (select(2, ...)))")
    check.equal(run {script, "--width", "32"}, script .. "\t2\t--width\t2\t32\n")
  end)
end)

check.case("resmoon NAME runs scripts/NAME.lua of its home", function()
  program.with_folder(function(folder)
    local library = os.getenv("PWD") .. "/lua"
    os.execute(("ln -s %s %s/lua && mkdir %s/scripts"):format(program.quote(library), folder, folder))
    program.file(folder .. "/scripts/greet.lua", "--- Says hello.\nprint('hello', ...)")
    local options = {env = "RESMOON_HOME=" .. folder, folder = "/"}
    check.equal(run({"greet", "you", "--loud"}, options), "hello\tyou\t--loud\n")
    check.that(run({"--help"}, options):find("\n  greet       Says hello.", 1, true))
  end)
end)

check.case("- and input that is no terminal are run as a script", function()
  check.equal(run({"-", "a"}, {input = "print(arg[1], ...)"}), "a\ta\n")
  check.equal(run({}, {input = "local x = 1\nprint(x)"}), "1\n")
end)

check.case("an expression alone is no script, and the way to have it read is said", function()
  local output, errors, status = run({}, {input = "1+1\n"})
  check.equal({output, status}, {"", 1})
  check.that(errors:find("unexpected symbol near '1'.*resmoon %-i reads it as the prompt does"), errors)
end)

check.case("scripts with a byte order mark, #! and carriage returns", function()
  program.with_folder(function(folder)
    local text = "\u{FEFF}#!/usr/bin/env resmoon\r\nprint(1 +\r\n 2)\r\nprint(debug.getinfo(1, 'l').currentline)"
    local file = program.file(folder .. "/s.lua", text)
    check.equal(run {file}, "3\n4\n")
    check.equal(run({"-"}, {input = text}), "3\n4\n")
  end)
end)

check.case("-i prompts afterwards", function()
  local output, _, status = run({"-i", "-e", "x = 20"}, {input = "x + 3\n"})
  check.equal(status, 0)
  check.that(output:find("23", 1, true), output)
end)

check.case("-v and --help", function()
  local output, _, status = run {"-v"}
  check.that(output:find("^ResMoon .*Lua 5%.4"), output)
  check.equal(status, 0)
  output, _, status = run {"--help"}
  check.that(output:find("usage: resmoon", 1, true), output)
  check.equal(status, 0)
end)

check.case("unknown options and missing scripts are errors", function()
  local _, errors, status = run {"--nonsense"}
  check.equal(status, 1)
  check.that(errors:find("unknown option --nonsense", 1, true), errors)
  _, errors, status = run {"nosuchscript"}
  check.equal(status, 1)
  check.that(errors:find("no script named nosuchscript", 1, true), errors)
  _, errors = run {"trian"}
  check.that(errors:find("no script named trian, did you mean train?", 1, true), errors)
  _, errors, status = run {"-e"}
  check.equal(status, 1)
  check.that(errors:find("an argument is missing", 1, true), errors)
end)

check.case("an error goes to stderr, with the user's own lines, and status 1", function()
  program.with_folder(function(folder)
    local script = program.file(folder .. "/s.lua", [[
local function inner() error("boom") end
local function outer() inner() return 1 end
outer()
]])
    local output, errors, status = run {script}
    check.equal({output, status}, {"", 1})
    check.that(errors:find("s.lua:1: boom", 1, true), errors)
    check.that(errors:find("s.lua:1: in upvalue 'inner'", 1, true), errors)
    check.that(errors:find("s.lua:3: in main chunk", 1, true), errors)
    check.that(not errors:find("[C]", 1, true), errors)
    check.that(not errors:find("\27", 1, true), "color, where there is no terminal")
    local _, syntax, failed = run {program.file(folder .. "/t.lua", "x = = 1")}
    check.equal(failed, 1)
    check.that(syntax:find("t.lua:1: unexpected symbol near '='", 1, true), syntax)
  end)
end)

check.case("the traceback leaves the library's lines out", function()
  local _, errors = run {"-e", [[
local broken = setmetatable({}, {__tostring = function() error("mine") end})
local function f() return require("resmoon.shell.show")(broken) .. "" end
f()]]}
  check.that(errors:find("mine", 1, true), errors)
  check.that(not errors:find("show.lua", 1, true), errors)
  check.that(errors:find("in main chunk", 1, true), errors)
end)

check.case("a stack that overflows is an error with a short traceback", function()
  local _, errors, status = run {"-e", "local function f() return 1 + f() end f()"}
  check.equal(status, 1)
  check.that(errors:find("stack overflow", 1, true), errors)
  check.that(select(2, errors:gsub("\n", "")) < 40, "the traceback is long")
  -- Of a module that calls itself the line on top of the stack is one of ours; it is the user's that is named.
  local module = "local B = nn.class('B', nn.Module)\nfunction B:forward(x) %s end\nB()(rm.ones(2))"
  _, errors = run {"-e", module:format "return 1 + self(x)"}
  check.that(errors:find("(command line):2: stack overflow: a function, or a module, calls itself", 1, true), errors)
  _, errors = run {"-e", module:format "return self(x)"}  -- a tail call, which leaves no line
  check.that(errors:find "^stack overflow: a function, or a module, calls itself without end", errors)
end)

check.case("os.exit gives its status, and errors may be any value", function()
  check.equal(select(3, run {"-e", "os.exit(7)"}), 7)
  local _, errors, status = run {"-e", "error({})"}
  check.equal(status, 1)
  check.that(errors:find("the error is a table", 1, true), errors)
  _, errors = run {"-e", "error(setmetatable({}, {__tostring = function() return 'own words' end}))"}
  check.that(errors:find("own words", 1, true), errors)
end)

check.case("load, loadfile, dofile and require take text only", function()
  program.with_folder(function(folder)
    local code = string.dump(load("return 1"))
    program.file(folder .. "/binary.lua", code)
    local function try(text)
      return (run({"-e", "package.path = './?.lua' " .. text}, {folder = folder}))
    end
    check.that(try "print(loadfile('binary.lua'))":find("attempt to load a binary chunk", 1, true))
    check.that(try "print(pcall(dofile, 'binary.lua'))":find("attempt to load a binary chunk", 1, true))
    check.that(try "print(pcall(require, 'binary'))":find("attempt to load a binary chunk", 1, true))
    check.that(try "print(load(string.dump(function() end)))":find("attempt to load a binary chunk", 1, true))
    check.that(try "print(pcall(load, 'x', 'n', 'b'))":find("precompiled chunks are not accepted", 1, true))
    check.equal(run {"-e", "print(load('return x', 'n', 't', {x = 4})(), load(function() end))"}:match("^4\tfunction"),
                "4\tfunction")
    check.that(select(2, run {folder .. "/binary.lua"}):find("binary chunk", 1, true))
    program.file(folder .. "/plain.lua", "return ...")
    check.equal(try "print(require 'plain')", "plain\t./plain.lua\n")
    check.equal(try "print(dofile 'plain.lua')", "\n")
  end)
end)

check.case("writing to a program that ended does not kill", function()
  local output = run {"-e", "local p = io.popen('true', 'w') os.execute('sleep 0.1') "
                      .. "for _ = 1, 10 do p:write(('x'):rep(65536)) end p:close() print('alive')"}
  check.equal(output, "alive\n")
end)

check.case("RESMOON_HOME says where the library is", function()
  local _, errors, status = run({"-e", "print(rm)"}, {env = "RESMOON_HOME=/nonexistent"})
  check.equal(status, 1)
  check.that(errors:find("the Lua library is missing", 1, true), errors)
end)

check.case("a closed output is an error", function()
  local _, _, status = run({"-e", "os.execute('sleep 0.01') for i = 1, 1e5 do io.write('0123456789') end"},
                           {env = "sh -c 'exec \"$@\" >/dev/full' --"})
  check.equal(status, 1)
end)

check.case("output that a full disk swallowed is an error, whatever printed it", function()
  local full = {env = "sh -c 'exec \"$@\" >/dev/full' --"}
  for _, arguments in ipairs {{"-e", "print(1)"}, {"-e", "io.write(1)"}, {"-e", "print(1) os.exit(0)"}, {"--help"},
                              {"--version"}, {"data", "shapes10"}, {"train", "--help"}} do
    local _, errors, status = run(arguments, full)
    check.equal(status, 1, table.concat(arguments, " "))
    check.that(errors:find "^resmoon: not all of the output could be written", errors)
  end
  local _, errors, status = run({"-e", "print(1) os.exit(3)"}, full)   -- a script's own status counts
  check.equal({errors, status}, {"", 3})
  _, errors, status = run({"-e", "x = 1"}, full)
  check.equal({errors, status}, {"", 0})
end)
