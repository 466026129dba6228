--- GroupNorm, LayerNorm, InstanceNorm and BatchNorm1d as modules: what they print, hold, save and refuse.
local check = require "support.check"
local rm    = require "resmoon"

local nn = rm.nn

-- One of each, with what it prints, its tensors in PyTorch's order, and an input.
local each = {
  {nn.GroupNorm(2, 6), "GroupNorm(2, 6, eps=1e-05)", "weight bias", {3, 6, 4, 5}},
  {nn.GroupNorm(3, 6, {affine = false, eps = 1e-3}), "GroupNorm(3, 6, eps=0.001, affine=false)", "", {2, 6, 7}},
  {nn.LayerNorm(5), "LayerNorm(5, eps=1e-05)", "weight bias", {3, 2, 5}},
  {nn.LayerNorm({6, 4, 5}), "LayerNorm({6, 4, 5}, eps=1e-05)", "weight bias", {2, 6, 4, 5}},
  {nn.LayerNorm(5, {elementwise_affine = false}), "LayerNorm(5, eps=1e-05, elementwise_affine=false)", "", {4, 5}},
  {nn.InstanceNorm2d(3), "InstanceNorm2d(3, eps=1e-05, momentum=0.1)", "", {2, 3, 4, 5}},
  {nn.InstanceNorm2d(3, {affine = true, track_running_stats = true, momentum = 0.2}),
   "InstanceNorm2d(3, eps=1e-05, momentum=0.2, affine=true, track_running_stats=true)",
   "weight bias running_mean running_var num_batches_tracked", {2, 3, 4, 5}},
  {nn.InstanceNorm1d(3), "InstanceNorm1d(3, eps=1e-05, momentum=0.1)", "", {2, 3, 6}},
  {nn.BatchNorm1d(3), "BatchNorm1d(3, eps=1e-05, momentum=0.1)",
   "weight bias running_mean running_var num_batches_tracked", {2, 3, 6}},
}

for _, case in ipairs(each) do
  local module, text, names, input = table.unpack(case)
  check.case(text, function()
    check.equal(tostring(module), text)
    local found = {}
    for _, name in ipairs(module:state_dict()) do found[#found + 1] = name end
    check.equal(table.concat(found, " "), names)
    check.shape(module(rm.randn(input)), input)
    check.gradients(module, rm.randn(input), {step = 1e-2, rtol = 3e-2})
    local path = os.tmpname()
    rm.save(path, module:state_dict())
    local state = rm.load(path)
    os.remove(path)
    for _, name in ipairs(module:state_dict()) do check.equal(state[name], module[name]:detach()) end
  end)
end

check.case("a network loads what another one of its kind saved", function()
  local function net()
    return nn.Sequential {
      nn.Conv2d(3, 8, 3, {padding = "same"}), nn.GroupNorm(2, 8), nn.PReLU(8),
      nn.InstanceNorm2d(8, {affine = true, track_running_stats = true}), nn.Flatten(), nn.LayerNorm(8 * 36),
    }
  end
  local a, b, x = net(), net(), rm.randn(4, 3, 6, 6)
  rm.no_grad(function() for _, p in ipairs(a:parameters()) do p:add_(rm.randn(p.shape), 0.1) end end)
  a(x)
  b:load_state_dict(a:state_dict())
  check.equal(b:eval()(x), a:eval()(x))
  check.that(not nn.Sequential.is(a[1]) and a[4].running_mean:abs():sum():item() > 0)
end)

check.case("examples do not depend on each other, nor on the mode", function()
  local x = rm.randn(5, 6, 7, 3)
  for _, module in ipairs {nn.GroupNorm(3, 6), nn.LayerNorm {6, 7, 3}, nn.InstanceNorm2d(6)} do
    local y = module(x)
    check.equal(module:eval()(x), y)
    for i = 1, 5 do check.equal(module(x[{{i, i}}]), y[{{i, i}}]) end
  end
end)

check.case("running statistics of instance norm move in training and are used in evaluation", function()
  local norm = nn.InstanceNorm2d(2, {track_running_stats = true})
  local x = rm.randn(3, 2, 4, 4) * 2 + 1
  norm(x)
  local mean, var = x:mean({3, 4}):mean(1), x:var({3, 4}):mean(1)
  check.close(norm.running_mean, mean * 0.1, {atol = 1e-6})
  check.close(norm.running_var, var * 0.1 + 0.9, {atol = 1e-5})
  check.equal(norm.num_batches_tracked:item(), 0)  -- as in PyTorch 1.13
  local before = norm.running_mean:clone()
  local y = norm:eval()(x)
  check.equal(norm.running_mean, before)
  check.close(y, x:batch_norm(nil, nil, norm.running_mean, norm.running_var), {atol = 1e-6})
end)

check.case("one image, one line: (C, H, W) and (C, L)", function()
  local x = rm.randn(3, 5, 4)
  check.equal(nn.InstanceNorm2d(3)(x), nn.InstanceNorm2d(3)(x:unsqueeze(1)):squeeze(1))
  check.shape(nn.InstanceNorm1d(3)(rm.randn(3, 5)), {3, 5})
end)

check.case("batch norm of lines is that of images of one pixel's width, and its relu joins", function()
  local a, b, x = nn.BatchNorm1d(4), nn.BatchNorm2d(4), rm.randn(3, 4, 9)
  check.equal(a(x):relu(), b(x:unsqueeze(4)):relu():squeeze(4))
  check.equal(a.running_var, b.running_var)
  check.equal(a.num_batches_tracked:item(), 1)
  check.equal(a:eval()(x), b:eval()(x:unsqueeze(4)):squeeze(4))
  check.equal(a(x) + x, b(x:unsqueeze(4)):squeeze(4) + x)
  rm.no_grad(function() check.equal(a(x):relu(), b(x:unsqueeze(4)):relu():squeeze(4)) end)
end)

check.case("a value that is not there yet can be normalized", function()
  local conv, bn = nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4):eval()
  local x = rm.randn(2, 3, 6, 6)
  rm.no_grad(function()
    local plain = bn(conv(x)):clone()
    check.close(nn.GroupNorm(2, 4)(bn(conv(x))), nn.GroupNorm(2, 4)(plain), {atol = 1e-5})
  end)
end)

