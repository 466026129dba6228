--- Borders: x:pad's modes, the padding of Conv2d, pads as modules; and one image alone, dilated maxima.
local check = require "support.check"
local rm    = require "resmoon"

local nn = rm.nn

check.case("what stands around a row", function()
  local x = rm.tensor {1, 2, 3}
  check.equal(x:pad({2, 1}, "reflect"):totable(), {3, 2, 1, 2, 3, 2})
  check.equal(x:pad({2, 5}, "replicate"):totable(), {1, 1, 1, 2, 3, 3, 3, 3, 3, 3})
  check.equal(x:pad({3, 1}, "circular"):totable(), {1, 2, 3, 1, 2, 3, 1})
  check.equal(x:pad({1, 1}, "constant", 7):totable(), {7, 1, 2, 3, 7})
  check.equal(x:pad({1, 1}, 7):totable(), {7, 1, 2, 3, 7})
  check.equal(x:pad({1, 0}, "constant"):totable(), {0, 1, 2, 3})
  check.equal(rm.tensor({1, 2, 3}, "int64"):pad({1, 1}, "reflect"):totable(), {2, 1, 2, 3, 2})
  check.that(rm.tensor({1, 2}, "uint8"):pad({0, 1}, "replicate").dtype == "uint8")
end)

check.case("every mode against its definition, in both dimensions", function()
  local from = {
    reflect = function(i, n) return i < 1 and 2 - i or i > n and 2 * n - i or i end,
    replicate = function(i, n) return math.max(1, math.min(n, i)) end,
    circular = function(i, n) return (i - 1) % n + 1 end,
  }
  local x = rm.randn(2, 3, 4, 5)
  for mode, source in pairs(from) do
    local y = x:pad({1, 3, 2, 0}, mode)
    check.shape(y, {2, 3, 6, 9})
    for i = 1, 6 do
      for j = 1, 9 do
        check.equal(y[{{}, {}, i, j}], x[{{}, {}, source(i - 2, 4), source(j - 1, 5)}])
      end
    end
    check.gradients(function(t) return t:pad({1, 3, 2, 0}, mode) end, x, {step = 0.1, rtol = 1e-3})
    check.equal(x:pad({0, 0}, mode), x)
  end
end)

