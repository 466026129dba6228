--- The checks of the exercises as such: nothing defined, errors in a solution, the list, the prompt and the command.
local check   = require "support.check"
local lessons = require "resmoon.lessons"
local program = require "support.program"
local rm      = require "resmoon"

check.case("where nothing is defined, the check says what to define", function()
  for _, number in ipairs(lessons.numbers()) do
    local verdict = lessons.check(number, {})
    local said = tostring(verdict)
    check.equal(verdict.passed, false)
    check.that(#verdict.missing > 0 and #verdict.missing == #verdict.lines, number)
    for _, part in ipairs(verdict.missing) do
      check.that(said:find(part.name .. " is there: not yet", 1, true), said)
      check.that(said:find("to be defined:", 1, true) and part.task:find(part.name, 1, true) == 1, said)
    end
  end
end)

check.case("what is defined but of another kind is a line", function()
  local said = tostring(lessons.check("06", {block = 3}))
  check.that(said:find("block is a function: not yet (it is a number)", 1, true), said)
  said = tostring(lessons.check(1, {parity = print}))
  check.that(said:find("parity is a network: not yet (it is a function)", 1, true), said)
end)

check.case("an error in a solution is caught and shown", function()
  local verdict = lessons.check("06", {block = function() error("my own mistake", 0) end})
  check.that(tostring(verdict):find("block(6): not yet (it raises: my own mistake)", 1, true), tostring(verdict))
  check.equal(verdict.passed, false)
  local said = tostring(lessons.check("06", {block = function(n) return rm.nn.Conv2d(n + 1, n, 3) end}))
  check.that(said:find("block(6)(x): not yet (it raises: ", 1, true), said)
end)

check.case("an exercise that is not there is an error that names those that are", function()
  check.error(function() lessons.check("77", {}) end, "check: there is no exercise '77'; there are 01, .*, quiz")
  check.error(function() lessons.check({}, {}) end, "check: there is no exercise")
  check.equal(lessons.check(6, {}).number, "06")
end)

check.case("a check leaves generators and the user's networks as they were", function()
  rm.manual_seed(5)
  local expected = rm.randn(3)
  rm.manual_seed(5)
  local net = rm.nn.Sequential {rm.nn.Linear(3, 4), rm.nn.BatchNorm1d(4), rm.nn.Linear(4, 2)}
  local before, training = net:hash(), net.training
  rm.manual_seed(5)
  lessons.check("01", {parity = net})
  check.equal(rm.randn(3):totable(), expected:totable())
  check.equal({net:hash(), net.training, net[1].weight.grad}, {before, training, nil})
end)

check.case("at the prompt: the list, a number with and without quotes, locals, and variables of the user's", function()
  local out, err = program.run({"-i"}, {input = table.concat({
    "lessons", "check", 'check "06"', "check", "local answers = {'c', 'c'}", "check quiz", "check = 41", "check + 1",
  }, "\n") .. "\n"})
  check.equal(err, "")
  check.equal(select(2, out:gsub("The residual block  +define block", "")), 3, out)
  check.that(out:find("block is there: not yet", 1, true), out)
  check.that(out:find("question 1: not yet\n  question 2: not yet\n0 of 2 right", 1, true), out)
  check.that(out:find("42", 1, true), out)
end)

check.case("resmoon check: the list, what is asked for, a solution in a file, and its exit status", function()
  program.with_folder(function(folder)
    local out, err, status = program.run {"check"}
    check.equal({err, status}, {"", 0})
    check.that(out:find("quiz  The quiz of the paper talk", 1, true), out)
    out, err, status = program.run {"check", "quiz"}
    check.equal({err, status}, {"", 0})
    check.that(out:find("degradation", 1, true) and not out:find("right", 1, true), out)
    local file = program.file(folder .. "/mine.lua", "answers = {'a', 'c'}\n")
    out, err, status = program.run {"check", "quiz", file}
    check.equal({err, status}, {"", 1})
    check.that(out:find("question 1: right\n  question 2: not yet\n1 of 2 right", 1, true), out)
    program.file(file, "return {answers = {'A', '(b)'}}\n")
    out, err, status = program.run {"check", "quiz", file}
    check.equal({err, status}, {"", 0})
    check.that(out:find("all 2 right", 1, true), out)
    program.file(file, "answers = {'a'\n")
    out, err, status = program.run {"check", "quiz", file}
    check.equal({out, status}, {"", 1})
    check.that(err:find("mine.lua", 1, true), err)
  end)
end)
