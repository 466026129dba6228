--- Exercise 11: the bottleneck.
local core  = require "resmoon.core"
local facts = require "resmoon.lessons.facts"
local nn    = require "resmoon.nn"

-- Gives the reference the convolutions of a block, which are told apart by their shapes. False if one has no partner.
local function give(reference, block)
  local by_shape = {}
  for _, w in ipairs(facts.weights(block)) do by_shape[facts.shape(w)] = w end
  return core.no_grad(function()
    for _, w in ipairs(facts.weights(reference)) do
      local own = by_shape[facts.shape(w)]
      if not own then return false end
      w:copy_(own)
    end
    return true
  end)
end

local function is_the_papers(block, cin, width, stride, x)
  for _, at in ipairs {"3x3", "1x1"} do
    local reference = nn.Bottleneck(cin, width, {stride = stride, stride_at = at})
    if give(reference, block) and facts.close(block(x), reference(x), 1e-3) then return true end
  end
  return false
end

local function judge_one(judge, make, cin, width, stride)
  local what = ("bottleneck(%d, %d, %d)"):format(cin, width, stride)
  local ok, block = judge:call(what, make, cin, width, stride)
  if not ok or not judge:module(what, block) then return end
  local x = core.randn(4, cin, 8, 8)
  local answered, y = judge:call(what .. "(x)", block, x)
  if not answered or not judge:shape(what .. " has 4 times the width of channels, and the size of its stride", y,
                               {4, 4 * width, 8 // stride, 8 // stride}) then return end
  local reference = nn.Bottleneck(cin, width, {stride = stride})
  local around = reference.downsample and ", and one of the shortcut" or "; the shortcut has none"
  judge:that(what .. ": the convolutions are 1x1, 3x3, 1x1" .. around,
             facts.shapes(facts.weights(block)) == facts.shapes(facts.weights(reference)))
  judge:number(what .. ": the number of parameters", facts.parameters(block), facts.parameters(reference))
  judge:that(what .. ": with the same weights it gives what the paper's block gives",
             is_the_papers(block, cin, width, stride, x))
end

local function judge_bottleneck(judge, make)
  judge_one(judge, make, 20, 5, 1)
  judge_one(judge, make, 6, 5, 2)
end

return {
  {name = "bottleneck", kind = "function", judge = judge_bottleneck,
   task = "bottleneck(cin, width, stride) returns a block that computes relu(F(x) + shortcut(x)): F is 1x1 down to "
          .. "width channels, 3x3, and 1x1 up to 4 x width, each with batch norm, and relu behind the first two; the "
          .. "shortcut is x itself, or where the shape changes a 1x1 convolution with batch norm"},
}
