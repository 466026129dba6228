--- The course at the prompt: `lessons` lists it, `check "07"` looks at the user's solution of an exercise.
--
-- Fifteen lessons lead from XOR to large batches. Each has an example (resmoon examples/07_resnet20.lua), a page that
-- can be printed (docs/lessons), and an exercise that says which names to define.
--
--     lessons                       the list
--     check "07"                    what is right in the solution of exercise 07, and what is not yet
--     $ resmoon check 07 FILE       the same of a file
--
-- Topic: lessons
local lazy = require "resmoon.base.lazy"

local of = lazy "resmoon.lessons"

local course = {}

--- The lessons in order: number, title, what the exercise asks for, and the example.
-- Call: lessons -> list
-- Call: lessons() -> list
-- Errors: none.
-- Example:
--   > #lessons, lessons[1].title, lessons[1].page
--   16  XOR  docs/lessons/01-xor.md
course.lessons = setmetatable({}, {
  __name = "lessons",
  __index = function(_, key) return of().course[key] end,
  __len = function() return #of().course end,
  __call = function(self) return self end,
  __tostring = function() return of().list() .. '\ncheck "01" looks at the solution of an exercise; help "lessons"' end,
})

-- What is typed is in the session's environment, behind which the globals stand.
local function names()
  local session = package.loaded["resmoon.shell.session"]
  return session and session.environment or _G
end

--- What is right in the solution of an exercise, and what is not yet, without saying how it is done.
--
-- The solution is what the user has defined under the names that the exercise asks for; where none is there, the check
-- says what to define. It tries the definitions on random inputs, and compares values, shapes, gradients and numbers of
-- parameters. The user's networks and generators of random numbers are not changed.
-- Without a number it gives the list of all.
--
-- Call: check(number) -> verdict
-- Call: check() -> lessons
-- Options: number  "07" or 7, or "quiz"
-- Returns: {lines = list of {what =, right =, hint =}, right = how many, passed = boolean, missing = list}, printed as
--  lines.
-- Errors: raises for an exercise that is not there; an error in a solution is a line of the verdict.
-- Example:
--   > verdict = check "06"
--   > verdict.passed, verdict.missing[1].name
--   false  block
function course.check(number)
  if number == nil then return course.lessons end
  return of().check(number, names())
end

--- What the word `check` does with the rest of its line.
function course.query(rest)
  if rest == "" then return course.lessons end
  return course.check(rest)
end

return course
