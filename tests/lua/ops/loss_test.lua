--- Losses: references, gradients, and the message about a label that cannot be.
local check = require "support.check"
local rm    = require "resmoon"

for i = 1, 9 do check.reference(("ops/cross_entropy_%02d"):format(i)) end
for i = 1, 2 do check.reference(("ops/nll_loss_%02d"):format(i)) end
for i = 1, 2 do check.reference(("ops/mse_loss_%02d"):format(i)) end

local labels = rm.tensor({3, 1, -100, 2, 3}, "int64")
local weight = rm.tensor {0.5, 2, 1.5}

check.case("gradients in all variants", function()
  local x = rm.randn(5, 3)
  for _, reduction in ipairs {"mean", "sum", "none"} do
    for _, smoothing in ipairs {0, 0.2} do
      for _, w in ipairs {false, weight} do
        check.gradients(function(t)
          return t:cross_entropy(labels, {reduction = reduction, label_smoothing = smoothing, weight = w or nil})
        end, x, {step = 1e-2})
      end
    end
    check.gradients(function(t) return t:nll_loss(labels, {reduction = reduction, weight = weight}) end, x,
      {step = 0.1})
    check.gradients(function(a, b) return a:mse_loss(b, {reduction = reduction}) end, {x, rm.randn(5, 3)},
      {step = 0.1})
  end
end)

check.case("cross_entropy is nll_loss of log_softmax", function()
  local x = rm.randn(5, 3)
  for _, reduction in ipairs {"mean", "sum", "none"} do
    local options = {reduction = reduction, weight = weight}
    check.close(x:cross_entropy(labels, options), x:log_softmax(2):nll_loss(labels, options))
  end
end)

check.case("a loss per pixel: classes in dimension 2", function()
  local x, at = rm.randn(2, 3, 2, 2), rm.tensor({{{1, 2}, {3, 1}}, {{2, 2}, {3, -100}}}, "int64")
  local each = x:cross_entropy(at, {reduction = "none"})
  check.shape(each, {2, 2, 2})
  local rows = x:permute(1, 3, 4, 2):reshape(8, 3)
  check.close(each:reshape(8), rows:cross_entropy(at:reshape(8), {reduction = "none"}))
  check.gradients(function(t) return t:cross_entropy(at) end, x, {step = 1e-2})
end)

check.case("errors", function()
  local x = rm.randn(6, 10)
  check.error(function() x:cross_entropy(rm.tensor({1, 2, 3, 4, 11, 1}, "int64")) end,
    "cross_entropy: label 11 at position 5, expected 1..10")
  check.error(function() x:nll_loss(rm.zeros({6}, "int64")) end, "nll_loss: label 0 at position 1, expected 1..10")
  check.error(function() x:cross_entropy(rm.ones(6)) end,
    "cross_entropy: labels are float32, expected int64 (use labels:long())")
  check.error(function() x:cross_entropy(rm.ones({5}, "int64")) end,
    "cross_entropy: labels do not fit x\n  x       (6, 10)\n  labels  (5)")
  check.error(function() x:cross_entropy(rm.ones({6}, "int64"), {weight = weight}) end,
    "cross_entropy: x has 10 classes, weight is (3)")
  check.error(function() x:cross_entropy(rm.ones({6}, "int64"), {reduction = "avg"}) end, "unknown reduction \"avg\"")
  check.error(function() x:cross_entropy(rm.ones({6}, "int64"), {label_smoothing = 2}) end,
    "label_smoothing must be 0 to 1, got 2")
  check.error(function() x:mse_loss(rm.ones(6)) end, "mse_loss: shapes differ\n  x       (6, 10)\n  target  (6)")
end)
