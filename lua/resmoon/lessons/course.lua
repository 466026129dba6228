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
lesson("02", "tensors_and_gradients", "Tensors and gradients", "gradients")
lesson("03", "mlp", "A multi-layer perceptron", "mlp")
lesson("04", "lenet5", "LeNet-5", "lenet")
lesson("05", "depth", "Why depth hurts", "depth")
lesson("06", "residual_block", "The residual block", "block")
lesson("07", "resnet20", "ResNet-20 against plain-20", "family")
lesson("08", "landscape", "The loss landscape", "landscape")
lesson("09", "lesions", "Lesions", "lesions")
lesson("10", "resnet32", "ResNet-32 and its ten decisions", "decisions")
lesson("11", "bottlenecks", "Bottlenecks and ResNet-50", "bottleneck")
lesson("12", "one_cycle", "One cycle, and the rate finder", "onecycle")
lesson("13", "search", "Search", "search")
lesson("14", "many_machines", "Many machines", "machines")
lesson("15", "large_batches", "How large may a batch be?", "batches")

course[#course + 1] = {number = "quiz", title = "The quiz of the paper talk", exercise = lazy "resmoon.lessons.quiz",
                       page = "docs/lessons/06-residual-block.md"}
course.quiz = course[#course]

return course
