--- Answers to the quiz.
return {{
  number = "quiz",
  right = {"answers = {'a', 'b'}", "answers = {'(A)', 'B'}"},
  wrong = {
    {code = "answers = {'c', 'b'}", lines = {"question 1"}},
    {code = "answers = {'x'}", lines = {"question 1 (it is not one of the letters abc)",
                                        "question 2 (it is not one of the letters abc)"}},
  },
}}
