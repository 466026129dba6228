--- Exercise 08: a step in the landscape.
local core  = require "resmoon.core"
local facts = require "resmoon.lessons.facts"
local nn    = require "resmoon.nn"

local function lengths(t) return t:reshape(t.shape[1], -1):pow(2):sum(2):sqrt() end

local function judge_normalized(judge, normalized)
  for _, shape in ipairs {{5, 3, 3, 3}, {4, 7}} do
    local w, d = core.randn(table.unpack(shape)), 10 * core.randn(table.unpack(shape))
    local kept = {w:clone(), d:clone()}
    local what = "filter_normalized(d, w), w (" .. table.concat(shape, ", ") .. ")"
    local ok, y = judge:call(what, normalized, d, w)
    if not ok or not judge:shape(what .. " has the shape of w", y, shape) then return end
    judge:that(what .. ": each filter is as long as that of w", facts.close(lengths(y), lengths(w), 1e-3),
               math.abs(y:norm():item() - w:norm():item()) < 1e-2 and "only all together are" or nil)
    judge:that(what .. ": each filter has the direction of that of d",
               facts.close((y * d):reshape(shape[1], -1):sum(2), lengths(y) * lengths(d), 1e-3))
    judge:that(what .. ": d and w are unchanged", facts.close(w, kept[1], 0) and facts.close(d, kept[2], 0))
  end
end

local function judge_loss(judge, loss_at)
  local net = nn.Sequential {nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 3)}
  local x, y = core.randn(10, 6), core.tensor({1, 2, 3, 1, 2, 3, 1, 2, 3, 1}, "int64")
  local direction = {}
  for i, p in ipairs(net:parameters()) do direction[i] = core.randn(table.unpack(p.shape)) end
  local hash = net:hash()
  for _, step in ipairs {0, 0.5, -2} do
    local other = net:clone()
    core.no_grad(function()
      for i, p in ipairs(other:parameters()) do p:add_(step * direction[i]) end
    end)
    local what = ("loss_at(net, direction, %g, x, y)"):format(step)
    local ok, value = judge:call(what, loss_at, net, direction, step, x, y)
    if not ok then return end
    judge:number(what .. " is the loss there", value, other(x):cross_entropy(y):item(), 1e-4)
    if not judge:that(what .. ": the network is what it was, to the last bit", net:hash() == hash) then return end
  end
end

return {
  {name = "filter_normalized", kind = "function", judge = judge_normalized,
   task = "filter_normalized(d, w) returns a new tensor: the direction d with each filter (each d[i]) made as long as "
          .. "the filter of the weight w"},
  {name = "loss_at", kind = "function", judge = judge_loss,
   task = "loss_at(net, direction, step, x, y) returns the cross-entropy, as a number, of the network whose parameters "
          .. "have moved by step times direction, a list of tensors as net:parameters(); the network itself is the "
          .. "same afterwards, to the last bit"},
}
