--- What operators compute, as digests: a case gives tensors, and the digest is over their bytes.
-- Shapes are small, but reach each way of computing and its remainders. tests/lua/train/bits_test.lua runs this file
-- with each instruction set and compares what it prints with tests/reference/bits/operators.txt.
-- Arguments: numbers of threads. tests/faults takes the cases from here, too.
local rm = require "resmoon"
local nn, optim = rm.nn, rm.optim

local cases = {}
local function case(name, run) cases[#cases + 1] = {name = name, run = run} end

local generator
-- Between -1 and 1, the same whatever was drawn before.
local function drawn(sizes) return rm.rand(sizes, {generator = generator}) * 2 - 1 end
local function draw(...) return drawn {...} end
local function wants(x) return x:requires_grad_() end

-- y and the gradients of the sum of y times fixed numbers.
local function with_gradients(f, inputs)
  for _, x in ipairs(inputs) do wants(x) end
  local y = f(table.unpack(inputs))
  local all = {y:detach()}
  ;(y * drawn(y.shape)):sum():backward()
  for _, x in ipairs(inputs) do all[#all + 1] = x.grad end
  return all
end

-- --- convolutions: N, C, H, W, K, R, S, options ---------------------------------------------------------------
local convolutions = {
  {"winograd, blocks", 3, 16, 9, 10, 20, 3, 3, {padding = 1}},
  {"winograd, ragged channels", 2, 13, 8, 8, 35, 3, 3, {padding = 1}},
  {"winograd, no padding", 2, 24, 11, 7, 12, 3, 3, {}},
  {"winograd, many tiles", 20, 16, 16, 16, 16, 3, 3, {padding = 1}},
  {"winograd, 64 channels", 9, 64, 8, 8, 64, 3, 3, {padding = 1}},
  {"winograd, positions", 3, 128, 8, 8, 136, 3, 3, {padding = 1}},
  {"winograd, panels", 2, 256, 4, 4, 264, 3, 3, {padding = 1}},
  {"strassen", 5, 64, 8, 8, 128, 1, 1, {}},
  {"strassen, weights too", 5, 256, 8, 8, 256, 1, 1, {}},
  {"strassen, weights of groups", 8, 128, 15, 16, 128, 1, 1, {}},
  {"strassen, weights in chunks", 1, 64, 157, 158, 256, 1, 1, {}},
  {"strassen, stride 2", 7, 64, 13, 13, 128, 1, 1, {stride = 2}},
  {"direct, 5x5", 3, 6, 14, 14, 16, 5, 5, {}},
  {"direct, 3 to 16", 3, 3, 12, 12, 16, 3, 3, {padding = 1}},
  {"direct, 1 to 6", 3, 1, 16, 16, 6, 5, 5, {padding = 2}},
  {"direct, stem", 2, 3, 21, 21, 64, 7, 7, {stride = 2, padding = 3}},
  {"direct, stride 2", 5, 16, 9, 8, 32, 3, 3, {stride = 2, padding = 1}},
  {"strided", 30, 64, 16, 16, 80, 3, 3, {stride = 2, padding = 1}},
  {"strided, ragged tiles", 3, 64, 15, 14, 64, 3, 3, {stride = 2, padding = 1}},
  {"strided, many channels", 2, 128, 8, 8, 144, 3, 3, {stride = 2, padding = 1}},
  {"direct, 1x1", 4, 33, 5, 5, 50, 1, 1, {}},
  {"direct, 1x1, stride 2", 3, 16, 9, 9, 40, 1, 1, {stride = 2}},
  {"direct, dilation", 2, 10, 11, 11, 18, 3, 3, {padding = 2, dilation = 2}},
  {"direct, groups", 2, 12, 9, 9, 24, 3, 3, {padding = 1, groups = 3}},
  {"direct, depthwise", 2, 8, 9, 9, 8, 3, 3, {padding = 1, groups = 8}},
  {"large 1x1", 9, 480, 4, 4, 200, 1, 1, {}},
  {"9x9", 2, 5, 14, 14, 19, 9, 9, {padding = 4}},
  {"9x9, groups", 2, 6, 12, 12, 8, 9, 9, {padding = 4, groups = 2}},
}
for _, c in ipairs(convolutions) do
  local name, n, channels, h, w, k, r, s, options = table.unpack(c)
  case("conv2d " .. name, function()
    local groups = options.groups or 1
    local x, weight = draw(n, channels, h, w), draw(k, channels // groups, r, s)
    return with_gradients(function(a, b, d) return a:conv2d(b, d, options) end, {x, weight, draw(k)})
  end)
  case("conv2d without gradients, " .. name, function()
    local conv, bn = nn.Conv2d(channels, k, r, options), nn.BatchNorm2d(k)
    local x = draw(n, channels, h, w)
    local y
    bn:eval()
    rm.no_grad(function() y = bn(conv(x)):relu():contiguous() end)
    return {y}
  end)
end

-- --- linear: rows, inputs, outputs ------------------------------------------------------------------------------
for _, c in ipairs {{3, 5, 7}, {32, 784, 100}, {128, 64, 10}, {1, 300, 33}, {17, 33, 1000}, {128, 600, 300}} do
  case(("linear %d x %d x %d"):format(table.unpack(c)), function()
    return with_gradients(function(x, w, b) return x:linear(w, b) end, {draw(c[1], c[2]), draw(c[3], c[2]), draw(c[3])})
  end)
end

-- --- batch norm -----------------------------------------------------------------------------------------------
for _, shape in ipairs {{6, 3}, {32, 20}, {4, 16, 7, 7}, {3, 65, 5, 6}, {2, 300, 3, 3}, {40, 24, 16, 16}} do
  local c = shape[2]
  for _, how in ipairs {"plain", "relu", "add", "add, relu", "fixed"} do
    case(("batch_norm %s (%s)"):format(how, table.concat(shape, ", ")), function()
      local mean, var = draw(c), draw(c) + 2
      local inputs = {drawn(shape) * 3 + 5, draw(c), draw(c), how:find "add" and drawn(shape) or nil}
      local all = with_gradients(function(x, weight, bias, add)
        return x:batch_norm(weight, bias, mean, var,
                            {training = how ~= "fixed", add = add, relu = how:find "relu" ~= nil})
      end, inputs)
      all[#all + 1], all[#all + 2] = mean, var
      return all
    end)
  end
end

for _, shape in ipairs {{3, 8, 7, 7}, {2, 24, 5, 6}, {2, 64, 9, 9}} do
  local text, c = table.concat(shape, ", "), shape[2]
  case(("group_norm (%s)"):format(text), function()
    return with_gradients(function(x, w, b) return x:group_norm(4, w, b) end, {drawn(shape) * 3 + 2, draw(c), draw(c)})
  end)
  case(("layer_norm (%s)"):format(text), function()
    return with_gradients(function(x, w, b) return x:layer_norm({shape[3], shape[4]}, w, b) end,
                          {drawn(shape) * 3 + 2, draw(shape[3], shape[4]), draw(shape[3], shape[4])})
  end)
  case(("instance_norm (%s)"):format(text), function()
    return with_gradients(function(x, w, b) return x:instance_norm(w, b, nil, nil) end,
                          {drawn(shape) * 3 + 2, draw(c), draw(c)})
  end)
end

-- --- pooling ------------------------------------------------------------------------------------------------------
local pools = {
  {"max_pool2d", 2}, {"max_pool2d", 3, {stride = 2, padding = 1}}, {"max_pool2d", 3, {stride = 1, padding = 1}},
  {"avg_pool2d", 2}, {"avg_pool2d", 3, {stride = 2, padding = 1}}, {"adaptive_avg_pool2d", 1},
  {"adaptive_avg_pool2d", 3},
}
for i, pool in ipairs(pools) do
  for _, c in ipairs {3, 16, 70} do
    case(("%s %d, %d channels"):format(pool[1], i, c), function()
      return with_gradients(function(x) return x[pool[1]](x, pool[2], pool[3]) end, {draw(3, c, 11, 10)})
    end)
  end
end

-- --- elementwise: 1,003 elements, of a range that the operator takes ----------------------------------------------
for _, name in ipairs {"neg", "abs", "sign", "square", "exp", "floor", "ceil", "round", "relu", "leaky_relu", "elu",
                       "sigmoid", "tanh", "silu", "gelu", "reciprocal", "hardtanh", "relu6", "hardsigmoid",
                       "hardswish", "softplus"} do
  case(name, function() return with_gradients(function(x) return x[name](x) end, {draw(17, 59) * 6}) end)
end
for _, name in ipairs {"trunc", "expm1", "sin", "cos", "tan", "atan", "erf", "logsigmoid"} do
  case(name, function() return with_gradients(function(x) return x[name](x) end, {draw(17, 59) * 6}) end)
end
for _, name in ipairs {"asin", "acos"} do
  case(name, function() return with_gradients(function(x) return x[name](x) end, {draw(17, 59) * 0.99}) end)
end
for _, name in ipairs {"log2", "log10", "log1p", "rsqrt"} do
  case(name, function() return with_gradients(function(x) return x[name](x) end, {draw(17, 59) + 1.5}) end)
end
for _, name in ipairs {"sqrt", "log"} do
  case(name, function() return with_gradients(function(x) return x[name](x) end, {draw(17, 59) + 1.5}) end)
end
case("gelu by tanh", function() return with_gradients(function(x) return x:gelu "tanh" end, {draw(17, 59) * 4}) end)
case("clamp", function() return with_gradients(function(x) return x:clamp(-0.5, 0.6) end, {draw(17, 59)}) end)
for _, name in ipairs {"add", "sub", "mul", "div", "maximum", "minimum", "pow", "floor_divide", "remainder"} do
  case(name, function()
    return with_gradients(function(a, b) return a[name](a, b) end, {draw(17, 59) + 1.2, draw(59) + 1.5})
  end)
end
case("pow of a number", function()
  local all = {}
  for _, y in ipairs {2, 3, -1, 0.5, 0.37, 11.5} do
    for _, t in ipairs(with_gradients(function(x) return x:pow(y) end, {draw(5, 201) + 1.1})) do all[#all + 1] = t end
  end
  return all
end)
case("maxout", function() return with_gradients(function(x) return x:maxout(3) end, {draw(5, 33, 4, 4)}) end)
case("dropout", function() return with_gradients(function(x) return x:dropout(0.3) end, {draw(7, 123)}) end)
case("normalize", function()
  return {(draw(3, 3, 9, 9) * 100 + 120):byte():normalize({0.49, 0.48, 0.44}, {0.24, 0.24, 0.26})}
end)

for _, name in ipairs {"PReLU", "Dropout2d", "StochasticDepth"} do
  case("nn." .. name, function()
    local module = name == "StochasticDepth" and nn[name](0.4, "row") or nn[name]()
    return with_gradients(function(x) return module(x) end, {draw(5, 12, 4, 3)})
  end)
end

-- --- images -------------------------------------------------------------------------------------------------------
local transforms = rm.data.transforms
local some = {
  resize = transforms.resize {21, 33}, ["a random part"] = transforms.random_resized_crop(16),
  ["ImageNet, training"] = transforms.imagenet_train(24), ["ImageNet, test"] = transforms.imagenet_test(24),
  rotation = transforms.random_rotation(30, {interpolation = "bilinear"}), erasing = transforms.random_erasing {p = 1},
  ["colors"] = transforms.color_jitter {brightness = 0.4, contrast = 0.4, saturation = 0.4, hue = 0.1},
}
local names = {}
for name in pairs(some) do names[#names + 1] = name end
table.sort(names)
local function generator_of(i) return rm.generator(i) end
for _, name in ipairs(names) do
  case("transforms: " .. name, function()
    local images = rm.data.shapes10({size = 12}):all_images()
    return {images, transforms.apply(images, some[name], generator_of)}
  end)
end
case("JPEG and PNG", function()
  local all = {}
  for _, file in ipairs {"420.jpg", "422.jpg", "440.jpg", "444.jpg", "420.png"} do
    all[#all + 1] = rm.data.read_image("tests/lua/data/pictures/" .. file)
  end
  return all
end)
for _, name in ipairs {"mixup", "cutmix"} do
  case(name, function()
    local labels = rm.randint(1, 5, {9}, {generator = generator})
    return {(rm.data[name](draw(9, 3, 8, 8), labels, {alpha = 0.4, generator = generator}))}
  end)
end

-- --- sums -----------------------------------------------------------------------------------------------------
local shapes = {{5}, {3, 70}, {7, 5000}, {4, 9, 33}, {3, 40, 7, 9}}
for _, name in ipairs {"sum", "mean", "var", "std", "norm", "prod"} do
  for _, shape in ipairs(shapes) do
    case(("%s (%s)"):format(name, table.concat(shape, ", ")), function()
      local all = {}
      local function add(f)
        for _, t in ipairs(with_gradients(f, {drawn(shape) * 0.2 + 1})) do all[#all + 1] = t end
      end
      add(function(x) return x[name](x) end)
      for d = 1, #shape do
        add(function(x) if name == "norm" then return x:norm(2, d) end return x[name](x, d) end)
      end
      return all
    end)
  end
end

-- --- softmax and losses --------------------------------------------------------------------------------------------
for _, name in ipairs {"softmax", "log_softmax"} do
  for d = 1, 3 do
    case(("%s over dimension %d"):format(name, d), function()
      return with_gradients(function(x) return x[name](x, d) end, {draw(6, 101, 9) * 8})
    end)
  end
end
for i, o in ipairs {{}, {label_smoothing = 0.1}, {reduction = "sum"}, {ignore_index = 3}, {weighted = true}} do
  case("cross_entropy " .. i, function()
    local labels = rm.randint(1, 13, {37}, {generator = generator})
    local options = {label_smoothing = o.label_smoothing, reduction = o.reduction, ignore_index = o.ignore_index,
                     weight = o.weighted and draw(13) + 1.5 or nil}
    return with_gradients(function(x) return x:cross_entropy(labels, options) end, {draw(37, 13) * 5})
  end)
end
for _, name in ipairs {"logsumexp", "cumsum"} do
  for d = 1, 3 do
    case(("%s over dimension %d"):format(name, d), function()
      return with_gradients(function(x) return x[name](x, d) end, {draw(6, 101, 9) * 8})
    end)
  end
end
for _, name in ipairs {"l1_loss", "smooth_l1_loss", "binary_cross_entropy_with_logits"} do
  case(name, function()
    return with_gradients(function(a, b) return a[name](a, b) end, {draw(9, 77) * 3, draw(9, 77) * 0.5 + 0.5})
  end)
end
case("mse_loss", function()
  return with_gradients(function(a, b) return a:mse_loss(b) end, {draw(9, 77), draw(9, 77)})
end)

-- --- random numbers and first weights -----------------------------------------------------------------------------
local function of_numbers(list) return {rm.tensor(list)} end
case("uniform, normal, bernoulli", function()
  return {rm.rand(1001, {generator = generator}), rm.randn(40001, {generator = generator}),
          rm.zeros(1001):bernoulli_(0.3, generator), rm.randint(1, 1000, {999}, {generator = generator}),
          rm.randperm(500, {generator = generator})}
end)
case("numbers of a generator", function()
  local list = {}
  for i = 1, 500 do list[i] = i % 2 == 0 and generator:normal() or generator:uniform() end
  return of_numbers(list)
end)

-- --- optimizers: 5 steps ------------------------------------------------------------------------------------------
local optimizers = {
  {"SGD", {lr = 0.1}}, {"SGD", {lr = 0.1, momentum = 0.9, weight_decay = 1e-3}},
  {"SGD", {lr = 0.1, momentum = 0.9, nesterov = true, weight_decay = 1e-3}},
  {"SGD", {lr = 0.1, momentum = 0.9, dampening = 0.2}},
  {"Adam", {lr = 0.01}}, {"Adam", {lr = 0.01, weight_decay = 0.1}}, {"AdamW", {lr = 0.01, weight_decay = 0.1}},
  {"RMSprop", {lr = 0.01}}, {"RMSprop", {lr = 0.01, momentum = 0.9, centered = true, weight_decay = 0.1}},
}
for i, o in ipairs(optimizers) do
  case(("%s %d"):format(o[1], i), function()
    local p, q = wants(draw(33, 31)), wants(draw(5))
    local optimizer = optim[o[1]]({p, q}, o[2])
    for _ = 1, 5 do
      optimizer:zero_grad()
      ;((p * p * draw(33, 31)):sum() + (q * draw(5)):sum()):backward()
      optimizer:step()
    end
    return {p:detach(), q:detach()}
  end)
end
case("clip_grad_norm", function()
  local p = wants(draw(77, 70))
  ;(p * p):sum():backward()
  local norm = optim.clip_grad_norm({p}, 0.5)
  return {p.grad, rm.tensor {norm}}
end)

--- Before each case.
function cases.begin()
  rm.manual_seed(1)
  generator = rm.generator(7)
end

for _, threads in ipairs(arg) do
  rm.set_num_threads(math.tointeger(threads))
  for _, c in ipairs(cases) do
    cases.begin()
    local hash = rm.sha256()
    for _, t in ipairs(c.run()) do hash:update(t) end
    print(c.name .. "\t" .. hash:digest():sub(1, 16))
  end
end

return cases
