--- Exercise 07: the networks of 6n + 2 layers.
local core   = require "resmoon.core"
local facts  = require "resmoon.lessons.facts"
local models = require "resmoon.models"

-- The weights that make the depth: those of the shortcuts' 1x1 convolutions do not.
local function deep(net)
  local list = {}
  for _, w in ipairs(facts.weights(net)) do
    if not (w:dim() == 4 and w.shape[3] == 1) then list[#list + 1] = w end
  end
  return list
end

local function difference(net, a, b) return (net(a) - net(b)):abs():max():item() end

local function judge_one(judge, make, n, shortcuts)
  local what = ("resnet(%d, %s)"):format(n, shortcuts)
  local ok, net = judge:call(what, make, n, shortcuts)
  if not ok or not judge:module(what, net) then return end
  local x = core.randn(2, 3, 32, 32)
  local answered, y = judge:call(what .. "(x), x (2, 3, 32, 32)", net, x)
  if not answered or not judge:shape(what .. " gives the scores of 10 classes", y, {2, 10}) then return end
  local weights = deep(net)
  judge:number(("%s has %d layers with weights"):format(what, 6 * n + 2), #weights, 6 * n + 2)
  local reference = models.plain20 {layers = {n, n, n}}
  judge:that(what .. ": the layers have the channels of the paper",
             facts.shapes(weights) == facts.shapes(facts.weights(reference)))

  -- All convolutions but the first are silenced: what still arrives went through shortcuts.
  facts.fill(net, 0, function(p) return p:dim() == 4 and p.shape[3] ~= 1 and p.shape[2] ~= 3 end)
  local arrives = difference(net, x, core.randn(2, 3, 32, 32)) > 1e-6
  if shortcuts then judge:that(what .. ": with F = 0 everywhere, the input arrives at the scores", arrives)
  else judge:that(what .. ": without shortcuts, nothing passes a silent block", not arrives) end
end

local function judge_resnet(judge, make)
  judge_one(judge, make, 1, true)
  judge_one(judge, make, 1, false)
  judge_one(judge, make, 3, true)
end

return {
  {name = "resnet", kind = "function", judge = judge_resnet,
   task = "resnet(n, shortcuts) returns the paper's network of 6n + 2 layers for images (N, 3, 32, 32) of 10 classes: "
          .. "a convolution, three stages of n blocks with 16, 32 and 64 channels, a mean over all pixels and a linear "
          .. "layer; shortcuts is true or false, and those that change the shape are of option A or B"},
}
