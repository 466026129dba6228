--- resmoon check: what is right in the solution of an exercise of the course, and what is not yet.
local commandline = require "resmoon.base.commandline"
local lessons = require "resmoon.lessons"
local options = require "resmoon.train.options"

local parser = commandline("resmoon check", "Looks at the solution of an exercise: what is right in it, and what is "
                           .. "not yet. The file is run; the solution is what it assigns to the names that the "
                           .. "exercise asks for, or returns in a table. Without a file it says what is asked for; "
                           .. "without a number it lists the course. The exit status is 0 if all is right.")
  :epilog [[
Example:
  resmoon check
  resmoon check 06 my_block.lua]]
parser:argument("exercise", "number of the lesson, or quiz"):args "?"
parser:argument("file", "Lua file with the solution"):args "?"
local args = parser:parse()

options.main(function()
  if not args.exercise then print(lessons.list())
  elseif not args.file then print(lessons.task(args.exercise))
  else
    local verdict <const> = lessons.check(args.exercise, lessons.solution(args.file))
    print(verdict)
    return verdict.passed and 0 or 1
  end
end)
