--- SIGTERM, SIGHUP and a pipe that nobody reads: what runs stops as with Ctrl-C, and the exit status says why.
local check   = require "support.check"
local program = require "support.program"

local HUP, TERM = 1, 15
local quote = program.quote

-- Runs a command of the shell in which $R is the program; returns what it wrote and its status.
local function shell(command)
  local pipe = io.popen(("exec 2>&1; export RESMOON_HISTORY= RESMOON_STARTUP=; R=%s; %s"):format(
    quote(program.path), command))
  local output = pipe:read "a"
  local _, _, status = pipe:close()
  return output, status
end

-- A run that would take long, and a command that waits for its first epoch.
local function training(folder)
  return ("$R train --model mlp --data shapes10 --train-size 300 --test-size 50 --epochs 100000 --threads 1 "
          .. "--run %s/run "):format(folder),
         ("i=0; until grep -q 'epoch *1/' %s/out || [ $i = 600 ]; do sleep 0.1; i=$((i + 1)); done; "):format(folder)
end

-- The run in that folder, which said `stopped in epoch N`, can be taken up.
local function resumable(folder, said)
  local epoch = said:match "stopped in epoch (%d+)"
  local output, status = shell(("$R train --run %s/run --resume --epochs %s"):format(folder, epoch))
  check.that(status == 0 and output:find "best error", output)
end

for name, number in pairs {TERM = TERM, HUP = HUP} do
  check.case(("SIG%s in training, several times: the step is finished, all is saved"):format(name), function()
    program.with_folder(function(folder)
      local train, wait = training(folder)
      local output, status = shell(("%s > %s/out & P=$!; %s kill -%s $P; kill -%s $P; kill -HUP $P; wait $P; S=$?; "
        .. "cat %s/out; exit $S"):format(train, folder, wait, name, name, folder))
      check.equal(status, 128 + number)
      check.that(output:find("stopped in epoch %d+, step %d+ and saved; to go on: resmoon train %-%-run "), output)
      resumable(folder, output)
    end)
  end)

  check.case(("SIG%s at the prompt: it ends, and so does what runs"):format(name), function()
    program.with_folder(function(folder)
      local env = {env = "RESMOON_HISTORY=" .. folder .. "/history"}
      program.type({"expect > ", "send 1000 + 1\\r", "expect 1001", "expect > ", "send half a lin", "signal " .. number,
                    "exit " .. 128 + number}, env)
      program.type({"expect > ", "send while true do pcall(error) end\\r", "pause 300", "signal " .. number,
                    "expect interrupted", "exit " .. 128 + number}, env)
      program.type({"expect > ", "send for i = 1, 2 do\\r", "expect >> ", "signal " .. number,
                    "exit " .. 128 + number}, env)
      local history = io.open(folder .. "/history"):read "a"
      check.that(not program.has_readline() or history:find "1000 %+ 1\n.*while true do pcall%(error%) end\n", history)
    end)
  end)
end

check.case("a script ends with 128 + the signal, also one that looks after itself, and finalizers run", function()
  local held = "rm.interrupt.hold(true) print 'ready' io.stdout:flush() "
               .. "while not rm.interrupt.pending() do end print 'tidy' "
  local function ends(code, wanted, status)
    local output, got = shell(("$R -e %s & P=$!; sleep 1.5; kill -TERM $P; wait $P; exit $?"):format(quote(code)))
    check.equal(got, status)
    check.that(output:find(wanted, 1, true), output)
  end
  ends("while true do pcall(error) end", "interrupted", 143)
  ends(held, "tidy", 143)
  ends(held .. "os.exit(130, true)", "tidy", 143)
  ends(held .. "os.exit(3)", "tidy", 3)
  ends(held .. "local i = rm.interrupt i.clear() i.hold(false) i.hold(true) print(i.pending())", "true", 143)
  -- (the next run of a script that goes on stops as well)
  ends("setmetatable({}, {__gc = function() print 'final' end}) while true do end", "final", 143)
end)

check.case("nohup's wish counts", function()
  local code = quote "rm.sys.sleep(3) print 'went on'"
  local output, status = shell(("trap '' HUP; $R -e %s & P=$!; sleep 1.5; kill -HUP $P; wait $P; exit $?"):format(code))
  check.equal({output, status}, {"went on\n", 0})
end)

check.case("tests that were started where signals are ignored do not hang, and hold", function()
  for only, count in pairs {["SIGHUP in training"] = 1, ["where nobody reads the output"] = 2} do
    local said, status = shell(("trap '' HUP PIPE INT; lua5.4 tests/run.lua --quick --program $R %s"):format(
      quote("shell/signals_test.lua: " .. only)))
    check.equal({said:match "[^\n]*\n$", status}, {count .. " passed, 0 failed\n", 0})
  end
end)

check.case("where nobody reads the output, a script ends, and a run is saved", function()
  local output, status = shell("bash -c '$0 -e \"while true do pcall(print, 1) end\" | head -1; "
                               .. "exit ${PIPESTATUS[0]}' $R")
  check.equal({output, status}, {"1\n", 141})
  program.with_folder(function(folder)
    -- (two lines are about the data, one says what begins)
    local command = "bash -c '%s 2> %s/err | head -4; exit ${PIPESTATUS[0]}'; S=$?; cat %s/err; exit $S"
    output, status = shell(command:format(
      training(folder):gsub("%$R", program.path), folder, folder))
    check.equal(status, 141)
    check.that(output:find "epoch *1/.*stopped in epoch %d+, step %d+ and saved; to go on: resmoon train", output)
    resumable(folder, output)
  end)
  -- other pipes are the script's own business
  local code = quote "local p = io.popen('true', 'w') rm.sys.sleep(0.3) print(p:write(('x'):rep(1e6)))"
  output, status = shell("$R -e " .. code)
  check.that(status == 0 and output:find "Broken pipe", output)
end)

check.case("where nobody reads the output, a command that has nothing to save has nothing to say either", function()
  local code = "require('resmoon.train.options').main(function() while true do print(1) end end)"
  local output, status = shell(('bash -c "\\$0 -e \\"%s\\" 2>&1 | head -1; exit \\${PIPESTATUS[0]}" $R'):format(code))
  check.equal({output, status}, {"1\n", 141})
end)
