--- Exercise 03: a multi-layer perceptron.
local core  = require "resmoon.core"
local facts = require "resmoon.lessons.facts"

-- Numbers in weights and biases of layers of these sizes.
local function count(sizes)
  local n = 0
  for i = 2, #sizes do n = n + sizes[i - 1] * sizes[i] + sizes[i] end
  return n
end

local function judge_perceptron(judge, make)
  local ok, net = judge:call("perceptron(48, {20, 12}, 5)", make, 48, {20, 12}, 5)
  if not ok or not judge:module("perceptron(48, {20, 12}, 5)", net) then return end
  local x = core.randn(16, 3, 4, 4)
  local y
  ok, y = judge:call("perceptron(...)(x), x (16, 3, 4, 4)", net, x)
  if not ok or not judge:shape("of images it gives the scores of 5 classes", y, {16, 5}) then return end
  judge:number("the number of parameters", facts.parameters(net), count {48, 20, 12, 5})
  judge:that("there is something bent between the layers", not facts.is_linear(net, x.shape))
  judge:that("scores are of either sign, and no probabilities",
             y:min():item() < 0 and y:max():item() > 0 and not facts.close(y:exp():sum(2), core.ones(16), 1e-3),
             "the last layer has something behind it")
  local unreached = facts.unreached(net, x)
  judge:that("the gradient reaches every weight", #unreached == 0, "not that of " .. table.concat(unreached, ", "))

  ok, net = judge:call("perceptron(9, {7, 6, 5, 4}, 3)", make, 9, {7, 6, 5, 4}, 3)
  if ok and judge:module("perceptron(9, {7, 6, 5, 4}, 3)", net) then
    judge:number("with four hidden layers: the number of parameters", facts.parameters(net), count {9, 7, 6, 5, 4, 3})
  end
end

return {
  {name = "perceptron", kind = "function", judge = judge_perceptron,
   task = "perceptron(inputs, hidden, classes) returns a network for images (N, C, H, W), where C x H x W = inputs: "
          .. "linear layers of the sizes in the list hidden, with an activation behind each, and a last one that gives "
          .. "the scores of the classes"},
}
