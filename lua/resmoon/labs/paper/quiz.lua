--- Lab C, the quiz of the talk: two questions, and their answers for who asks for them.
local Document = require "resmoon.report.document"
local questions = require "resmoon.labs.paper.questions"
local text     = require "resmoon.base.text"

local function say(doc, line)
  print(table.concat(text.wrapped(line, 110), "\n"))
  doc:paragraph(line)
end

return function(context)
  local doc = Document("Quiz")
  print("\nQuiz")
  for i, each in ipairs(questions) do
    local question, choices, answer, why = table.unpack(each)
    say(doc, ("%d. %s"):format(i, question))
    local list = {}
    for k, choice in ipairs(choices) do list[k] = ("(%s) %s"):format(string.char(96 + k), choice) end
    print("   " .. table.concat(list, "  "))
    doc:list(list)
    if context.answers then say(doc, ("Answer: (%s). %s"):format(answer, why)) end
  end
  if not context.answers then
    local how = "The answers: resmoon lab_c --parts quiz --answers yes"
    print(how)
    doc:gap("your answers, and why. " .. how)
  end
  return doc
end
