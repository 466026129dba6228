--- Pooling and dropout: references, gradients, errors.
local check = require "support.check"
local rm    = require "resmoon"

for i = 1, 7 do check.reference(("ops/max_pool2d_%02d"):format(i)) end
for i = 1, 6 do check.reference(("ops/avg_pool2d_%02d"):format(i)) end
for i = 1, 3 do check.reference(("ops/adaptive_avg_pool2d_%02d"):format(i)) end

check.case("gradients", function()
  -- distinct values, further apart than the step: no maximum changes
  local x = (rm.arange(2 * 3 * 5 * 6):float() * 7919 % 180 / 10):reshape(2, 3, 5, 6)
  local options = {step = 0.04, rtol = 1e-3}
  check.gradients(function(t) return t:max_pool2d(3, {stride = 2, padding = 1}) end, x, options)
  check.gradients(function(t) return t:avg_pool2d({2, 3}, {padding = {0, 1}}) end, x, options)
  check.gradients(function(t) return t:adaptive_avg_pool2d({2, 4}) end, x, options)
  check.gradients(function(t) return t:dropout(0.4) end, x, options)
end)

check.case("max_pool2d's indices count from 1 within an image", function()
  local x = rm.tensor {{{{1, 5, 2}, {7, 3, 9}, {4, 8, 6}}}}
  local y, at = x:max_pool2d(2, {stride = 1, return_indices = true})
  check.equal(y:totable(), {{{{7, 9}, {8, 9}}}})
  check.equal(at:totable(), {{{{4, 6}, {8, 6}}}})
end)

-- {y, positions, dx} of a max pooling, the gradient of whose outputs is 1.
local function pooled(list, size, options)
  options = options or {}
  options.return_indices = true
  local x = rm.tensor(list, {requires_grad = true})
  local y, at = x:max_pool2d(size, options)
  y:sum():backward()
  return {at:totable(), x.grad:totable()}
end

check.case("max_pool2d: a NaN wins, and the last one of a window gets its gradient, as in PyTorch 1.13", function()
  local nan = 0 / 0
  check.equal(pooled({{{{1, nan}, {3, 2}}}}, 2), {{{{{2}}}}, {{{{0, 1}, {0, 0}}}}})
  check.equal(pooled({{{{nan, 1, 5, 7}, {3, nan, 7, 6}}}}, 2), {{{{{6, 4}}}}, {{{{0, 0, 0, 1}, {0, 1, 0, 0}}}}})
  check.equal(pooled({{{{nan, 1, nan}, {3, nan, 7}, {2, 2, 2}}}}, 3, {stride = 2, padding = 1}),
              {{{{{5, 5}, {5, 5}}}}, {{{{0, 0, 0}, {0, 4, 0}, {0, 0, 0}}}}})
  -- images of many channels, each with its NaN elsewhere: gradients go where the positions say
  for _, shape in ipairs {{2, 37, 4, 6}, {1, 3, 6, 6}, {3, 64, 2, 2}, {2, 130, 5, 7}} do
    for _, how in ipairs {{2, {}}, {3, {stride = 2, padding = 1}}, {{2, 3}, {stride = 1}}} do
      local x = rm.randint(0, 4, shape):float()
      x = rm.where(rm.rand(shape):lt(0.2), rm.full(shape, nan), x)
      x.requires_grad = true
      how[2].return_indices = true
      local ok, y, at = pcall(x.max_pool2d, x, how[1], how[2])
      if ok then
        local dy = rm.randn(y.shape)
        y:backward(dy)
        local n, c, places = shape[1], shape[2], shape[3] * shape[4]
        local right = rm.zeros(n * c, places):totable()
        local flat, positions = dy:reshape(n * c, -1):totable(), at:reshape(n * c, -1):totable()
        for i = 1, n * c do
          for k, place in ipairs(positions[i]) do right[i][place] = right[i][place] + flat[i][k] end
        end
        check.close(x.grad:reshape(n * c, -1), rm.tensor(right), {atol = 1e-5})
      end
    end
  end
end)

