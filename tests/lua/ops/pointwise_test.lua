--- Elementwise operators: references, gradients, types, layouts and messages.
local check = require "support.check"
local rm    = require "resmoon"

local case, huge = check.case, math.huge
local nan = 0 / 0

for _, name in ipairs {
  "masked_fill_01",
  "relu_01", "leaky_relu_01", "elu_01", "sigmoid_01", "sigmoid_02", "tanh_01", "tanh_02", "silu_01", "gelu_01",
  "gelu_02", "maxout_01", "maxout_02", "abs_01", "clamp_01", "exp_01", "log_01", "sqrt_01", "pow_01", "pow_02",
  "pow_03", "pow_04", "pow_05", "add_01", "add_02", "add_03", "sub_01", "sub_02", "mul_01", "mul_02", "mul_03",
  "div_01", "div_02", "sin_01", "cos_01", "tan_01", "asin_01", "acos_01", "atan_01", "log2_01", "log10_01", "log1p_01",
  "expm1_01", "rsqrt_01", "erf_01", "logsigmoid_01",
} do
  check.reference("ops/" .. name)
end

-- x as channels-last images: the same values, another order in memory.
local function channels_last(x) return x:permute(1, 3, 4, 2):contiguous():permute(1, 4, 2, 3) end

case("operators take a number on either side", function()
  local x = rm.tensor {1, -2, 4}
  check.equal((x + 1):totable(), {2, -1, 5})
  check.equal((1 + x):totable(), {2, -1, 5})
  check.equal((x - 1):totable(), {0, -3, 3})
  check.equal((1 - x):totable(), {0, 3, -3})
  check.equal((x * 2):totable(), {2, -4, 8})
  check.equal((2 * x):totable(), {2, -4, 8})
  check.equal((x / 2):totable(), {0.5, -1, 2})
  check.equal((4 / x):totable(), {4, -2, 1})
  check.equal((x ^ 2):totable(), {1, 4, 16})
  check.equal((2 ^ x):totable(), {2, 0.25, 16})
  check.equal((-x):totable(), {-1, 2, -4})
  check.equal((x // 3):totable(), {0, -1, 1})
  check.equal((x % 3):totable(), {1, 1, 1})
  check.equal((-5 // x):totable(), {-5, 2, -2})
end)

case("functions and methods are the same", function()
  local x = rm.tensor {0.5, 2}
  for _, name in ipairs {"exp", "log", "sqrt", "abs", "relu", "sigmoid", "tanh", "silu", "gelu", "neg", "square",
                         "reciprocal", "floor", "ceil", "round", "trunc", "sign", "elu", "leaky_relu", "sin", "cos",
                         "tan", "asin", "acos", "atan", "log2", "log10", "log1p", "expm1", "rsqrt", "erf",
                         "logsigmoid"} do
    check.equal(rm[name](x), x[name](x), name)
  end
  check.equal(rm.maximum(x, 1):totable(), {1, 2})
  check.equal(x:minimum(1):totable(), {0.5, 1})
end)

case("values of the plain functions", function()
  local x = rm.tensor {-2.5, -0.5, 0, 1.5, 2.5}
  check.equal(x:floor():totable(), {-3, -1, 0, 1, 2})
  check.equal(x:ceil():totable(), {-2, 0, 0, 2, 3})
  check.equal(x:round():totable(), {-2, 0, 0, 2, 2})   -- ties to even
  check.equal(x:trunc():totable(), {-2, 0, 0, 1, 2})
  check.equal(rm.tensor {1, 0.125, 1024}:log2():totable(), {0, -3, 10})
  check.equal(rm.tensor {1, 1000, 0.25}:log10()[{{1, 2}}]:totable(), {0, 3})
  check.close(rm.tensor {1e-10, -1e-10}:log1p() * 1e10, {1, -1})
  check.close(rm.tensor {1e-10, -1e-10}:expm1() * 1e10, {1, -1})
  -- The argument is reduced exactly: PyTorch 1.13 gives the same for floats of any size.
  check.close(rm.tensor {1e6, 1e10, 1e30}:sin(), {-0.3499935, -0.4875060, -0.7911635})
  check.equal(x:sign():totable(), {-1, -1, 0, 1, 1})
  check.equal(x:abs():totable(), {2.5, 0.5, 0, 1.5, 2.5})
  check.equal(x:clamp(-1, 1):totable(), {-1, -0.5, 0, 1, 1})
  check.equal(x:clamp(nil, 1):totable(), {-2.5, -0.5, 0, 1, 1})
  check.equal(x:clamp {min = 0}:totable(), {0, 0, 0, 1.5, 2.5})
  check.equal(x:leaky_relu(0.5):totable(), {-1.25, -0.25, 0, 1.5, 2.5})
end)

case("infinities and NaN go where mathematics sends them", function()
  local x = rm.tensor {huge, -huge, nan, 0}
  check.equal(x:relu(), rm.tensor {huge, 0, nan, 0})
  check.equal(x:exp(), rm.tensor {huge, 0, nan, 1})
  check.equal(x:log(), rm.tensor {huge, nan, nan, -huge})
  check.equal(x:sigmoid(), rm.tensor {1, 0, nan, 0.5})
  check.equal(x:tanh(), rm.tensor {1, -1, nan, 0})
  for _, name in ipairs {"sin", "tan", "asin"} do check.equal(x[name](x), rm.tensor {nan, nan, nan, 0}, name) end
  check.equal(x:cos(), rm.tensor {nan, nan, nan, 1})
  check.close(x:atan(), {math.pi / 2, -math.pi / 2, nan, 0})
  check.close(rm.tensor {1, -1, 2}:acos(), {0, math.pi, nan})
  for _, name in ipairs {"log2", "log10"} do check.equal(x[name](x), rm.tensor {huge, nan, nan, -huge}, name) end
  check.equal(rm.tensor {huge, -1, -2, nan}:log1p(), rm.tensor {huge, -huge, nan, nan})
  check.equal(x:expm1(), rm.tensor {huge, -1, nan, 0})
  check.equal(x:rsqrt(), rm.tensor {0, nan, nan, huge})
  check.equal(x:erf(), rm.tensor {1, -1, nan, 0})
  check.equal(x:logsigmoid()[{{1, 3}}], rm.tensor {0, -huge, nan})
  check.equal(x:trunc(), x)
  check.equal(x:maximum(1), rm.tensor {huge, 1, nan, 1})
  check.equal(x:minimum(rm.tensor(nan)), rm.tensor {nan, nan, nan, nan})
  check.equal(x:clamp(-1, 1), rm.tensor {1, -1, nan, 0})
end)

-- --- gradients -----------------------------------------------------------------------

-- Away from the corners at 0 and at whole numbers.
local function away(...)
  local x = rm.randn(...)
  return x + x:sign() * 0.2
end

local smooth = {
  sin = 0.02, cos = 0.02, atan = 0.02, expm1 = 0.01, erf = 0.02, logsigmoid = 0.02,
  neg = 0.1, square = 0.05, exp = 0.01, sigmoid = 0.02, tanh = 0.02, silu = 0.02, gelu = 0.02, elu = 0.02,
}
for name, step in pairs(smooth) do
  case("gradient of " .. name, function()
    check.gradients(function(x) return x[name](x) end, away(5, 7), {step = step})
  end)
end

case("gradients of functions with corners", function()
  for _, name in ipairs {"relu", "leaky_relu", "abs"} do
    check.gradients(function(x) return x[name](x) end, away(5, 7), {step = 0.1, rtol = 1e-3})
  end
  check.gradients(function(x) return x:clamp(-1.05, 1.05) end, rm.tensor {-2, -1.5, -0.5, 0.3, 0.8, 1.5}, {step = 0.1})
  check.gradients(function(x) return x:gelu("tanh") end, away(5, 7), {step = 0.02})
  check.gradients(function(x) return x:elu(0.5) end, away(5, 7), {step = 0.02})
  check.gradients(function(x) return x:leaky_relu(0.3) end, away(5, 7), {step = 0.1})
end)

case("gradients of functions of positive numbers", function()
  local x = rm.rand(5, 7) + 0.5
  for _, name in ipairs {"log", "sqrt", "reciprocal", "log2", "log10", "log1p", "rsqrt"} do
    check.gradients(function(t) return t[name](t) end, x, {step = 5e-3})
  end
  for _, name in ipairs {"tan", "asin", "acos"} do
    check.gradients(function(t) return t[name](t) end, rm.rand(5, 7) * 1.4 - 0.7, {step = 5e-3})
  end
  for _, p in ipairs {2, 3, 0.5, -1, 2.5, 0, 1} do
    check.gradients(function(t) return t ^ p end, x, {step = 5e-3})
  end
end)

case("gradient of the remainder", function()
  check.gradients(function(a, b) return a % b end, {rm.tensor {5.3, -2.6, 7.1}, rm.tensor {2, 3, -2}}, {step = 0.02})
  local x = rm.tensor({5}):requires_grad_(true);
  (x // 2):sum():backward()
  check.equal(x.grad:totable(), {0})
end)

case("steps have no gradient", function()
  local x = rm.randn(4):requires_grad_(true);
  (x:floor() + x:ceil() + x:round() + x:trunc() + x:sign()):sum():backward()
  check.equal(x.grad:totable(), {0, 0, 0, 0})
end)

local binary = {
  add = {function(a, b) return a + b end, 0.1}, sub = {function(a, b) return a - b end, 0.1},
  mul = {function(a, b) return a * b end, 0.1}, div = {function(a, b) return a / b end, 0.01},
  pow = {function(a, b) return a ^ b end, 0.01},
}
for name, item in pairs(binary) do
  case(name .. ": gradients are summed back to the operands' shapes", function()
    for _, shapes in ipairs {{{3, 4}, {3, 4}}, {{2, 3, 4}, {3, 1}}, {{1, 4}, {3, 1}}, {{4}, {2, 3, 4}}, {{2, 3}, {}}} do
      local a, b = rm.rand(shapes[1]) + 0.7, rm.rand(shapes[2]) + 0.7
      check.gradients(item[1], {a, b}, {step = item[2]})
    end
    check.gradients(function(a) return item[1](a, 1.7) end, rm.rand(3, 4) + 0.7, {step = item[2]})
    check.gradients(function(a) return item[1](1.7, a) end, rm.rand(3, 4) + 0.7, {step = item[2]})
  end)
end

case("maximum and minimum: the larger operand gets the gradient, equal ones share it", function()
  local a = rm.tensor({1, 2, 3}):requires_grad_(true)
  local b = rm.tensor({1, 3, 2}):requires_grad_(true)
  a:maximum(b):sum():backward()
  check.equal(a.grad:totable(), {0.5, 0, 1})
  check.equal(b.grad:totable(), {0.5, 1, 0})
  check.gradients(function(x, y) return x:minimum(y) end, {rm.tensor {1, 5, 2.5}, rm.tensor {2}}, {step = 0.1})
end)

case("where: each operand gets the gradient of the elements it gave", function()
  local c = rm.randn(3, 4):gt(0)
  check.gradients(function(a, b) return rm.where(c, a, b) end, {rm.randn(3, 4), rm.randn(4)}, {step = 0.1})
  check.gradients(function(a) return c:where(a, 2) end, rm.randn(3, 1), {step = 0.1})
end)

case("masked_fill: of every type, broadcast, with gradients", function()
  local x, mask = rm.tensor {{1, 2}, {3, 4}}, rm.tensor({1, 0}, "uint8")
  check.equal(x:masked_fill(mask, -huge), rm.tensor {{-huge, 2}, {-huge, 4}})
  check.equal(x[1]:masked_fill(rm.tensor({{1, 0}, {0, 1}}, "uint8"), 9):totable(), {{9, 2}, {1, 9}})
  check.equal(x:long():masked_fill(mask, 7), rm.tensor({{7, 2}, {7, 4}}, "int64"))
  check.equal(x:byte():masked_fill(mask, 255), rm.tensor({{255, 2}, {255, 4}}, "uint8"))
  check.equal(x:masked_fill(mask, rm.tensor(5)):totable(), {{5, 2}, {5, 4}})
  check.equal(mask:masked_fill(mask, 0):totable(), {0, 0})
  check.gradients(function(a, v) return a:masked_fill(mask, v) end, {x, rm.tensor(0.5)}, {step = 0.1})
  local y = x:clone()
  check.that(rawequal(y:t():masked_fill_(mask, 0), y) == false)
  check.equal(y:totable(), {{0, 0}, {3, 4}})
  check.equal(mask:clone():masked_fill_(mask, 3):totable(), {3, 0})
  local own = rm.tensor({1, 0, 2}, "uint8")
  own:masked_fill_(own, 7)
  check.equal(own:totable(), {7, 0, 7})
  local bytes = rm.tensor({{1, 2}, {3, 4}}, "uint8")
  check.equal(rm.where(mask, bytes, 0):totable(), {{1, 0}, {3, 0}})
  check.error(function() x:masked_fill(x, 1) end, "masked_fill: mask is float32, expected uint8")
  check.error(function() x:masked_fill(mask, x) end, "masked_fill: the value is a tensor (2, 2), expected a number")
  check.error(function() bytes:masked_fill(mask, 256) end, "masked_fill: 256 is not a whole number from 0 to 255")
  check.error(function() x:long():masked_fill(mask, 0.5) end, "masked_fill: 0.5 is not a whole number, but the other")
  check.error(function() x[1]:masked_fill_(bytes, 0) end, "masked_fill_: x has shape (2) and cannot grow to fit")
  check.error(function() rm.ones(2):masked_fill_(mask, rm.tensor(1):requires_grad_(true)) end,
    "masked_fill_: the value requires a gradient")
end)

case("maxout: gradients in both layouts, and the first of equal channels wins", function()
  check.gradients(function(x) return x:maxout(3) end, rm.arange(24):float():reshape(2, 6, 2) % 7, {step = 0.1})
  local x = channels_last(rm.randn(2, 6, 3, 4)) * 10
  check.gradients(function(t) return channels_last(t):maxout(2) end, x, {step = 0.01})
  check.equal(channels_last(x):maxout(2), x:contiguous():maxout(2))
  local equal = rm.ones({1, 4}):requires_grad_(true)
  equal:maxout(2):sum():backward()
  check.equal(equal.grad:totable(), {{1, 0, 1, 0}})
end)

case("an operand used twice gets both gradients", function()
  local x = rm.tensor({2, 3}):requires_grad_(true);
  (x * x + x):sum():backward()
  check.equal(x.grad:totable(), {5, 7})
end)

case("a value changed in place after it was saved is an error, not a wrong gradient", function()
  local x, w = rm.ones(3), rm.ones(3):requires_grad_(true)
  local y = (w * x):sum()
  x:mul_(2)
  check.error(function() y:backward() end, "mul")
end)

-- --- layouts --------------------------------------------------------------------------

case("any mixture of layouts gives the same values", function()
  local x, y = rm.randn(2, 5, 3, 4), rm.randn(2, 5, 3, 4)
  local expected = (x * y + x):tanh()
  local xs = {x, channels_last(x), x:permute(4, 3, 2, 1):contiguous():permute(4, 3, 2, 1)}
  local ys = {y, channels_last(y), y:transpose(1, 3):contiguous():transpose(1, 3)}
  for _, a in ipairs(xs) do
    for _, b in ipairs(ys) do check.equal((a * b + a):tanh(), expected) end
  end
  local wide = rm.zeros(2, 5, 3, 8)
  wide[{{}, {}, {}, {1, 4}}] = x
  check.equal(wide[{{}, {}, {}, {1, 4}}]:relu(), x:relu())
end)

case("broadcasting against a channel is the same in both layouts", function()
  local x, b = rm.randn(2, 5, 3, 4), rm.randn(1, 5, 1, 1)
  check.equal(channels_last(x) * b, x * b)
  check.equal(b - channels_last(x), b - x)
  check.equal((x + rm.zeros(0, 1, 1, 1):sum()).shape, {2, 5, 3, 4})
end)

case("empty tensors are fine", function()
  local x = rm.zeros(0, 3)
  check.shape(x + 1, {0, 3})
  check.shape(x * rm.ones(3), {0, 3})
  check.shape(x:relu(), {0, 3})
  check.shape(x:eq(0), {0, 3})
end)

-- --- types ------------------------------------------------------------------------------

case("int64 adds, subtracts and multiplies exactly", function()
  local x = rm.tensor({9007199254740993, -7}, "int64")
  check.equal((x + 1):totable(), {9007199254740994, -6})
  check.equal((x - x):totable(), {0, 0})
  check.equal((x * 3):totable(), {27021597764222979, -21})
  check.equal((2 * x).dtype, "int64")
  check.equal((-x):totable(), {-9007199254740993, 7})
  local whole = rm.tensor({7, -7, 8, -8}, "int64")
  check.equal((whole // 3):totable(), {2, -3, 2, -3})
  check.equal((whole % 3):totable(), {1, 2, 2, 1})
  check.equal((whole // -3):totable(), {-3, 2, -3, 2})
  check.equal((whole % -3):totable(), {-2, -1, -1, -2})
  check.equal((100 % whole):totable(), {2, -5, 4, -4})
  check.equal(x:maximum(9007199254740992):totable(), {9007199254740993, 9007199254740992})
  check.equal(rm.minimum(9007199254740994, x):totable(), {9007199254740993, -7})
  check.equal(x:maximum(rm.tensor({{-8}, {0}}, "int64")):totable(), {{9007199254740993, -7}, {9007199254740993, 0}})
  check.equal(x:maximum(0).dtype, "int64")
  local smallest = math.mininteger  -- its absolute value is itself, as in PyTorch 1.13
  check.equal(rm.tensor({-9007199254740993, 0, 7, smallest}, "int64"):abs():totable(),
    {9007199254740993, 0, 7, smallest})
  check.equal(rm.tensor({-9007199254740993, 0, 7}, "int64"):sign(), rm.tensor({-1, 0, 1}, "int64"))
  check.equal(rm.tensor({-3, 4}, "int64"):square():totable(), {9, 16})
  for _, name in ipairs {"floor", "ceil", "round", "trunc"} do check.equal(x[name](x), x) end
  check.equal(x:clamp(0, 10):totable(), {10, 0})
  check.equal(x:clamp {min = 0}:totable(), {9007199254740993, 0})
  check.equal(x:clamp(nil, -8):totable(), {-8, -8})
  check.equal(rm.tensor({3, -3}, "int64"):clamp_(-1, 1):totable(), {1, -1})
  check.equal(x:eq(9007199254740992):totable(), {0, 0})
  check.equal(x:gt(9007199254740992):totable(), {1, 0})
end)

case("comparisons give uint8, for every type", function()
  local x = rm.tensor {1, 2, nan}
  check.equal(x:eq(2), rm.tensor({0, 1, 0}, "uint8"))
  check.equal(x:ne(2), rm.tensor({1, 0, 1}, "uint8"))
  check.equal(x:lt(2), rm.tensor({1, 0, 0}, "uint8"))
  check.equal(x:le(2), rm.tensor({1, 1, 0}, "uint8"))
  check.equal(x:gt(1), rm.tensor({0, 1, 0}, "uint8"))
  check.equal(x:ge(1), rm.tensor({1, 1, 0}, "uint8"))
  check.equal(rm.lt(1.5, x), rm.tensor({0, 1, 0}, "uint8"))
  local labels = rm.tensor({1, 5, 3}, "int64")
  check.equal(labels:eq(rm.tensor({1, 2, 3}, "int64")):sum():item(), 2)
  check.equal(rm.tensor({3, 200}, "uint8"):ge(labels[{{2, 3}}]), rm.tensor({0, 1}, "uint8"))
  check.equal(rm.tensor({3, 200}, "uint8"):gt(100):totable(), {0, 1})
end)

case("logic on what comparisons give", function()
  local x = rm.tensor {-1, 0.5, 2}
  local positive, small = x:gt(0), x:lt(1)
  check.equal((positive & small):totable(), {0, 1, 0})
  check.equal((positive | small):totable(), {1, 1, 1})
  check.equal((positive ~ small):totable(), {1, 0, 1})
  check.equal((~positive):totable(), {1, 0, 0})
  check.equal(positive:logical_and(small):totable(), {0, 1, 0})
  check.equal(rm.where(positive, x, 0):totable(), {0, 0.5, 2})
  check.equal(rm.where(positive, 1, rm.tensor({7, 8, 9}, "int64")):totable(), {7, 1, 1})
end)

-- --- in place ---------------------------------------------------------------------------

case("writing in place returns the tensor itself", function()
  local x = rm.tensor {1, 2, 3}
  local same = x:add_(1):mul_(2):sub_(rm.tensor {1, 1, 1}):div_(rm.tensor {2}):clamp_(2, 3)
  check.that(rawequal(same, x))
  check.equal(x:totable(), {2, 2.5, 3})
  x:add_(rm.tensor {1, 2, 3}, -2)
  check.equal(x:totable(), {0, -1.5, -3})
  check.equal(rm.tensor({1, 2}, "int64"):add_(3):totable(), {4, 5})
  local m = rm.zeros(2, 3)
  m[1]:add_(1)
  check.equal(m:totable(), {{1, 1, 1}, {0, 0, 0}})
end)

case("writing in place is refused where a gradient would be lost", function()
  local w = rm.ones(2):requires_grad_(true)
  check.error(function() w:add_(1) end, "add_")
  check.error(function() rm.zeros(2):add_(w) end, "add_: the second operand requires a gradient")
  rm.no_grad(function() w:add_(w) end)
  check.equal(w:totable(), {2, 2})
end)

-- --- messages -----------------------------------------------------------------------------

case("messages name the operation, what was expected and what was there", function()
  local x, labels, image = rm.ones(2, 3), rm.ones({2, 3}, "int64"), rm.ones({2, 3}, "uint8")
  check.error(function() return x + rm.ones(4, 3) end, "add: shapes (2, 3) and (4, 3) do not broadcast")
  check.error(function() return x * labels end, "mul: cannot mix float32 and int64 (convert one, as with x:float())")
  check.error(function() return image + image end, "add: x is uint8, expected float32 or int64 (use x:float())")
  check.error(function() return labels / 2 end, "div: x is int64, expected float32 (use x:float())")
  check.error(function() return labels:maximum(0.5) end, "maximum: 0.5 is not a whole number, but x is int64")
  check.error(function() return labels:minimum(x) end, "minimum: cannot mix int64 and float32")
  check.error(function() return image:maximum(1) end, "maximum: x is uint8, expected float32 or int64")
  check.error(function() return labels:clamp(0.5) end, "clamp: 0.5 is not a whole number, but x is int64")
  check.error(function() return labels:clamp(2 ^ 60 | 0) end, "clamp: the limit 1152921504606846976 is beyond 2^53")
  check.error(function() return x:clamp(0, 1, 2) end, "clamp: argument 4, a number, is one too many")
  check.error(function() return x:sin(2) end, "sin: argument 2, a number, is one too many")
  check.error(function() return image:abs() end, "abs: x is uint8, expected float32 or int64 (use x:float())")
  check.error(function() return labels:sin() end, "sin: x is int64, expected float32 (use x:float())")
  check.error(function() return labels + 0.5 end, "add: 0.5 is not a whole number, but x is int64")
  check.error(function() return labels // 0 end, "floor_divide: division of int64 by 0")
  check.error(function() return labels % (labels - 1) end, "remainder: division of int64 by 0")
  check.error(function() return x:max(x) end, "x:maximum(y)")
  check.error(function() return image:relu() end, "relu: x is uint8, expected float32 (use x:float())")
  check.error(function() return labels:eq(x) end, "eq: cannot compare int64 with float32")
  check.error(function() return x + "1" end, "add: operand 2 must be a tensor or a number, got string")
  check.error(function() return x + nil end, "add: operand 2 must be a tensor or a number, got nil")
  check.error(function() return rm.add(1, 2) end, "add: expected a tensor among the operands")
  check.error(function() return x < x end, "x:lt(y)")
  check.error(function() return x & x end, "logical_and: the first operand is float32, expected uint8")
  check.error(function() return rm.where(x, x, x) end, "where: condition is float32, expected uint8")
  check.error(function() x[1]:add_(x) end, "add_: x has shape (3) and cannot grow to fit (2, 3)")
  check.error(function() return rm.ones(2, 5):maxout(2) end, "maxout: x has 5 channels, which k = 2 does not divide")
  check.error(function() return rm.ones(5):maxout(1) end, "maxout: x has 1 dimensions, expected (N, C, ...)")
  check.error(function() return x:clamp(2, 1) end, "clamp: min 2 is above max 1")
  check.error(function() return x:clamp {low = 2} end, "clamp: unknown option \"low\"")
  check.error(function() return x:gelu("fast") end, "fast")
end)

case("the bits do not depend on the number of threads", function()
  local threads = rm.num_threads()
  local function run(n)
    rm.set_num_threads(n)
    rm.manual_seed(3)
    local x = rm.randn(64, 16, 17, 19):requires_grad_(true)
    local w = rm.randn(1, 16, 1, 1):requires_grad_(true)
    local y = (x * w):silu():sum {1, 3}
    y:backward(rm.ones(y.shape))
    return {y:detach(), x.grad, w.grad}
  end
  local one, two = run(1), run(2)
  rm.set_num_threads(threads)
  for i = 1, 3 do check.that(one[i]:eq(two[i]):all():item() == 1) end
end)

case("maxout of no channels by a huge number of candidates is refused", function()
  check.error(function() rm.zeros(2, 0, 3):maxout(1 << 62) end, "more elements than memory can hold")
end)

check.case("tails: what is nearly 0 has as many right digits as what is not, and stays in order", function()
  local tails = {}
  for i = 0, 340 do tails[#tails + 1] = -2 - i / 4 end
  local near = {}
  for e = -30, -2 do near[#near + 1] = -10.0 ^ e near[#near + 1] = 10.0 ^ e end
  -- exp(x) - 1 without loss, by its series
  local function expm1(x)
    return math.abs(x) < 0.1 and x + x ^ 2 / 2 + x ^ 3 / 6 + x ^ 4 / 24 + x ^ 5 / 120 or math.exp(x) - 1
  end
  local function agree(name, x, wanted)
    x = rm.tensor(x)
    local got, inputs = x[name](x):totable(), x:totable()
    for i, input in ipairs(inputs) do
      local right = wanted(input)
      check.that(math.abs(got[i] - right) <= 1e-6 * math.abs(right) + 1e-44,
                 ("%s(%.9g) is %.9g, expected %.9g"):format(name, input, got[i], right))
    end
    return got
  end
  local falling = agree("sigmoid", tails, function(x) return 1 / (1 + math.exp(-x)) end)
  for i = 2, #falling do check.that(falling[i] < falling[i - 1], ("sigmoid(%g) is no smaller"):format(tails[i])) end
  agree("logsigmoid", tails, function(x) return x - math.log(1 + math.exp(x)) end)
  agree("silu", tails, function(x) return x / (1 + math.exp(-x)) end)
  agree("elu", near, function(x) return x > 0 and x or expm1(x) end)
  agree("expm1", near, expm1)
  agree("tanh", near, function(x) return math.abs(x) < 1e-2 and x - x ^ 3 / 3 or expm1(2 * x) / (expm1(2 * x) + 2) end)
end)
