--- The quiz of the paper talk, as an exercise: a letter for each question.
local questions = require "resmoon.labs.paper.questions"

local task = {"answers is a list with the letter of each answer, such as {\"c\", \"c\"}"}
for i, each in ipairs(questions) do
  local choices = {}
  for k, choice in ipairs(each[2]) do choices[k] = ("(%s) %s"):format(string.char(96 + k), choice) end
  task[#task + 1] = ("%d. %s %s"):format(i, each[1], table.concat(choices, ", "))
end

local function judge_answers(judge, answers)
  for i, each in ipairs(questions) do
    local given = answers[i]
    local letter = type(given) == "string" and given:lower():match "^%(?(%a)%)?$"
    local known = letter and each[2][letter:byte() - 96] ~= nil
    judge:that(("question %d"):format(i), letter == each[3],
               not known and "it is not one of the letters " .. ("abcdef"):sub(1, #each[2]) or nil)
  end
end

return {{name = "answers", kind = "table", judge = judge_answers, task = table.concat(task, ". ")}}