check.case("pads as modules", function()
  local x = rm.randn(2, 3, 4, 5)
  for name, mode in pairs {ReflectionPad2d = "reflect", ReplicationPad2d = "replicate", ZeroPad2d = "constant"} do
    check.equal(nn[name](2)(x), x:pad({2, 2, 2, 2}, mode))
    check.equal(nn[name] {1, 0, 2, 3}(x[1]), x[1]:pad({1, 0, 2, 3}, mode))
    check.equal(tostring(nn[name] {1, 0, 2, 3}), name .. "({1, 0, 2, 3})")
  end
  check.equal(nn.ConstantPad2d(1, 2.5)(x), x:pad({1, 1, 1, 1}, 2.5))
  check.equal(tostring(nn.ConstantPad2d(1, 2.5)), "ConstantPad2d({1, 1, 1, 1}, value=2.5)")
  check.equal(#nn.ReflectionPad2d(1):parameters(), 0)
end)

check.case("padding = \"same\" keeps the size, whatever kernel and dilation", function()
  for _, k in ipairs {1, 2, 3, 4, {5, 2}} do
    for d = 1, 3 do
      local conv = nn.Conv2d(2, 3, k, {padding = "same", dilation = d})
      check.shape(conv(rm.randn(2, 2, 9, 8)), {2, 3, 9, 8})
    end
  end
  local conv, x = nn.Conv2d(2, 3, 3, {padding = "same"}), rm.randn(2, 2, 6, 6)
  check.equal(conv(x), x:conv2d(conv.weight, conv.bias, {padding = 1}))
  check.equal(x:conv2d(conv.weight, nil, {padding = "same"}), x:conv2d(conv.weight, nil, {padding = 1}))
  check.equal(x:conv2d(conv.weight, nil, {padding = "valid"}), x:conv2d(conv.weight))
  check.equal(conv.padding, "same")
  check.equal(tostring(conv), 'Conv2d(2, 3, kernel_size=3, stride=1, padding="same")')
  check.equal({nn.Conv2d(2, 3, 3, {padding = "valid"}).padding, nn.Conv2d(2, 3, 3).padding_mode}, {0, "zeros"})
end)

check.case("padding_mode pads first, in training, inference and behind a batch norm alike", function()
  local x = rm.randn(2, 3, 6, 7)
  for _, mode in ipairs {"reflect", "replicate", "circular"} do
    local conv, bn = nn.Conv2d(3, 4, {3, 5}, {padding = {1, 2}, padding_mode = mode}), nn.BatchNorm2d(4):eval()
    rm.no_grad(function() bn.running_mean:add_(rm.randn(4)) end)
    local right = x:pad({2, 2, 1, 1}, mode):conv2d(conv.weight, conv.bias)
    check.equal(conv(x), right)
    check.equal(rm.no_grad(conv, x), right:detach())
    check.equal(rm.no_grad(function() return bn(conv(x)):relu() end), bn(right):relu():detach())
    check.that(tostring(conv):find('padding={1, 2}, padding_mode="' .. mode .. '"', 1, true), tostring(conv))
    check.gradients(conv, x, {step = 0.1, rtol = 1e-3})
  end
end)

check.case("one image alone: convolution and pooling of (C, H, W), recorded or not", function()
  local x = rm.randn(3, 9, 8)
  for _, layer in ipairs {
    nn.Conv2d(3, 4, 3, {stride = 2, padding = 1}), nn.Conv2d(3, 4, 4, {padding = "same"}), nn.MaxPool2d(2),
    nn.MaxPool2d(3, {dilation = 2, padding = 1}), nn.AvgPool2d(3, {stride = 2}), nn.AdaptiveAvgPool2d({2, 3}),
  } do
    check.equal(layer(x), layer(x:unsqueeze(1)):squeeze(1))
    check.equal(rm.no_grad(layer, x), layer(x):detach())
    check.gradients(layer, rm.randperm(3 * 9 * 8):float():reshape(3, 9, 8) / 10, {step = 0.04, rtol = 1e-2})
  end
  local y, at = x:max_pool2d(2, {return_indices = true})
  check.shape(y, {3, 4, 4})
  check.shape(at, {3, 4, 4})
end)

check.case("dilated maxima against their definition, with NaN and windows that are all padding", function()
  local nan = 0 / 0
  for _, o in ipairs {{2, 1, 0, 2}, {3, 2, 1, 2}, {2, 1, 1, 4}, {3, 1, 1, 3}} do
    local k, stride, padding, d = table.unpack(o)
    local x = rm.randint(0, 5, {2, 3, 8, 9}):float()
    x = rm.where(rm.rand(x.shape):lt(0.1), rm.full(x.shape, nan), x)
    local list = x:totable()
    x.requires_grad = true
    local y, at = x:max_pool2d(k, {stride = stride, padding = padding, dilation = d, return_indices = true})
    y:backward(rm.ones(y.shape))
    local values, places, grad = y:totable(), at:totable(), rm.zeros(x.shape):totable()
    for n = 1, 2 do for c = 1, 3 do for i = 1, y:size(3) do for j = 1, y:size(4) do
      local best, place = -math.huge, 0
      for r = 0, k - 1 do for s = 0, k - 1 do
        local h, w = (i - 1) * stride - padding + r * d + 1, (j - 1) * stride - padding + s * d + 1
        local v = h >= 1 and h <= 8 and w >= 1 and w <= 9 and list[n][c][h][w]
        if v and (v ~= v or v > best or place == 0) then best, place = v, (h - 1) * 9 + w end
      end end
      local actual = values[n][c][i][j]
      check.that(actual == best or actual ~= actual and best ~= best, ("%s is not %s"):format(actual, best))
      check.equal(places[n][c][i][j], place)
      if place > 0 then
        local row = grad[n][c][(place - 1) // 9 + 1]
        row[(place - 1) % 9 + 1] = row[(place - 1) % 9 + 1] + 1
      end
    end end end end
    check.equal(x.grad:totable(), grad)
  end
  check.equal(rm.ones(1, 1, 2, 2):max_pool2d(2, {padding = 1, dilation = 3}):item(), -math.huge)  -- as in PyTorch 1.13
  check.equal(nn.MaxPool2d(2, {dilation = {1, 2}}).dilation, {1, 2})
  check.equal(tostring(nn.MaxPool2d(2, {dilation = 2})), "MaxPool2d(kernel_size=2, stride=2, padding=0, dilation=2)")
end)

check.case("errors", function()
  local x = rm.randn(1, 2, 4, 5)
  check.error(function() x:pad({5, 0}, "reflect") end, "pad: reflect: dimension 4 has 5 elements, for 5 and 0 around")
  check.error(function() x:pad({0, 0, 0, 5}, "circular") end, "pad: circular: dimension 3 has 4 elements")
  check.error(function() rm.zeros(2, 0):pad({1, 0}, "replicate") end, "pad: replicate: dimension 2 has 0 elements")
  check.error(function() x:pad({1, 0}, "reflekt") end, 'unknown kind of padding "reflekt" (did you mean "reflect"?)')
  check.error(function() x:pad({1, 0}, "reflect", 3) end, 'pad: mode "reflect" takes no value')
  check.error(function() nn.ReflectionPad2d {1, 2} end, "ReflectionPad2d: padding is 2 numbers")
  check.error(function() nn.ZeroPad2d(-1) end, "ZeroPad2d: padding 1 is -1, expected a whole number, not negative")
  check.error(function() nn.ZeroPad2d(1)(rm.zeros(2, 3)) end, "ZeroPad2d: x is (2, 3), expected (N, C, H, W)")
  check.error(function() nn.ConstantPad2d(1) end, "ConstantPad2d: value is nil, expected a number")
  check.error(function() nn.Conv2d(2, 2, 3, {padding = "same", stride = 2}) end,
    'padding="same" goes with stride 1 only')
  check.error(function() nn.Conv2d(2, 2, 3, {padding = "all"}) end, 'Conv2d: padding is "all", expected a number')
  check.error(function() nn.Conv2d(2, 2, 3, {padding_mode = "mirror"}) end, 'Conv2d: unknown kind of padding "mirror"')
  check.error(function() nn.Conv2d(2, 2, 3, {padding = 7, padding_mode = "reflect"})(x) end,
    "pad: reflect: dimension 3")
  check.error(function() nn.MaxPool2d(3, {dilation = 3})(x) end,
    "max_pool2d: the window's height 7 exceeds the image's 4")
  check.error(function() nn.MaxPool2d(2, {dilation = 0}) end, "dilation must be at least 1")
  check.error(function() nn.AvgPool2d(2, {dilation = 2}) end, 'unknown option "dilation"')
  check.error(function() rm.zeros(4, 5):max_pool2d(2) end,
    "max_pool2d: x is (4, 5), expected (N, C, H, W) or (C, H, W)")
end)
