--- The course: its lessons in order, each with its example, its page, and what its exercise asks for.
--
-- An exercise is a list of parts: {name = of what the user defines, kind = "function", "network" or "table", task =
-- what it is to be, judge = function(judge, value), which adds lines}.
local lazy = require "resmoon.base.lazy"

local course = {}

local function lesson(number, name, title, exercise)
  local each = {
    number = number, title = title, exercise = lazy("resmoon.lessons." .. exercise),
    example = ("examples/%s_%s.lua"):format(number, name),
    page = ("docs/lessons/%s-%s.md"):format(number, (name:gsub("_", "-"))),
  }
  course[#course + 1], course[number] = each, each
end

lesson("01", "xor", "XOR", "xor")
lesson("06", "residual_block", "The residual block", "block")

course[#course + 1] = {number = "quiz", title = "The quiz of the paper talk", exercise = lazy "resmoon.lessons.quiz",
                       page = "docs/lessons/06-residual-block.md"}
course.quiz = course[#course]

return course
