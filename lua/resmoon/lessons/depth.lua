--- Exercise 05: gradients by layer.
local core   = require "resmoon.core"
local facts  = require "resmoon.lessons.facts"
local models = require "resmoon.models"

-- The norms of the gradients, as the exercise asks for them.
local function norms_of(net, x, y)
  net:zero_grad()
  net(x):cross_entropy(y):backward()
  local list = {}
  for _, w in ipairs(facts.weights(net)) do list[#list + 1] = w.grad:norm():item() end
  for _, p in ipairs(net:parameters()) do p.grad = nil end
  return list
end

local function same(a, b)
  if type(a) ~= "table" or #a ~= #b then return false end
  for i = 1, #b do
    local close = type(a[i]) == "number" and math.abs(a[i] - b[i]) <= 1e-3 * b[i]
    if not close then return false end
  end
  return true
end

local function judge_norms(judge, norms)
  local x, y = core.randn(6, 3, 16, 16), core.tensor({1, 2, 3, 4, 5, 6}, "int64")
  for _, name in ipairs {"plain20", "resnet20"} do
    local net = models[name] {width = 4}
    local expected = norms_of(net, x, y)
    local ok, list = judge:call(("gradient_norms(%s, x, y)"):format(name), norms, net, x, y)
    if not ok then return end
    local what = name .. ": a number for each weight of a convolution or a linear layer"
    local found = type(list) == "table" and ("%d numbers"):format(#list) or "it is a " .. type(list)
    if not judge:that(what, type(list) == "table" and #list == #expected, found) then return end
    judge:that(name .. ": they are the norms of the gradients, in order", same(list, expected))
    ok, list = judge:call(("gradient_norms(%s, x, y), once more"):format(name), norms, net, x, y)
    if ok then judge:that(name .. ": they are the same when asked for again", same(list, expected)) end
    local left = 0
    for _, p in ipairs(net:parameters()) do
      if p.grad and p.grad:abs():max():item() > 0 then left = left + 1 end
    end
    judge:that(name .. ": no gradient is left behind", left == 0, ("%d parameters have one"):format(left))
  end
end

return {
  {name = "gradient_norms", kind = "function", judge = judge_norms,
   task = "gradient_norms(net, x, y) returns a list with the norm of the gradient of each weight that has at least two "
          .. "dimensions, in the order of net:parameters(), where the loss is the cross-entropy; afterwards no "
          .. "parameter has a gradient"},
}
