--- For each exercise a right solution passes wholly, and wrong ones get the lines that say what is wrong.
local check   = require "support.check"
local lessons = require "resmoon.lessons"

local exercises = {
  require "support.solutions.xor",
  require "support.solutions.basics",
  require "support.solutions.block",
  require "support.solutions.networks",
  require "support.solutions.pictures",
  require "support.solutions.training",
  require "support.solutions.quiz",
}

-- The names that a text defines, as at the prompt.
local function defined(number, code)
  local names = setmetatable({rm = require "resmoon", nn = require("resmoon").nn}, {__index = _G})
  local chunk, message = load(code, "=solution.lua", "t", names)
  check.that(chunk, message)
  chunk()
  return names
end

local seen = {}
for _, file in ipairs(exercises) do
  for _, exercise in ipairs(file) do
    local number = exercise.number
    seen[number] = true
    check.case(("exercise %s: a right solution passes"):format(number), function()
      for _, code in ipairs(exercise.right) do
        local verdict = lessons.check(number, defined(number, code))
        check.that(verdict.passed and #verdict.lines > 0, code .. "\n" .. tostring(verdict))
        check.that(tostring(verdict):find("\nall %d+ right$"), tostring(verdict))
      end
    end)
    check.case(("exercise %s: wrong solutions get the lines that say so"):format(number), function()
      check.that(#exercise.wrong >= 2)
      for _, wrong in ipairs(exercise.wrong) do
        local verdict, found = lessons.check(number, defined(number, wrong.code)), {}
        for _, line in ipairs(verdict.lines) do
          local hint = line.hint and line.hint:gsub("it raises: [^ ]+:%d+: ", "it raises: ")
          if not line.right then found[#found + 1] = line.what .. (hint and (" (" .. hint .. ")") or "") end
        end
        check.equal(verdict.passed, false)
        check.equal(found, wrong.lines, wrong.code)
      end
    end)
  end
end

check.case("every exercise has solutions here", function()
  for _, number in ipairs(lessons.numbers()) do check.that(seen[number], number) end
end)
