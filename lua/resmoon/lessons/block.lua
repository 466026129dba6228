--- Exercise 06: the residual block.
local core  = require "resmoon.core"
local facts = require "resmoon.lessons.facts"
local BasicBlock = require "resmoon.nn.basicblock"

local CHANNELS = 6

-- Whether the block computes what BasicBlock does with the same convolutions, in the order of either.
local function is_the_papers(block, x)
  local own, reference = facts.weights(block), BasicBlock(CHANNELS, CHANNELS)
  for _, order in ipairs {{1, 2}, {2, 1}} do
    core.no_grad(function()
      reference.conv1.weight:copy_(own[order[1]])
      reference.conv2.weight:copy_(own[order[2]])
    end)
    if facts.close(block(x), reference(x)) then return true end
  end
  return false
end

local function judge_block(judge, make)
  local ok, block = judge:call("block(6)", make, CHANNELS)
  if not ok or not judge:module("block(6)", block) then return end
  local x = core.randn(4, CHANNELS, 9, 7)
  local y
  ok, y = judge:call("block(6)(x)", block, x)
  if not ok or not judge:shape("block(x) keeps the shape", y, x.shape) then return end

  local wanted, found = 2 * 9 * CHANNELS * CHANNELS + 4 * CHANNELS, facts.parameters(block)
  judge:number("as many parameters as two 3x3 convolutions without bias and two batch norms", found, wanted)
  local weights = facts.weights(block)
  if #weights == 2 and facts.shapes(weights) == facts.shapes {BasicBlock(6, 6).conv1.weight, weights[1]} then
    judge:that("F is convolution, batch norm, relu, convolution, batch norm", is_the_papers(block, x),
               "with the same weights the block gives something else than the paper's")
  end

  facts.fill(block, 0)   -- F(x) = 0
  local input = x:clone():requires_grad_(true)
  y = block(input)
  local positive = x:gt(0):float()
  judge:that("where F(x) = 0, what is positive in x passes", facts.close(y * positive, x * positive),
             "x does not arrive at the output")
  judge:that("relu stands behind the addition", facts.close(y * (1 - positive), core.zeros(table.unpack(x.shape))),
             "with F(x) = 0 a negative x still passes")
  local toward, gradient = core.randn(table.unpack(x.shape)), nil
  if y.requires_grad then
    y:backward(toward)
    gradient = input.grad
  end
  judge:that("the gradient passes through the shortcut",
             gradient ~= nil and facts.close(gradient * positive, toward * positive),
             "the gradient of the shortcut is lost")
end

return {
  {name = "block", kind = "function", judge = judge_block,
   task = "block(channels) returns a network that computes relu(F(x) + x), where F is convolution, batch norm, relu, "
          .. "convolution, batch norm; the convolutions are 3x3, without bias, and keep the number of channels"},
}
