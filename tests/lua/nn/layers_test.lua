--- Layers of the core: their protocol, their beginnings, how they print.
local check = require "support.check"
local rm    = require "resmoon"

-- One of each, with what it prints, an input and the output's shape.
local each = {
  {rm.Conv2d(3, 6, 3, {stride = 2, padding = 1, bias = false}),
   "Conv2d(3, 6, kernel_size=3, stride=2, padding=1, bias=false)", {2, 3, 7, 8}, {2, 6, 4, 4}},
  {rm.Conv2d(4, 6, {3, 1}, {groups = 2, dilation = 2}),
   "Conv2d(4, 6, kernel_size={3, 1}, stride=1, dilation=2, groups=2)", {2, 4, 7, 8}, {2, 6, 3, 8}},
  {rm.Linear(5, 3), "Linear(5, 3)", {4, 5}, {4, 3}},
  {rm.Linear(5, 3, {bias = false}), "Linear(5, 3, bias=false)", {4, 5}, {4, 3}},
  {rm.BatchNorm2d(3), "BatchNorm2d(3, eps=1e-05, momentum=0.1)", {2, 3, 4, 4}, {2, 3, 4, 4}},
  {rm.BatchNorm1d(5, {affine = false, momentum = false}), "BatchNorm1d(5, eps=1e-05, momentum=false, affine=false)",
   {4, 5}, {4, 5}},
  {rm.MaxPool2d(2, {ceil_mode = true}), "MaxPool2d(kernel_size=2, stride=2, padding=0, ceil_mode=true)",
   {1, 2, 5, 5}, {1, 2, 3, 3}},
  {rm.AvgPool2d({2, 3}, {stride = 1}), "AvgPool2d(kernel_size={2, 3}, stride=1, padding=0)", {1, 2, 5, 5},
   {1, 2, 4, 3}},
  {rm.AdaptiveAvgPool2d(1), "AdaptiveAvgPool2d(output_size=1)", {1, 2, 5, 5}, {1, 2, 1, 1}},
  {rm.ReLU(), "ReLU()", {3}, {3}},
  {rm.LeakyReLU(0.2), "LeakyReLU(negative_slope=0.2)", {3}, {3}},
  {rm.ELU(), "ELU(alpha=1)", {3}, {3}},
  {rm.Sigmoid(), "Sigmoid()", {3}, {3}},
  {rm.Tanh(), "Tanh()", {3}, {3}},
  {rm.SiLU(), "SiLU()", {3}, {3}},
  {rm.GELU(), 'GELU(approximate="none")', {3}, {3}},
  {rm.Maxout(2), "Maxout(2)", {3, 4}, {3, 2}},
  {rm.Softmax(), "Softmax(dim=-1)", {3, 4}, {3, 4}},
  {rm.LogSoftmax(1), "LogSoftmax(dim=1)", {3, 4}, {3, 4}},
  {rm.Dropout(0.25), "Dropout(p=0.25)", {3, 4}, {3, 4}},
  {rm.Flatten(), "Flatten()", {2, 3, 4, 5}, {2, 60}},
  {rm.Identity(), "Identity()", {3}, {3}},
}

for _, case in ipairs(each) do
  local layer, text, input, output = table.unpack(case)
  check.case(text, function()
    check.equal(tostring(layer), text)
    check.equal(layer.type, text:match("^%w+"))
    check.shape(layer(rm.randn(input)), output)
    check.gradients(layer, rm.randn(input), {step = 1e-2, rtol = 3e-2})
  end)
end

check.case("a layer computes what its function computes", function()
  local conv, x = rm.Conv2d(3, 4, 3, {padding = 1}), rm.randn(2, 3, 5, 5)
  check.equal(conv(x), x:conv2d(conv.weight, conv.bias, {padding = 1}))
  local pool = rm.MaxPool2d(3, {stride = 2, padding = 1})
  check.equal(pool(x), x:max_pool2d(3, {stride = 2, padding = 1}))
  check.equal(rm.GELU("tanh")(x), x:gelu("tanh"))
  check.equal(rm.LeakyReLU(0.3)(x), x:leaky_relu(0.3))
  check.equal(rm.Softmax(2)(x), x:softmax(2))
  check.equal(rm.Flatten(3)(x), x:reshape(2, 3, 25))
end)

