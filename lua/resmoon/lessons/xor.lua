--- Exercise 01: XOR of three.
local core  = require "resmoon.core"
local facts = require "resmoon.lessons.facts"

local function judge_parity(judge, given)
  local net, rows, labels = given:clone(), {}, {}
  for i = 0, 7 do
    rows[i + 1] = {i >> 2 & 1, i >> 1 & 1, i & 1}
    labels[i + 1] = (rows[i + 1][1] + rows[i + 1][2] + rows[i + 1][3]) % 2 + 1
  end
  local x = core.tensor(rows)
  local ok, scores = judge:call("parity(x), x (8, 3)", net, x)
  if not ok or not judge:shape("two scores for each of the 8 inputs", scores, {8, 2}) then return end
  local unreached = facts.unreached(net:clone():train(), x)
  judge:that("the gradient reaches every weight", #unreached == 0, "not that of " .. table.concat(unreached, ", "))
  net:eval()
  local answer, right = net(x):argmax(2), 0
  for i = 1, 8 do right = right + (answer[i]:item() == labels[i] and 1 or 0) end
  judge:that("class 1 for an even number of ones, class 2 for an odd one", right == 8, right .. " of 8 inputs")
end

return {
  {name = "parity", kind = "network", judge = judge_parity,
   task = "parity is a trained network: of three inputs that are 0 or 1 it gives two scores, of which the first is the "
          .. "higher one if the number of ones is even (class 1), and the second if it is odd (class 2)"},
}
