--- Learning one batch by heart, and what is said where that fails.
local check = require "support.check"
local rm    = require "resmoon"
local nn    = rm.nn
local overfit = rm.overfit_one_batch

local function data() return {rm.randn(6, 3, 4, 4), rm.tensor({1, 2, 3, 1, 2, 3}, "int64")} end
local function net()
  local conv = nn.Conv2d(3, 8, 3, {padding = 1})
  return nn.Sequential {conv, nn.BatchNorm2d(8), nn.ReLU(), nn.Flatten(), nn.Linear(128, 3)}
end

local function hint(report, text)
  check.that(not report.ok)
  check.that(tostring(report):find(text, 1, true), ("expected %q in %s"):format(text, tostring(report)))
end

check.case("a sound network learns, and is as it was afterwards", function()
  local m = net():eval()
  local before = {}
  for name, t in pairs(m:state_dict()) do before[name] = type(name) == "string" and t:clone() or t end
  local dropout = rm.random.dropout:get_state()
  local report = overfit(m, data())
  check.that(report.ok and report.losses[#report.losses] <= 0.05 and #report.hints == 0, tostring(report))
  local text = tostring(report)
  check.that(text:find "^overfit_one_batch: Sequential on 6 examples: loss %S+ %-> %S+ in %d+ steps: it learns$", text)
  for name, t in pairs(m:state_dict()) do check.equal(t, before[name]) end
  check.equal({m.training, m[2].training, m[1].weight.grad}, {false, false, nil})
  check.equal(rm.random.dropout:get_state(), dropout)
  overfit(m, data(), {steps = 3, keep = true})
  check.that(m[1].weight:ne(before["0.weight"]):any():item() ~= 0)
end)

check.case("data sets and loaders give their first images", function()
  local ds = rm.data.shapes10 {train = true, size = 20, seed = 1}
  check.equal(overfit(rm.models.mlp {hidden = {16}}, ds, {steps = 2, size = 8}).size, 8)
  check.equal(overfit(rm.models.mlp {hidden = {16}}, rm.data.Loader(ds, {batch_size = 5}), {steps = 2}).size, 5)
end)

check.case("hints: rate, frozen, cut off, zero, no number", function()
  hint(overfit(net(), data(), {lr = 1e-7, steps = 5}), "hardly moves: try lr = 1e-06")
  hint(overfit(net(), data(), {lr = 300, steps = 5}), "the loss grows: the rate 300 is too high; try lr = 30")
  hint(overfit(net(), data(), {steps = 4, target = 1e-9}), "more steps (steps = 16)")
  local m = net()
  m[1]:requires_grad_(false)
  hint(overfit(m, data(), {steps = 2, target = 1e-9}), "2 of 6 parameters are frozen")
  m = net()
  m:insert("3", function(x) return x:detach() end)
  hint(overfit(m, data(), {steps = 2, target = 1e-9}), "no gradient reaches 0.weight, 0.bias, 1.weight, 1.bias:")
  m = net()
  m:insert("3", function(x) return x * 0 end)
  hint(overfit(m, data(), {steps = 2, target = 1e-9}), "exactly zero: dead relus")
  m = net()
  m:insert("3", function(x) return x / 0 end)
  hint(overfit(m, data(), {steps = 2}), "loss became nan in step 1: forward: the operation div, which goes into 4")
  hint(overfit(nn.ReLU(), data()), "ReLU has no parameters")
end)

check.case("wrong arguments are named", function()
  check.error(function() overfit(1, data()) end, "argument 1 is a number, expected a module")
  check.error(function() overfit(net(), {}) end, "argument 2 is a table, expected a data set, a Loader or")
  check.error(function() overfit(net(), data(), {rate = 1}) end, "unknown option 'rate'")
  check.error(function() overfit(net(), data(), {steps = -1}) end, "steps is -1, expected a number above 0")
end)
