--- Exercise 09: a network without a block.
local core   = require "resmoon.core"
local facts  = require "resmoon.lessons.facts"
local models = require "resmoon.models"

local function judge_without(judge, without)
  local x = core.randn(4, 3, 16, 16)
  local net = models.resnet20 {layers = {2, 2, 2}, width = 4}
  facts.fill(net, 0.3, function(p) return p:dim() == 1 end)
  net:eval()
  local hash, before = net:hash(), net(x)
  for _, path in ipairs {"layer1.1", "layer2.0"} do
    local what = ("without(net, '%s')"):format(path)
    local ok, lesion = judge:call(what, without, net, path)
    if not ok or not judge:module(what, lesion) then return end
    judge:that(what .. ": the network that was given is unchanged",
               lesion ~= net and net:hash() == hash and facts.close(net(x), before, 0))
    local expected = net:clone()
    facts.fill(expected:get_submodule(path).bn2, 0)
    local answered, y = judge:call(what .. ", of images", lesion, x)
    if answered and judge:shape(what .. " gives the scores of 10 classes", y, {4, 10}) then
      lesion:eval()
      y = lesion(x)
      judge:that(what .. ": the other blocks still work", not facts.close(y, core.zeros(4, 10), 1e-3)
                 and (y[1] - y[2]):abs():max():item() > 1e-6)
      judge:that(what .. ": the block's layers add nothing, and its shortcut passes", facts.close(y, expected(x), 1e-3),
                 facts.close(y, before, 1e-5) and "the scores are those of the whole network" or nil)
    end
  end
end

return {
  {name = "without", kind = "function", judge = judge_without,
   task = "without(net, path) takes a trained residual network of models and the path of a block (\"layer2.0\"), and "
          .. "returns a new network in which only the shortcut of that block passes; the network that was given is not "
          .. "changed"},
}
