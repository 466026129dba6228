--- Exercise 04: LeNet-5.
local core  = require "resmoon.core"
local facts = require "resmoon.lessons.facts"

-- The weights of so many dimensions, 4 of convolutions and 2 of linear layers.
local function of_dimensions(net, n)
  local list = {}
  for _, w in ipairs(facts.weights(net)) do
    if w:dim() == n then list[#list + 1] = w end
  end
  return list
end

local function judge_lenet(judge, make)
  local ok, net = judge:call("lenet()", make)
  if not ok or not judge:module("lenet()", net) then return end
  local x = core.randn(8, 1, 28, 28)
  local answered, y = judge:call("lenet()(x), x (8, 1, 28, 28)", net, x)
  if not answered or not judge:shape("of digits it gives the scores of 10 classes", y, {8, 10}) then return end
  local convolutions, linear = of_dimensions(net, 4), of_dimensions(net, 2)
  judge:that("there are two convolutions", #convolutions == 2, ("there are %d"):format(#convolutions))
  local large = true
  for _, w in ipairs(convolutions) do large = large and w.shape[3] == 5 and w.shape[4] == 5 end
  judge:that("the convolutions look at 5x5 pixels", large and #convolutions > 0)
  judge:that("they look for 6 and for 16 patterns", facts.shapes(convolutions):match "^16x6x" ~= nil
             and #convolutions == 2 and facts.shapes(convolutions):find(" 6x1x", 1, true) ~= nil)
  judge:that("there are three linear layers", #linear == 3, ("there are %d"):format(#linear))
  judge:that("the linear layers have the sizes of LeNet-5", facts.shapes(linear) == "10x84 120x400 84x120")
  judge:number("the number of parameters, with biases", facts.parameters(net), 61706)
  judge:that("there is something bent between the layers", not facts.is_linear(net, x.shape))
  local unreached = facts.unreached(net, x)
  judge:that("the gradient reaches every weight", #unreached == 0, "not that of " .. table.concat(unreached, ", "))
end

return {
  {name = "lenet", kind = "function", judge = judge_lenet,
   task = "lenet() returns LeNet-5 for images (N, 1, 28, 28) of 10 classes, layer by layer: a convolution with 6 "
          .. "patterns that keeps height and width, one with 16 that does not, each followed by an activation and a "
          .. "pool over 2x2, and three linear layers"},
}
