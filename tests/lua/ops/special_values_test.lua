--- NaN, infinities, zeros of both signs and ties: what PyTorch 1.13.1 computes, forward and backward.
--
-- Where PyTorch contradicts itself, the value is that of its scalar code: elu's gradient at NaN is NaN in vectors of
-- 16 and more, and of two zeros maximum takes the second there; relu6 and hardtanh have 0 at NaN in vectors, hardswish
-- NaN. gelu keeps the sign of a zero, which oneDNN drops. Two shortcuts of PyTorch are not followed: x ^ -0.5 and the
-- gradient of x ^ 1.5 go through its square root, which makes them -inf and NaN at -0 and -inf; here they are powf's,
-- inf, 0 and inf.
local check = require "support.check"
local rm    = require "resmoon"

local nan, inf = 0 / 0, 1 / 0

-- Equal, NaN to NaN and the sign of a zero included, but for the rounding of float32.
local function same(a, b)
  if a ~= a or b ~= b then return a ~= a and b ~= b end
  if a == b then return a ~= 0 or 1 / a == 1 / b end
  return math.abs(a - b) <= 1e-5 * math.max(math.abs(a), math.abs(b)) and math.abs(a - b) < inf
end

local function compare(name, what, at, actual, right)
  check.equal(#actual, #right)
  for i = 1, #right do
    check.that(same(actual[i], right[i]),
               ("%s: %s at %s is %s, expected %s"):format(name, what, at(i), actual[i], right[i]))
  end
end

local function repeated(list, times)
  local all = {}
  for k = 1, times do table.move(list, 1, #list, (k - 1) * #list + 1, all) end
  return all
end

local values = {nan, inf, -inf, 0.0, -0.0, 1, -1, 0.5, -2.5, 1e30, -1e30}

-- name, operator, its values, and its gradients where 1, 2, 3, ... flow in.
local unary = {
  {"neg", function(x) return x:neg() end,
   {nan, -inf, inf, -0.0, 0, -1, 1, -0.5, 2.5, -1e+30, 1e+30},
   {-1, -2, -3, -4, -5, -6, -7, -8, -9, -10, -11}},
  {"abs", function(x) return x:abs() end,
   {nan, inf, inf, 0, 0, 1, 1, 0.5, 2.5, 1e+30, 1e+30},
   {0, 2, -3, 0, 0, 6, -7, 8, -9, 10, -11}},
  {"sign", function(x) return x:sign() end,
   {0, 1, -1, 0, 0, 1, -1, 1, -1, 1, -1},
   {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}},
  {"square", function(x) return x:square() end,
   {nan, inf, inf, 0, 0, 1, 1, 0.25, 6.25, inf, inf},
   {nan, inf, -inf, 0, -0.0, 12, -14, 8, -45, 2e+31, -2.2e+31}},
  {"sqrt", function(x) return x:sqrt() end,
   {nan, inf, nan, 0, -0.0, 1, nan, 0.7071068, nan, 1e+15, nan},
   {nan, 0, nan, inf, -inf, 3, nan, 5.656854, nan, 5e-15, nan}},
  {"reciprocal", function(x) return x:reciprocal() end,
   {nan, 0, -0.0, inf, -inf, 1, -1, 2, -0.4, 1e-30, -1e-30},
   {nan, -0.0, -0.0, -inf, -inf, -6, -7, -32, -1.44, -0.0, -0.0}},
  {"exp", function(x) return x:exp() end,
   {nan, inf, 0, 1, 1, 2.718282, 0.3678795, 1.648721, 0.082085, inf, 0},
   {nan, inf, 0, 4, 5, 16.30969, 2.575156, 13.18977, 0.738765, inf, 0}},
  {"log", function(x) return x:log() end,
   {nan, inf, nan, -inf, -inf, 0, nan, -0.6931472, nan, 69.07755, nan},
   {nan, 0, -0.0, inf, -inf, 6, -7, 16, -3.6, 1e-29, -1.1e-29}},
  {"floor", function(x) return x:floor() end,
   {nan, inf, -inf, 0, -0.0, 1, -1, 0, -3, 1e+30, -1e+30},
   {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}},
  {"ceil", function(x) return x:ceil() end,
   {nan, inf, -inf, 0, -0.0, 1, -1, 1, -2, 1e+30, -1e+30},
   {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}},
  {"round", function(x) return x:round() end,
   {nan, inf, -inf, 0, -0.0, 1, -1, 0, -2, 1e+30, -1e+30},
   {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}},
  {"relu", function(x) return x:relu() end,
   {nan, inf, 0, 0, -0.0, 1, 0, 0.5, 0, 1e+30, 0},
   {1, 2, 0, 0, 0, 6, 0, 8, 0, 10, 0}},
  {"leaky_relu", function(x) return x:leaky_relu(0.1) end,
   {nan, inf, -inf, 0, -0.0, 1, -0.1, 0.5, -0.25, 1e+30, -1e+29},
   {0.1, 2, 0.3, 0.4, 0.5, 6, 0.7, 8, 0.9, 10, 1.1}},
  {"elu", function(x) return x:elu() end,
   {nan, inf, -1, 0, 0, 1, -0.6321205, 0.5, -0.917915, 1e+30, -1},
   {1, 2, 0, 4, 5, 6, 2.575156, 8, 0.738765, 10, 0}},
  {"sigmoid", function(x) return x:sigmoid() end,
   {nan, 1, 0, 0.5, 0.5, 0.7310586, 0.2689414, 0.6224594, 0.07585818, 1, 0},
   {nan, 0, 0, 1, 1.25, 1.179672, 1.376284, 1.88003, 0.6309334, 0, 0}},
  {"tanh", function(x) return x:tanh() end,
   {nan, 1, -1, 0, -0.0, 0.7615942, -0.7615942, 0.4621172, -0.9866143, 1, -1},
   {nan, 0, 0, 4, 5, 2.519846, 2.93982, 6.291582, 0.2393302, 0, 0}},
  {"silu", function(x) return x:silu() end,
   {nan, inf, nan, 0, -0.0, 0.7310586, -0.2689414, 0.3112297, -0.1896455, 1e+30, -0.0},
   {nan, nan, nan, 2, 2.5, 5.566023, 0.5063064, 5.91969, -0.89461, 10, -0.0}},
  {"gelu", function(x) return x:gelu() end,
   {nan, inf, nan, 0, -0.0, 0.8413447, -0.1586553, 0.3457312, -0.01552418, 1e+30, -0.0},
   {nan, nan, nan, 2, 2.5, 6.499892, -0.583208, 6.93996, -0.3384996, 10, 0}},
  {"relu6", function(x) return x:relu6() end,
   {nan, 6, 0, 0, -0.0, 1, 0, 0.5, 0, 6, 0},
   {1, 0, 0, 0, 0, 6, 0, 8, 0, 0, 0}},
  {"hardtanh", function(x) return x:hardtanh() end,
   {nan, 1, -1, 0, -0.0, 1, -1, 0.5, -1, 1, -1},
   {1, 0, 0, 4, 5, 0, 0, 8, 0, 0, 0}},
  {"hardsigmoid", function(x) return x:hardsigmoid() end,
   {nan, 1, 0, 0.5, 0.5, 0.6666667, 0.3333333, 0.5833333, 0.08333334, 1, 0},
   {0, 0, 0, 0.6666667, 0.8333334, 1, 1.166667, 1.333333, 1.5, 0, 0}},
  {"hardswish", function(x) return x:hardswish() end,
   {nan, inf, nan, 0, -0.0, 0.6666667, -0.3333333, 0.2916667, -0.2083333, 1e+30, -0.0},
   {1, 2, 0, 2, 2.5, 5, 1.166667, 5.333333, -3, 10, 0}},
  {"softplus", function(x) return x:softplus() end,
   {nan, inf, 0, 0.6931472, 0.6931472, 1.313262, 0.3132617, 0.974077, 0.07888974, 1e+30, 0},
   {nan, 2, 0, 2, 2.5, 4.386352, 1.88259, 4.979675, 0.6827236, 10, 0}},
  {"softplus with beta and threshold", function(x) return x:softplus(2, 5) end,
   {nan, inf, 0, 0.3465736, 0.3465736, 1.063464, 0.063464, 0.6566308, 0.003357674, 1e+30, 0},
   {nan, 2, 0, 2, 2.5, 5.284782, 0.8344204, 5.848469, 0.06023566, 10, 0}},
  {"prelu", function(x) return rm.nn.PReLU()(x) end,
   {nan, inf, -inf, 0, -0.0, 1, -0.25, 0.5, -0.625, 1e+30, -2.5e+29},
   {0.25, 2, 0.75, 1, 1.25, 6, 1.75, 8, 2.25, 10, 2.75}},
  {"clamp", function(x) return x:clamp(-1, 1) end,
   {nan, 1, -1, 0, -0.0, 1, -1, 0.5, -1, 1, -1},
   {0, 0, 0, 4, 5, 6, 7, 8, 0, 0, 0}},
  {"clamp from below", function(x) return x:clamp {min = 0} end,
   {nan, inf, 0, 0, -0.0, 1, 0, 0.5, 0, 1e+30, 0},
   {0, 2, 0, 4, 5, 6, 0, 8, 0, 10, 0}},
  {"clamp from above", function(x) return x:clamp {max = 0} end,
   {nan, 0, -inf, 0, -0.0, 0, -1, 0, -2.5, 0, -1e+30},
   {0, 0, 3, 4, 5, 0, 7, 0, 9, 0, 11}},
  {"pow 0", function(x) return x:pow(0) end,
   {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1},
   {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}},
  {"pow 1", function(x) return x:pow(1) end,
   {nan, inf, -inf, 0, -0.0, 1, -1, 0.5, -2.5, 1e+30, -1e+30},
   {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}},
  {"pow 2", function(x) return x:pow(2) end,
   {nan, inf, inf, 0, 0, 1, 1, 0.25, 6.25, inf, inf},
   {nan, inf, -inf, 0, -0.0, 12, -14, 8, -45, 2e+31, -2.2e+31}},
  {"pow 3", function(x) return x:pow(3) end,
   {nan, inf, -inf, 0, -0.0, 1, -1, 0.125, -15.625, inf, -inf},
   {nan, inf, inf, 0, 0, 18, 21, 6, 168.75, inf, inf}},
  {"pow 0.5", function(x) return x:pow(0.5) end,
   {nan, inf, nan, 0, -0.0, 1, nan, 0.7071068, nan, 1e+15, nan},
   {nan, 0, nan, inf, -inf, 3, nan, 5.656854, nan, 5e-15, nan}},
  {"pow -1", function(x) return x:pow(-1) end,
   {nan, 0, -0.0, inf, -inf, 1, -1, 2, -0.4, 1e-30, -1e-30},
   {nan, -0.0, -0.0, -inf, -inf, -6, -7, -32, -1.44, -0.0, -0.0}},
  {"pow -2", function(x) return x:pow(-2) end,
   {nan, 0, 0, inf, inf, 1, 1, 4, 0.16, 0, 0},
   {nan, -0.0, 0, -inf, inf, -12, 14, -128, 1.152, -0.0, 0}},
  {"0 to the power of x", function(x) return (0) ^ x end,
   {nan, 0, inf, 1, 1, 0, inf, 0, inf, 0, inf},
   {nan, 0, -inf, 0, 0, 0, -inf, 0, -inf, 0, -inf}},
  {"2 to the power of x", function(x) return (2) ^ x end,
   {nan, inf, 0, 1, 1, 2, 0.5, 1.414214, 0.1767767, inf, 0},
   {nan, inf, 0, 2.772589, 3.465736, 8.317766, 2.426015, 7.842065, 1.10279, inf, 0}},
  {"-2 to the power of x", function(x) return (-2) ^ x end,
   {nan, inf, 0, 1, 1, -2, -0.5, nan, nan, inf, 0},
   {nan, nan, nan, nan, nan, nan, nan, nan, nan, nan, nan}},
}

check.case("operators of one tensor at special values, in short and in long vectors", function()
  local slopes = {}
  for i = 1, #values do slopes[i] = i end
  for _, case in ipairs(unary) do
    local name, operator, right, right_gradient = table.unpack(case)
    for _, times in ipairs {1, 20} do
      local x = rm.tensor(repeated(values, times), {requires_grad = true})
      local y = operator(x)
      y:backward(rm.tensor(repeated(slopes, times)))
      local function at(i) return values[(i - 1) % #values + 1] end
      compare(name, "the value", at, y:totable(), repeated(right, times))
      compare(name, "the gradient", at, x.grad:totable(), repeated(right_gradient, times))
    end
  end
end)

local pairs_of = {nan, inf, -inf, 0.0, -0.0, 1, -2, 3}   -- each with each, the first operand outside

-- name, operator, its values, and the gradients of both operands where 2 flows in; // has none in PyTorch.
local binary = {
  {"mul", function(a, b) return a * b end,
   {nan, nan, nan, nan, nan, nan, nan, nan, nan, inf, -inf, nan, nan, inf, -inf, inf, nan, -inf, inf, nan, nan, -inf,
    inf, -inf, nan, nan, nan, 0, -0.0, 0, -0.0, 0, nan, nan, nan, -0.0, 0, -0.0, 0, -0.0, nan, inf, -inf, 0, -0.0, 1,
    -2, 3, nan, -inf, inf, -0.0, 0, -2, 4, -6, nan, inf, -inf, 0, -0.0, 3, -6, 9},
   {nan, inf, -inf, 0, -0.0, 2, -4, 6, nan, inf, -inf, 0, -0.0, 2, -4, 6, nan, inf, -inf, 0, -0.0, 2, -4, 6, nan, inf,
    -inf, 0, -0.0, 2, -4, 6, nan, inf, -inf, 0, -0.0, 2, -4, 6, nan, inf, -inf, 0, -0.0, 2, -4, 6, nan, inf, -inf, 0,
    -0.0, 2, -4, 6, nan, inf, -inf, 0, -0.0, 2, -4, 6},
   {nan, nan, nan, nan, nan, nan, nan, nan, inf, inf, inf, inf, inf, inf, inf, inf, -inf, -inf, -inf, -inf, -inf,
    -inf, -inf, -inf, 0, 0, 0, 0, 0, 0, 0, 0, -0.0, -0.0, -0.0, -0.0, -0.0, -0.0, -0.0, -0.0, 2, 2, 2, 2, 2, 2, 2, 2,
    -4, -4, -4, -4, -4, -4, -4, -4, 6, 6, 6, 6, 6, 6, 6, 6}},
  {"div", function(a, b) return a / b end,
   {nan, nan, nan, nan, nan, nan, nan, nan, nan, nan, nan, inf, -inf, inf, -inf, inf, nan, nan, nan, -inf, inf, -inf,
    inf, -inf, nan, 0, -0.0, nan, nan, 0, -0.0, 0, nan, -0.0, 0, nan, nan, -0.0, 0, -0.0, nan, 0, -0.0, inf, -inf, 1,
    -0.5, 0.3333333, nan, -0.0, 0, -inf, inf, -2, 1, -0.6666667, nan, 0, -0.0, inf, -inf, 3, -1.5, 1},
   {nan, 0, -0.0, inf, -inf, 2, -1, 0.6666667, nan, 0, -0.0, inf, -inf, 2, -1, 0.6666667, nan, 0, -0.0, inf, -inf, 2,
    -1, 0.6666667, nan, 0, -0.0, inf, -inf, 2, -1, 0.6666667, nan, 0, -0.0, inf, -inf, 2, -1, 0.6666667, nan, 0, -0.0,
    inf, -inf, 2, -1, 0.6666667, nan, 0, -0.0, inf, -inf, 2, -1, 0.6666667, nan, 0, -0.0, inf, -inf, 2, -1, 0.6666667},
   {nan, nan, nan, nan, nan, nan, nan, nan, nan, nan, nan, -inf, -inf, -inf, -inf, -inf, nan, nan, nan, inf, inf, inf,
    inf, inf, nan, -0.0, -0.0, nan, nan, -0.0, -0.0, -0.0, nan, 0, 0, nan, nan, 0, 0, 0, nan, -0.0, -0.0, -inf, -inf,
    -2, -0.5, -0.2222222, nan, 0, 0, inf, inf, 4, 1, 0.4444444, nan, -0.0, -0.0, -inf, -inf, -6, -1.5, -0.6666667}},
  {"pow", function(a, b) return a ^ b end,
   {nan, nan, nan, 1, 1, nan, nan, nan, nan, inf, 0, 1, 1, inf, 0, inf, nan, inf, 0, 1, 1, -inf, 0, -inf, nan, 0, inf,
    1, 1, 0, inf, 0, nan, 0, inf, 1, 1, -0.0, inf, -0.0, 1, 1, 1, 1, 1, 1, 1, 1, nan, inf, 0, 1, 1, -2, 0.25, -8, nan,
    inf, 0, 1, 1, 3, 0.1111111, 27},
   {nan, nan, nan, 0, 0, 2, nan, nan, nan, inf, nan, 0, 0, 2, -0.0, inf, nan, inf, nan, 0, 0, 2, 0, inf, nan, nan,
    -inf, 0, 0, 2, -inf, 0, nan, nan, -inf, 0, 0, 2, inf, 0, nan, inf, -inf, 0, 0, 2, -4, 6, nan, inf, nan, 0, 0, 2,
    0.5, 24, nan, inf, nan, 0, 0, 2, -0.1481481, 54},
   {nan, nan, nan, nan, nan, nan, nan, nan, nan, inf, nan, inf, inf, inf, nan, inf, nan, nan, nan, nan, nan, nan, nan,
    nan, nan, 0, -inf, 0, 0, 0, -inf, 0, nan, 0, -inf, 0, 0, 0, -inf, 0, 0, 0, 0, 0, 0, 0, 0, 0, nan, nan, nan, nan,
    nan, nan, nan, nan, nan, inf, 0, 2.197225, 2.197225, 6.591674, 0.2441361, 59.32507}},
  {"maximum", function(a, b) return a:maximum(b) end,
   {nan, nan, nan, nan, nan, nan, nan, nan, nan, inf, inf, inf, inf, inf, inf, inf, nan, inf, -inf, 0, -0.0, 1, -2, 3,
    nan, inf, 0, 0, 0, 1, 0, 3, nan, inf, -0.0, -0.0, -0.0, 1, -0.0, 3, nan, inf, 1, 1, 1, 1, 1, 3, nan, inf, -2, 0,
    -0.0, 1, -2, 3, nan, inf, 3, 3, 3, 3, 3, 3},
   {2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 2, 2, 2, 2, 2, 2, 2, 0, 1, 0, 0, 0, 0, 0, 2, 0, 2, 1, 1, 0, 2, 0, 2, 0, 2, 1, 1, 0,
    2, 0, 2, 0, 2, 2, 2, 1, 2, 0, 2, 0, 2, 0, 0, 0, 1, 0, 2, 0, 2, 2, 2, 2, 2, 1},
   {2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 0, 0, 0, 0, 0, 0, 2, 2, 1, 2, 2, 2, 2, 2, 2, 2, 0, 1, 1, 2, 0, 2, 2, 2, 0, 1, 1, 2,
    0, 2, 2, 2, 0, 0, 0, 1, 0, 2, 2, 2, 0, 2, 2, 2, 1, 2, 2, 2, 0, 0, 0, 0, 0, 1}},
  {"minimum", function(a, b) return a:minimum(b) end,
   {nan, nan, nan, nan, nan, nan, nan, nan, nan, inf, -inf, 0, -0.0, 1, -2, 3, nan, -inf, -inf, -inf, -inf, -inf,
    -inf, -inf, nan, 0, -inf, 0, 0, 0, -2, 0, nan, -0.0, -inf, -0.0, -0.0, -0.0, -2, -0.0, nan, 1, -inf, 0, -0.0, 1,
    -2, 1, nan, -2, -inf, -2, -2, -2, -2, -2, nan, 3, -inf, 0, -0.0, 1, -2, 3},
   {2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 0, 0, 0, 0, 0, 0, 2, 2, 1, 2, 2, 2, 2, 2, 2, 2, 0, 1, 1, 2, 0, 2, 2, 2, 0, 1, 1, 2,
    0, 2, 2, 2, 0, 0, 0, 1, 0, 2, 2, 2, 0, 2, 2, 2, 1, 2, 2, 2, 0, 0, 0, 0, 0, 1},
   {2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 2, 2, 2, 2, 2, 2, 2, 0, 1, 0, 0, 0, 0, 0, 2, 0, 2, 1, 1, 0, 2, 0, 2, 0, 2, 1, 1, 0,
    2, 0, 2, 0, 2, 2, 2, 1, 2, 0, 2, 0, 2, 0, 0, 0, 1, 0, 2, 0, 2, 2, 2, 2, 2, 1}},
  {"remainder", function(a, b) return a % b end,
   {nan, nan, nan, nan, nan, nan, nan, nan, nan, nan, nan, nan, nan, nan, nan, nan, nan, nan, nan, nan, nan, nan, nan,
    nan, nan, 0, 0, nan, nan, 0, 0, 0, nan, -0.0, -0.0, nan, nan, -0.0, -0.0, -0.0, nan, 1, -inf, nan, nan, 0, -1, 1,
    nan, inf, -2, nan, nan, -0.0, -0.0, 1, nan, 3, -inf, nan, nan, 0, -1, 0},
   {2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2,
    2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2},
   {nan, nan, nan, nan, nan, nan, nan, nan, nan, nan, nan, -inf, inf, nan, nan, nan, nan, nan, nan, inf, -inf, nan,
    nan, nan, nan, -0.0, 0, nan, nan, -0.0, 0, -0.0, nan, 0, -0.0, nan, nan, 0, -0.0, 0, nan, -0.0, 2, -inf, inf, -2,
    2, -0.0, nan, 2, -0.0, inf, -inf, 4, -2, 2, nan, -0.0, 2, -inf, inf, -6, 4, -2}},
  {"floor_divide", function(a, b) return a // b end,
   {nan, nan, nan, nan, nan, nan, nan, nan, nan, nan, nan, inf, -inf, nan, nan, nan, nan, nan, nan, -inf, inf, nan,
    nan, nan, nan, 0, -0.0, nan, nan, 0, -0.0, 0, nan, -0.0, 0, nan, nan, -0.0, 0, -0.0, nan, 0, -1, inf, -inf, 1, -1,
    0, nan, -1, 0, -inf, inf, -2, 1, -1, nan, 0, -1, inf, -inf, 3, -2, 1}},
}

check.case("operators of two tensors at special values", function()
  local first, second = {}, {}
  for _, a in ipairs(pairs_of) do
    for _, b in ipairs(pairs_of) do first[#first + 1], second[#second + 1] = a, b end
  end
  local function at(i) return ("(%s, %s)"):format(first[i], second[i]) end
  for _, case in ipairs(binary) do
    local name, operator, right, right_a, right_b = table.unpack(case)
    local a, b = rm.tensor(first, {requires_grad = true}), rm.tensor(second, {requires_grad = true})
    local y = operator(a, b)
    y:backward(rm.full({#first}, 2))
    compare(name, "the value", at, y:totable(), right)
    if right_a then
      compare(name, "the gradient of a", at, a.grad:totable(), right_a)
      compare(name, "the gradient of b", at, b.grad:totable(), right_b)
    end
  end
end)

check.case("// is the exact quotient rounded down, so that a = (a // b) b + a % b", function()
  local a, b = rm.tensor {1, -1, 7, 0.3}, rm.tensor {0.1, 0.1, -2, 0.1}
  check.equal((a // b):totable(), {9, -10, -4, 3})   -- 1 / 0.1 rounds to 10, but 0.1 is a little more than a tenth
  check.close((a // b) * b + a % b, a, {atol = 1e-6})
end)

check.case("whole numbers: what is empty divides by anything", function()
  local none = rm.zeros({0}, "int64")
  check.shape(none // none, {0})
  check.shape(none % 0, {0})
  check.shape(rm.zeros({0, 3}, "int64") % rm.tensor({0, 0, 1}, "int64"), {0, 3})
  check.error(function() return rm.tensor({1}, "int64") // 0 end, "floor_divide: division of int64 by 0")
  check.error(function() return rm.tensor({1, 2}, "int64") % rm.tensor({1, 0}, "int64") end,
              "remainder: division of int64 by 0")
end)

check.case("max and min: equal elements share the gradient, unless one is asked for", function()
  local function gradient(list, reduce)
    local x = rm.tensor(list, {requires_grad = true})
    reduce(x):backward(rm.tensor(6))
    return x.grad:totable()
  end
  check.equal(gradient({1, 3, 3, 2}, function(x) return x:max() end), {0, 3, 3, 0})
  check.equal(gradient({1, 3, 3, 2}, function(x) return (x:max(1)) end), {0, 6, 0, 0})
  check.equal(gradient({1, nan, 2, nan}, function(x) return x:max() end), {0, 3, 0, 3})
  check.equal(gradient({1, 2, 1, 1}, function(x) return x:min() end), {2, 0, 2, 2})
  check.equal(gradient({{1, 2}, {2, 0}}, function(x) return x:max {1, 2} end), {{0, 3}, {3, 0}})
  check.equal(gradient({-2, 2, 1}, function(x) return x:norm(math.huge) end), {-3, 3, 0})
  local x = rm.tensor({{{1, 5}, {5, 2}}, {{7, 7}, {7, 7}}}, {requires_grad = true})
  x:max {2, 3}:backward(rm.tensor {2, 4})
  check.equal(x.grad:totable(), {{{0, 1}, {1, 0}}, {{1, 1}, {1, 1}}})
end)

check.case("a single number is reduced, sorted and normalized as a row of one", function()
  local x = rm.tensor(1.5)
  for _, dim in ipairs {1, -1} do
    for _, name in ipairs {"sum", "mean", "prod", "max", "min"} do check.equal(x[name](x, dim):item(), 1.5) end
    check.equal(x:argmax(dim):item(), 1)
    check.equal(x:softmax(dim):item(), 1)
    check.equal(x:log_softmax(dim):item(), 0)
    check.equal(x:var(dim, {unbiased = false}):item(), 0)
    check.equal(x:gt(0):any(dim):item(), 1)
    local values_, places = x:sort(dim)
    check.shape(values_, {})
    check.equal({values_:item(), places:item()}, {1.5, 1})
    check.equal(({x:topk(1, dim)})[2]:item(), 1)
  end
  check.equal(x:sort():item(), 1.5)
  local w = rm.tensor(2, {requires_grad = true})
  w:sort():backward(rm.tensor(3))
  w:softmax(1):backward()
  check.equal(w.grad:item(), 3)
  check.error(function() x:sum(2) end, "sum: dimension 2 is out of range")
  check.error(function() x:topk(2) end, "topk: k is 2, but x is a single number")
end)

check.case("of nothing: sum 0, product 1, mean and variance NaN, any false, all true, no largest", function()
  local none = rm.zeros(0)
  check.equal({none:sum():item(), none:prod():item(), none:norm():item(), none:norm(3):item(),
               none:norm(math.huge):item()}, {0, 1, 0, 0, 0})
  for _, name in ipairs {"mean", "var", "std"} do check.that(same(none[name](none):item(), nan), name) end
  check.equal({none:any():item(), none:all():item()}, {0, 1})
  check.equal(rm.zeros(0, 2):all(1):totable(), {1, 1})
  check.shape(rm.zeros(0, 2):any(2), {0})
  check.error(function() none:max() end, "max: x has no elements to choose from")
  for _, name in ipairs {"sum", "mean", "prod", "var", "norm"} do   -- an empty result: once a division by zero
    local x = rm.zeros(2, 0)
    check.shape(name == "norm" and x:norm(2, 1) or x[name](x, 1), {0})
  end
end)

check.case("gradients of std and norm where they are 0 are 0", function()
  local x = rm.tensor({2, 2, 2}, {requires_grad = true})
  x:std():backward()
  check.equal(x.grad:totable(), {0, 0, 0})
  for _, p in ipairs {0.5, 1, 1.5, 2, 3} do
    local zero = rm.tensor({0, 0}, {requires_grad = true})
    zero:norm(p):backward()
    check.equal(zero.grad:totable(), {0, 0})
    local tiny = rm.tensor({1e-30, 1e-30}, {requires_grad = true})   -- cubed, it is 0
    if p == 3 then
      tiny:norm(p):backward()
      check.equal(tiny.grad:totable(), {0, 0})
    end
  end
  local y = rm.tensor({0, 4}, {requires_grad = true})
  y:norm(0.5):backward()
  check.close(y.grad:totable(), {0, 1}, {atol = 1e-6})
  local z = rm.tensor({3, -4}, {requires_grad = true})
  z:norm(3):backward()
  check.close(z.grad:totable(), {9 / 91 ^ (2 / 3), -16 / 91 ^ (2 / 3)}, {atol = 1e-6})
end)
