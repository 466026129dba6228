--- batch_norm: references, gradients, and its fused forms.
local check = require "support.check"
local rm    = require "resmoon"

for i = 1, 12 do check.reference(("ops/batch_norm_%02d"):format(i)) end

local function leaf(...) return rm.randn(...) end

check.case("gradients of x, weight and bias", function()
  for _, shape in ipairs {{4, 3, 3, 2}, {6, 5}} do
    local c = shape[2]
    for _, training in ipairs {true, false} do
      check.gradients(function(x, w, b)
        return x:batch_norm(w, b, rm.full({c}, 0.5), rm.full({c}, 2), {training = training})
      end, {leaf(shape), leaf(c), leaf(c)}, {step = 1e-2, rtol = 2e-2})
    end
  end
end)

check.case("fused addition and relu: values and gradients as apart", function()
  local function run(fused)
    rm.manual_seed(1)
    local x, s = rm.randn(3, 6, 5, 4):requires_grad_(true), rm.randn(3, 6, 5, 4):requires_grad_(true)
    local w, b = rm.randn(6):requires_grad_(true), rm.randn(6):requires_grad_(true)
    local y
    if fused then
      y = x:batch_norm(w, b, nil, nil, {training = true, add = s, relu = true})
    else
      y = x:batch_norm(w, b, nil, nil, {training = true})
      check.shape(y, {3, 6, 5, 4})
      y = (y + s)
      check.shape(y, {3, 6, 5, 4})
      y = y:relu()
    end
    y:backward(rm.randn(y.shape))
    return {y:detach(), x.grad, s.grad, w.grad, b.grad}
  end
  local a, b = run(true), run(false)
  for i = 1, #b do check.close(a[i], b[i], {rtol = 1e-5, atol = 2e-6}) end
end)

check.case("nothing is lost far from zero", function()
  local x = rm.randn(64, 8, 7, 7)
  local near = x:batch_norm(nil, nil, nil, nil, {training = true})
  local far = (x * 1 + 4096):batch_norm(nil, nil, nil, nil, {training = true})
  check.close(far, near, {atol = 1e-3})  -- 4096 + x keeps about 4 digits of x
end)

check.case("errors", function()
  local x = rm.randn(4, 3, 2, 2)
  check.error(function() rm.randn(3):batch_norm() end,
    "batch_norm: x is (3), expected (N, C), (N, C, L) or (N, C, H, W)")
  check.error(function() x:batch_norm(nil, nil, nil, nil, {momentun = 1}) end, "did you mean \"momentum\"")
  check.error(function() x:byte():batch_norm() end, "batch_norm: x is uint8, expected float32 (use x:float())")
  check.error(function() rm.randn(1, 3):batch_norm(nil, nil, nil, nil, {training = true}) end,
    "training needs more than one value per channel, x is (1, 3)")
end)

check.case("a batch of no images is normalized to none and moves no statistics, as in PyTorch 1.13", function()
  for _, shape in ipairs {{0, 3}, {0, 3, 2, 2}, {2, 3, 0, 2}} do
    for _, training in ipairs {true, false} do
      local mean, var = rm.tensor {1, 2, 3}, rm.tensor {4, 5, 6}
      local weight, bias = rm.ones(3), rm.zeros(3)
      local x = rm.zeros(shape)
      for _, t in ipairs {x, weight, bias} do t.requires_grad = true end
      local y = x:batch_norm(weight, bias, mean, var, {training = training, relu = true})
      check.shape(y, shape)
      y:sum():backward()
      check.shape(x.grad, shape)
      check.equal({weight.grad:totable(), bias.grad:totable()}, {{0, 0, 0}, {0, 0, 0}})
      check.equal({mean:totable(), var:totable()}, {{1, 2, 3}, {4, 5, 6}})
    end
  end
  check.error(function() rm.zeros(2, 0):batch_norm() end, "batch_norm: x has no channels: (2, 0)")
  local bn = rm.BatchNorm2d(3)
  check.shape(bn(rm.zeros(0, 3, 2, 2)):relu(), {0, 3, 2, 2})
  check.equal(bn.running_mean:totable(), {0, 0, 0})
end)

check.case("a batch that is refused moves no statistics", function()
  for _, momentum in ipairs {0.1, false} do
    local bn = rm.BatchNorm2d(1, {momentum = momentum})
    check.error(function() bn(rm.ones(1, 1, 1, 1)) end, "more than one value per channel")
    check.error(function() bn(rm.ones(2, 1, 2, 2):byte()) end, "expected float32")
    check.error(function() bn(rm.ones(2, 2, 2, 2)) end, "x has 2 channels, expected 1")
    check.equal({bn.running_mean:item(), bn.running_var:item()}, {0, 1})
    bn(rm.ones(2, 1, 2, 2) * 5)
    check.close({bn.running_mean:item(), bn.running_var:item()}, momentum and {0.5, 0.9} or {5, 0}, {atol = 1e-6})
    check.equal(bn.num_batches_tracked:item(), 1)
  end
end)