check.case("a batch of no images gives none", function()
  for shape, module in pairs {[{0, 6, 4, 4}] = nn.GroupNorm(2, 6), [{0, 6}] = nn.LayerNorm(6),
                              [{0, 6, 4}] = nn.BatchNorm1d(6), [{0, 6, 3, 3}] = nn.InstanceNorm2d(6)} do
    local y = module(rm.zeros(shape))
    check.shape(y, shape)
    if module.weight then
      y:sum():backward()
      check.equal(module.weight.grad, rm.zeros(module.weight.shape))
    end
  end
end)

check.case("summaries count their parameters", function()
  local s = nn.Sequential {nn.Conv2d(3, 8, 3, {padding = "same"}), nn.GroupNorm(2, 8), nn.PReLU(8)}:summary {3, 8, 8}
  check.equal({s.parameters, s.macs, s.rows[2].type, s.rows[2].parameters},
    {224 + 16 + 8, 8 * 27 * 64, "GroupNorm", 16})
  check.equal(s.rows[2].shape, {1, 8, 8, 8})
end)

-- The mean of squares less the square of the mean has no digits left where the mean is large.
check.case("values far from 0 are normalized as those near it", function()
  for _, mean in ipairs {0, 1000, -3000, 10000} do
    local x = rm.zeros(2, 8, 8, 8) + mean
    for w = 1, 8 do x[{{}, {}, {}, w}] = mean + (w % 2 == 0 and 0.5 or -0.5) end
    for _, module in ipairs {nn.GroupNorm(2, 8), nn.LayerNorm {8, 8, 8}, nn.InstanceNorm2d(8), nn.BatchNorm2d(8)} do
      for _, layout in ipairs {"as it was made", "channels-last"} do
        local y = module(layout == "channels-last" and x:permute(1, 3, 4, 2):contiguous():permute(1, 4, 2, 3) or x)
        check.close(y[{{}, {}, {}, 2}], rm.ones(2, 8, 8), {atol = 1e-3})
        check.close(y[{{}, {}, {}, 7}], -rm.ones(2, 8, 8), {atol = 1e-3})
      end
    end
  end
end)

check.case("errors", function()
  local x = rm.randn(2, 6, 3, 3)
  check.error(function() nn.GroupNorm(4, 6) end, "GroupNorm: 6 channels cannot be divided into 4 groups")
  check.error(function() nn.GroupNorm(0, 6) end, "GroupNorm: groups is 0, expected a whole number from 1")
  check.error(function() nn.GroupNorm(2, 6, {afine = true}) end, "affine")
  check.error(function() nn.GroupNorm(2, 4)(x) end, "group_norm: weight is (4), expected (6)")
  check.error(function() nn.GroupNorm(2, 4, {affine = false})(x) end, "GroupNorm: x has 6 channels, expected 4")
  check.error(function() x:group_norm(4) end, "group_norm: 6 channels cannot be divided into 4 groups")
  check.error(function() rm.randn(1, 4):group_norm(4) end, "a group needs more than one value, x is (1, 4)")
  check.error(function() x:byte():group_norm(2) end, "group_norm: x is uint8, expected float32")
  check.error(function() nn.LayerNorm {} end, "LayerNorm: expected a size, or a list of sizes")
  check.error(function() nn.LayerNorm(4)(x) end, "layer_norm: x is (2, 6, 3, 3), expected (4) as its last dimensions")
  check.error(function() rm.randn(3):layer_norm {2, 3} end, "layer_norm: x is (3), expected (2, 3)")
  check.error(function() x:layer_norm(3, rm.ones(2)) end, "layer_norm: weight is (2), expected (3)")
  check.error(function() nn.InstanceNorm2d(4)(x) end, "InstanceNorm2d: x has 6 channels, expected 4")
  check.error(function() nn.InstanceNorm2d(6)(rm.randn(2, 6)) end,
    "InstanceNorm2d: x is (2, 6), expected (N, C, H, W) or (C, H, W)")
  check.error(function() nn.InstanceNorm2d(6)(rm.randn(2, 6, 1, 1)) end, "a channel needs more than one value")
  check.error(function() x:instance_norm(nil, nil, rm.zeros(6)) end, "running_mean and running_var come together")
  check.error(function() x:instance_norm(nil, nil, nil, nil, {use_input_stats = false}) end, "are needed")
  check.error(function() nn.BatchNorm1d(6)(x) end, "BatchNorm1d: x is (2, 6, 3, 3), expected (N, C) or (N, C, L)")
  check.error(function() nn.BatchNorm2d(6)(rm.randn(2, 6, 3)) end, "BatchNorm2d: x is (2, 6, 3), expected (N, C, H, W)")
end)