check.case("ceil_mode: a window may hang over the end, the only one as well", function()
  local function shape(side, size, options)
    options.ceil_mode = true
    local y = rm.ones(1, 1, side, side):max_pool2d(size, options)
    check.equal(rm.ones(1, 1, side, side):avg_pool2d(size, options).shape, y.shape)
    return y.shape[3]
  end
  check.equal(shape(1, 2, {stride = 2}), 1)   -- GoogLeNet's last pooling of images of 28 pixels
  check.equal(shape(2, 3, {stride = 2}), 1)
  check.equal(shape(3, 2, {stride = 2}), 2)
  check.equal(shape(4, 3, {stride = 3, padding = 1}), 2)
  check.equal(shape(5, 1, {stride = 3}), 2)   -- a third window would begin behind the image
  check.error(function() rm.ones(1, 1, 1, 1):max_pool2d(3, {stride = 2, ceil_mode = true}) end,
              "the window's height 3 exceeds the image's 1 + 2*0")
  local y = rm.tensor({{{{4}}}}):avg_pool2d(2, {ceil_mode = true})
  check.equal(y:item(), 4)                    -- divided by what lies in the image
  check.close(rm.tensor({{{{1, 2, 3}}}}):avg_pool2d({1, 2}, {stride = {1, 2}, padding = {0, 1}, ceil_mode = true}),
              rm.tensor {{{{0.5, 2.5}}}})     -- the padding counts
end)

check.case("a batch of no images", function()
  for _, name in ipairs {"max_pool2d", "avg_pool2d", "adaptive_avg_pool2d"} do
    local x = rm.zeros(0, 3, 4, 4)
    x.requires_grad = true
    local y = x[name](x, 2)
    check.shape(y, {0, 3, 2, 2})
    y:sum():backward()
    check.shape(x.grad, {0, 3, 4, 4})
  end
  check.error(function() rm.zeros(2, 0, 4, 4):max_pool2d(2) end, "max_pool2d: x is empty: (2, 0, 4, 4)")
end)

check.case("dropout: nothing in evaluation, a mask from its generator in training", function()
  local x = rm.ones(1000)
  check.equal(x:dropout(0.5, false), x)
  local g = rm.generator(5)
  local a, b = x:dropout(0.25, true, g), x:dropout(0.25, true, g)
  check.equal(a, x:dropout(0.25, true, rm.generator(5)))
  check.that((a - b):abs():sum():item() > 0, "two draws are the same")
  rm.manual_seed(1)
  local c = x:dropout(0.25)
  rm.manual_seed(1)
  check.equal(x:dropout(0.25), c)
end)

check.case("errors", function()
  local x = rm.randn(1, 2, 4, 4)
  check.error(function() x:max_pool2d(5) end, "max_pool2d: the window's height 5 exceeds the image's 4 + 2*0")
  check.error(function() x:max_pool2d(2, {strid = 1}) end, "did you mean \"stride\"")
  check.error(function() x:avg_pool2d(2, {padding = 2}) end, "padding must be at most half of the kernel, got 2 of 2")
  check.error(function() rm.randn(4, 4):max_pool2d(2) end, "max_pool2d: x is (4, 4), expected (N, C, H, W)")
  check.error(function() x:dropout(2) end, "dropout: p must be a probability, 0 to 1, got 2")
end)

check.case("sizes whose product is no number any more are refused", function()
  local x = rm.ones(1, 1, 4, 4)
  for _, size in ipairs {1 << 20 | 1, 1 << 60, 1 << 62, math.maxinteger} do
    check.error(function() x:adaptive_avg_pool2d(size) end, "output size must be at most 1048576, got (" .. size)
    check.error(function() x:adaptive_avg_pool2d({1, size}) end, "output size must be at most 1048576, got (1, ")
  end
  for _, method in ipairs {"max_pool2d", "avg_pool2d"} do
    check.error(function() x[method](x, 1 << 44 | 1) end, method .. ": kernel must be at most 1073741824, got")
  end
  check.error(function() x:max_pool2d((1 << 44) + 1, {dilation = 1 << 20}) end, "kernel must be at most 1073741824")
end)