check.case("parameters and buffers, by name and in PyTorch's order", function()
  local bn, names = rm.BatchNorm2d(4), {}
  for name, p in bn:named_parameters("layer1.0.bn1") do
    names[#names + 1] = name
    check.that(p.requires_grad and p.is_leaf)
  end
  for name, b in bn:named_buffers() do
    names[#names + 1] = name
    check.that(not b.requires_grad)
  end
  check.equal(names, {"layer1.0.bn1.weight", "layer1.0.bn1.bias", "running_mean", "running_var", "num_batches_tracked"})
  check.equal(#bn:parameters(), 2)
  check.equal(#bn:buffers(), 3)
  check.that(rawequal(bn:parameters()[1], bn.weight), "the same object each time")
  check.equal(bn.num_batches_tracked.dtype, "int64")
  check.shape(bn.num_batches_tracked, {})
  check.equal(#rm.BatchNorm2d(4, {affine = false, track_running_stats = false}):buffers(), 0)
  check.equal(rm.Linear(2, 3, {bias = false}).bias, nil)
end)

check.case("configuration can be read, a few numbers set", function()
  local conv = rm.Conv2d(3, 8, {3, 5}, {stride = 2, padding = {1, 2}, groups = 1})
  check.equal({conv.in_channels, conv.out_channels, conv.kernel_size, conv.stride, conv.padding, conv.groups},
    {3, 8, {3, 5}, 2, {1, 2}, 1})
  local bn = rm.BatchNorm1d(3, {eps = 1e-3})
  check.equal({bn.num_features, bn.eps, bn.momentum, bn.affine}, {3, 1e-3, 0.1, true})
  bn.momentum = 0.5
  check.equal(bn.momentum, 0.5)
  bn.momentum = nil
  check.equal(bn.momentum, nil)
  check.error(function() bn.num_features = 4 end, 'BatchNorm1d: the field "num_features" cannot be assigned')
  check.error(function() return bn.runing_mean end, 'did you mean "running_mean"')
end)

check.case("a parameter can be replaced by one that fits", function()
  local fc = rm.Linear(3, 2)
  local w = rm.randn(2, 3)
  fc.weight = w
  check.that(fc.weight == w and w.requires_grad and fc:parameters()[1] == w)
  check.equal(fc(rm.ones(1, 3)), rm.ones(1, 3):linear(w, fc.bias))
  check.error(function() fc.weight = rm.randn(3, 2) end, "Linear.weight: got float32 (3, 2), expected float32 (2, 3)")
  check.error(function() fc.weight = w * 2 end, "a computed tensor cannot be a parameter")
  check.error(function() fc.weight = 3 end, "Linear.weight: expected a tensor, got number")
end)

check.case("weights begin as PyTorch's: uniform in 1/sqrt(fan_in), from the init generator", function()
  rm.manual_seed(4)
  local conv = rm.Conv2d(16, 64, 3, {groups = 2})
  local bound = 1 / math.sqrt(8 * 9)
  for _, p in ipairs(conv:parameters()) do
    check.that(p:abs():max():item() <= bound)
    check.that(p:abs():max():item() > 0.95 * bound)
  end
  check.close(conv.weight:std():item(), bound / math.sqrt(3), {rtol = 0.03})
  rm.manual_seed(4)
  check.equal(rm.Conv2d(16, 64, 3, {groups = 2}).weight, conv.weight)
  local bn = rm.BatchNorm2d(3)
  check.equal(bn.weight, rm.ones(3):requires_grad_(true))
  check.equal(bn.running_var, rm.ones(3))
  check.equal(bn.running_mean, rm.zeros(3))
end)

check.case("training and evaluation differ where they should", function()
  local bn, drop, x = rm.BatchNorm1d(3), rm.Dropout(0.5), rm.randn(8, 3) + 2
  check.that(bn.training and drop.training)
  local y = bn(x)
  check.close(y:mean(1), rm.zeros(3), {atol = 1e-5})
  check.equal(bn.num_batches_tracked:item(), 1)
  check.close(bn.running_mean, x:mean(1) * 0.1, {atol = 1e-6})
  check.close(bn.running_var, x:var(1) * 0.1 + 0.9, {atol = 1e-5})
  check.that(bn:eval() == bn and not bn.training)
  check.close(bn(x), (x - bn.running_mean) / (bn.running_var + 1e-5):sqrt(), {atol = 1e-5})
  check.equal(bn.num_batches_tracked:item(), 1)
  check.equal(drop:eval()(x), x)
  check.that(drop:train()(x):eq(0):sum():item() > 0)
  drop.training = false
  check.equal(drop(x), x)
end)

check.case("momentum = false: the plain average of all batches", function()
  local bn, sum = rm.BatchNorm1d(3, {momentum = false}), rm.zeros(3)
  for i = 1, 4 do
    local x = rm.randn(6, 3) + i
    bn(x)
    sum:add_(x:mean(1))
  end
  check.close(bn.running_mean, sum / 4, {rtol = 1e-5})
end)

check.case("walking: a layer has no children; apply visits it", function()
  local fc, visited = rm.Linear(2, 2), nil
  check.that(fc:apply(function(m) visited = m end) == fc and visited == fc)
  check.equal(#fc:children(), 0)
  check.equal(fc:named_children()(), nil)
  fc(rm.ones(1, 2)):sum():backward()
  check.that(fc.weight.grad)
  fc:zero_grad()
  check.equal(fc.weight.grad, nil)
end)

check.case("layers and modules answer by the same functions", function()
  local fc = rm.Linear(2, 2)
  for _, name in ipairs {"parameters", "named_parameters", "buffers", "children", "apply", "train", "eval", "zero_grad",
                         "state_dict", "requires_grad_", "register_forward_hook"} do
    check.equal(fc[name], rm.nn.Module[name])
  end
  check.error(function() return fc.replace end, "Linear has no field or method")
  check.error(function() fc:apply(3) end, "apply: expected a function, got a number")
  check.error(function() fc.train() end, "train: expected a module, got nothing")
  check.that(fc:train(false).training == false and fc:train().training)
end)

check.case("a parameter shared by two layers comes once, and has both names", function()
  local net = rm.nn.Sequential {rm.Linear(3, 3, {bias = false}), rm.Linear(3, 3)}
  net[2].weight = net[1].weight
  local names = {}
  for name in net:named_parameters() do names[#names + 1] = name end
  check.equal(names, {"0.weight", "1.bias"})
  check.equal(#net:parameters(), 2)
  local state = net:state_dict()
  check.equal(table.concat(state, " "), "0.weight 1.weight 1.bias")
end)

check.case("a tensor that some layers do without is nil where it is absent", function()
  local bare = rm.BatchNorm2d(3, {affine = false, track_running_stats = false})
  for _, name in ipairs {"weight", "bias", "running_mean", "running_var", "num_batches_tracked"} do
    check.equal(bare[name], nil)
    check.equal(rm.ReLU()[name], nil)
  end
  check.equal(rm.Conv2d(1, 1, 1, {bias = false}).bias, nil)
  check.error(function() return rm.ReLU().weigth end, "ReLU has no field or method \"weigth\"")
end)

check.case("a batch that is refused is not counted", function()
  for _, bn in ipairs {rm.BatchNorm2d(3), rm.BatchNorm2d(3, {momentum = false})} do
    local mean = bn.running_mean:clone()
    check.error(function() bn(rm.ones(1, 3, 1, 1)) end, "more than one value per channel")
    check.error(function() bn(rm.ones(2, 3, 2, 2):long()) end, "float32")
    check.shape(bn(rm.ones(0, 3, 2, 2)), {0, 3, 2, 2})   -- nor is one of no images, which is fine
    check.error(function() bn(rm.ones(2, 4, 2, 2)) end, "x has 4 channels, expected 3")
    check.equal(bn.num_batches_tracked:item(), 0)
    check.equal(bn.running_mean, mean)
    bn(rm.randn(2, 3, 2, 2))
    check.equal(bn.num_batches_tracked:item(), 1)
  end
end)

check.case("Identity gives back what it is given, whatever it is", function()
  local identity, given = rm.Identity(), {1}
  check.that(rawequal(identity(given), given))
  local x = rm.ones(2)
  check.that(rawequal(identity(x), x))
end)

check.case("a dropped layer frees its tensors", function()
  collectgarbage()
  local before = rm.live_tensors()
  do local _ = {rm.Conv2d(8, 8, 3), rm.BatchNorm2d(8)} end
  collectgarbage()
  collectgarbage()
  check.equal(rm.live_tensors(), before)
end)

check.case("errors", function()
  local conv = rm.Conv2d(3, 4, 3)
  check.error(function() conv(rm.randn(2, 4, 5, 5)) end, "conv2d: x has 4 channels, weight expects 3")
  check.error(function() conv(3) end, "Conv2d: expected a tensor, got number")
  check.error(function() rm.BatchNorm2d(3)(rm.randn(2, 4, 5, 5)) end,
    "BatchNorm2d: x has 4 channels, expected 3\n  x  (2, 4, 5, 5)")
  check.error(function() rm.BatchNorm2d(3)(rm.randn(2, 3)) end, "BatchNorm2d: x is (2, 3), expected (N, C, H, W)")
  check.error(function() rm.Conv2d(3, 4, 3, {groups = 2}) end, "3 and 4 channels cannot be divided into 2 groups")
  check.error(function() rm.Conv2d(3, 0, 3) end, "Conv2d: channels must be at least 1, got 3 and 0")
  check.error(function() rm.Conv2d(3, 4, 3, {pading = 1}) end, 'unknown option "pading", did you mean "padding"')
  check.error(function() rm.Linear("a", 2) end, "Linear: argument 1: expected a whole number, got a")
  check.error(function() rm.Dropout(-1) end, "Dropout: p must be a probability, 0 to 1, got -1")
  check.error(function() rm.Flatten(3)(rm.ones(2, 2)) end, "Flatten: x is (2, 2), it has no dimensions 3 to -1")
end)
