local check = require "support.check"
local rm    = require "resmoon"
local init  = rm.nn.init

check.reference "init/init"

check.case("drawn from the stream for initialization, or from a generator of one's own", function()
  rm.manual_seed(5)
  local a = init.kaiming_normal_(rm.zeros(8, 4))
  rm.manual_seed(5)
  check.equal(init.kaiming_normal_(rm.zeros(8, 4)), a)
  local b = init.xavier_uniform_(rm.zeros(8, 4), {generator = rm.generator(9, 0)})
  check.equal(init.xavier_uniform_(rm.zeros(8, 4), {generator = rm.generator(9, 0)}), b)
end)

check.case("a parameter is filled in place and stays one", function()
  local w = rm.zeros(3, 3):requires_grad_(true)
  check.that(init.normal_(w, 5, 0.1) == w)
  check.that(w.requires_grad and w.is_leaf and w:min():item() > 4)
  check.equal(init.ones_(w):sum():item(), 9)
  check.equal(init.zeros_(w):sum():item(), 0)
  check.equal(init.constant_(w, 0.5):sum():item(), 4.5)
end)

local function weights(method, activation)
  rm.manual_seed(2)
  local net = rm.nn.Sequential {rm.nn.Conv2d(8, 64, 5), rm.nn.BatchNorm2d(64), rm.nn.Linear(400, 200)}
  init.ones_(net[1].bias)
  init.constant_(net[2].bias, 3)
  check.that(init.initialize_(net, method, {activation = activation}) == net)
  check.equal({net[1].bias:abs():sum():item(), net[3].bias:abs():sum():item()}, {0, 0})
  check.equal({net[2].bias[1]:item(), net[2].weight[1]:item()}, {3, 1})
  return net[1].weight, net[3].weight
end

check.case("a network's convolutions and linear layers get fresh weights, nothing else", function()
  local conv, linear = weights("xavier")
  check.close(conv:std():item(), math.sqrt(2 / (8 * 25 + 64 * 25)), {rtol = 0.02})
  check.close(linear:std():item(), math.sqrt(2 / 600), {rtol = 0.02})
  check.that(linear:max():item() <= math.sqrt(6 / 600))   -- uniform
  for _, activation in ipairs {"relu", "tanh", "elu", "maxout"} do
    local gain = init.calculate_gain(activation)
    conv, linear = weights("he", activation)
    check.close(conv:std():item(), gain / math.sqrt(8 * 25), {rtol = 0.02})
    check.close(linear:std():item(), gain / math.sqrt(400), {rtol = 0.02})
  end
  check.error(function() init.initialize_(rm.nn.ReLU(), "glorot") end,
              "method is glorot, expected 'xavier', 'xavier_normal', 'he' or 'xavier_sigmoid'")
  check.error(function() init.initialize_({}, "he") end, "argument 1 is a table, expected a module")
  check.error(function() init.initialize_(rm.nn.ReLU(), "he", {activation = "swish"}) end, "nonlinearity is swish")
  check.error(function() init.initialize_(rm.nn.ReLU(), "he", {activate = "elu"}) end, "did you mean 'activation'?")
end)

-- gain^2 E f(z)^2 = 1 for a standard normal z; maxout has two of them.
check.case("with its gain an activation keeps the mean square", function()
  local z = rm.randn(1, 400000, {generator = rm.generator(3)})
  local function kept(name, y) check.close(init.calculate_gain(name) ^ 2 * (y * y):mean():item(), 1, {rtol = 0.02}) end
  for _, name in ipairs {"relu", "leaky_relu", "elu", "silu", "gelu"} do kept(name, z[name](z)) end
  kept("maxout", z:maxout(2))
end)

check.case("errors name what was wrong", function()
  check.error(function() init.calculate_fan(rm.zeros(3)) end, "weight has 1 dimensions, expected at least 2")
  check.error(function() init.calculate_gain("softmax") end, "nonlinearity is softmax")
  check.error(function() init.kaiming_normal_(rm.zeros(2, 2), {mode = "fan"}) end, "mode is fan")
end)
