--- Exercise 10: the ten decisions, for another network.
local core  = require "resmoon.core"
local facts = require "resmoon.lessons.facts"

local function list(value) return type(value) == "table" and table.concat(value, " ") or tostring(value) end

-- Lines for X5 and X7, which are functions.
local function judge_functions(judge, d)
  local ok, value = judge:call("X5(8, 16)", d.X5, 8, 16)
  if ok then
    local _, same = judge:call("X5(16, 16)", d.X5, 16, 16)
    judge:that("X5, channels of zeros that the shortcut adds", value == 8 and same == 0)
  end
  local a, b = core.randn(2, 3, 4, 4), core.randn(2, 3, 4, 4)
  ok, value = judge:call("X7(fx, shortcut)", d.X7, a, b)
  if ok then
    judge:that("X7, relu and addition at the end of a block", facts.close(value, (a + b):relu(), 1e-6),
               facts.close(value, a:relu() + b, 1e-6) and "relu stands in the wrong place" or nil)
  end
end

local function judge_decisions(judge, d)
  judge:that("X1, channels of the images", d.X1 == 1)
  judge:that("X2, channels of the stages", list(d.X2) == "8 16 32")
  judge:that("X3, kernel and padding", type(d.X3) == "table" and d.X3.kernel == 3 and d.X3.padding == 1)
  judge:that("X4, stride where a stage begins", d.X4 == 2)
  judge_functions(judge, d)
  judge:that("X6, step of the shortcut through rows and columns", d.X6 == 2 and d.X6 == d.X4,
             d.X6 ~= d.X4 and "the sum would have two shapes" or nil)
  judge:that("X8, blocks in each stage", d.X8 == 7)
  local side = 28 // 2 // 2
  judge:that("X9, window of the average at the end", d.X9 == side)
  judge:that("X10, inputs of the linear layer", d.X10 == 32, type(d.X2) == "table" and type(d.X10) == "number"
             and d.X10 ~= d.X2[3] and "it does not fit X2 and X9" or nil)
end

return {
  {name = "decisions", kind = "table", judge = judge_decisions,
   task = "decisions is a table with the fields X1 to X10 of the lesson, for a ResNet-44 that begins with 8 channels, "
          .. "on gray images of 28 x 28 pixels; X3 is {kernel =, padding =}, X5 and X7 are functions"},
}
