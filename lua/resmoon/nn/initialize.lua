--- Initializers: nn.init.kaiming_normal_(w, {mode = "fan_out", nonlinearity = "relu"}) and others.
--
-- They fill a tensor in place and return it, also where it requires a gradient; initialize_ fills all of a network.
-- Numbers come from rm.random.init unless options.generator names another generator.
-- Sources: He et al. 2015, arXiv:1502.01852 (kaiming); Glorot and Bengio 2010 (xavier).
local library = require "resmoon.base.library"
local core = require "resmoon.core"
local check = require "resmoon.base.check"
local fail = require "resmoon.base.fail"
local kind = require "resmoon.nn.kind"
local options_of = require "resmoon.base.options"

local init = {}

local of_kaiming = {mode = "string", nonlinearity = "string", a = "number", generator = "any"}
local of_xavier  = {gain = "number", generator = "any"}

--- fan_in, fan_out of a weight: the numbers that one output, one input has to do with.
-- Shapes: (out, in, ...); fan_in is the product of all dimensions but the first, fan_out of all
-- but the second.
-- Call: nn.init.calculate_fan(weight) -> fan_in, fan_out
-- Errors: raises for fewer than two dimensions.
-- Example:
--   > nn.init.calculate_fan(rm.zeros(16, 3, 5, 5))
--   75  400
function init.calculate_fan(weight)
  check("nn.init.calculate_fan(weight: tensor)", weight)
  local shape = weight.shape
  if #shape < 2 then
    fail("calculate_fan: weight has %d dimensions, expected at least 2 (out, in, ...)", #shape)
  end
  local field = 1
  for d = 3, #shape do field = field * shape[d] end
  return shape[2] * field, shape[1] * field
end

local gains = {
  linear     = function() return 1 end,
  sigmoid    = function() return 1 end,
  tanh       = function() return 5 / 3 end,
  relu       = function() return math.sqrt(2) end,
  leaky_relu = function(slope) return math.sqrt(2 / (1 + slope * slope)) end,
  -- 1 / sqrt(E f(z)^2) of a standard normal z, as that of relu is; of maxout, for two independent pieces, 1.
  maxout     = function() return 1 end,
  elu        = function() return 1.2451983 end,
  silu       = function() return 1.6765325 end,
  gelu       = function() return 1.5335304 end,
}

--- The factor by which weights in front of a nonlinearity are larger to keep the variance.
-- slope: of leaky_relu below zero (0.01).
-- Call: nn.init.calculate_gain(nonlinearity, slope = 0.01) -> number
-- Errors: raises for a name other than linear, sigmoid, tanh, relu, leaky_relu, maxout, elu, silu and gelu.
-- Source: He et al. 2015, arXiv:1502.01852, section 2.2; those of sigmoid and tanh are PyTorch's.
-- Example:
--   > nn.init.calculate_gain "tanh"
--   1.6666666666667
function init.calculate_gain(nonlinearity, slope)
  check("nn.init.calculate_gain(nonlinearity: any, slope: number?)", nonlinearity, slope)
  local gain = gains[nonlinearity]
  if not gain then
    fail("calculate_gain: nonlinearity is %s, expected linear, sigmoid, tanh, relu, leaky_relu, maxout, elu, silu "
         .. "or gelu", nonlinearity)
  end
  return gain(slope or 0.01)
end

local function fill(method, t, a, b, options)
  return core.no_grad(t[method], t, a, b, {generator = options.generator})
end

--- Fills a tensor with random numbers: normal, or uniform; also where it requires a gradient.
-- Call: nn.init.normal_(t, mean = 0, std = 1, {generator = rm.random.init}) -> t
-- Call: nn.init.uniform_(t, low = 0, high = 1, {generator = rm.random.init}) -> t
-- Shapes: t any, float32; it is returned.
-- Errors: raises for a negative std, or what is no float32 tensor.
-- Example:
--   > w = nn.init.uniform_(nn.Linear(4, 2).weight, -1, 1)
--   > w:abs():max():item() <= 1
--   true
function init.normal_(t, mean, std, options)
  check("nn.init.normal_(t: tensor, mean: number?, std: number?)", t, mean, std)
  return fill("normal_", t, mean or 0, std or 1, options_of("nn.init.normal_", options, {"generator"}))
end

function init.uniform_(t, low, high, options)
  check("nn.init.uniform_(t: tensor, low: number?, high: number?)", t, low, high)
  return fill("uniform_", t, low or 0, high or 1, options_of("nn.init.uniform_", options, {"generator"}))
end

--- Fills a tensor with one value; also where it requires a gradient.
-- Call: nn.init.constant_(t, value) -> t
-- Call: nn.init.zeros_(t) -> t
-- Call: nn.init.ones_(t) -> t
-- Shapes: t any; it is returned.
-- Errors: raises for a value the type cannot hold.
-- Example:
--   > nn.init.constant_(nn.Linear(2, 1).bias, 0.5)
--   [0.5000]  float32 (1), requires_grad
function init.constant_(t, value)
  check("nn.init.constant_(t: tensor, value: number)", t, value)
  return core.no_grad(t.fill_, t, value)
end
function init.zeros_(t)
  check("nn.init.zeros_(t: tensor)", t)
  return init.constant_(t, 0)
end

function init.ones_(t)
  check("nn.init.ones_(t: tensor)", t)
  return init.constant_(t, 1)
end

--- The standard deviation of kaiming: gain / sqrt(fan).
-- options: mode ("fan_in"; "fan_out" keeps the variance of gradients instead), nonlinearity
-- ("leaky_relu") and a, its slope (0).
-- Call: nn.init.kaiming_std(weight, {mode = "fan_in", nonlinearity = "leaky_relu", a = 0}) -> number
-- Shapes: weight (out, in, ...).
-- Errors: raises for another mode or nonlinearity.
-- Source: He et al. 2015, arXiv:1502.01852.
-- Example:
--   > nn.init.kaiming_std(rm.zeros(8, 50), {nonlinearity = "relu"})
--   0.2
function init.kaiming_std(weight, options)
  check("nn.init.kaiming_std(weight: tensor)", weight)
  options = options_of("nn.init.kaiming", options, of_kaiming)
  local mode = options.mode or "fan_in"
  if mode ~= "fan_in" and mode ~= "fan_out" then
    fail("kaiming: mode is %s, expected 'fan_in' or 'fan_out'", mode)
  end
  local fan_in, fan_out = init.calculate_fan(weight)
  local gain = init.calculate_gain(options.nonlinearity or "leaky_relu", options.a or 0)
  return gain / math.sqrt(mode == "fan_in" and fan_in or fan_out)
end

--- The standard deviation of xavier: gain * sqrt(2 / (fan_in + fan_out)); options.gain is 1.
-- Call: nn.init.xavier_std(weight, {gain = 1}) -> number
-- Shapes: weight (out, in, ...).
-- Errors: raises for fewer than two dimensions.
-- Source: Glorot and Bengio 2010, "Understanding the difficulty of training deep feedforward neural networks".
-- Example:
--   > nn.init.xavier_std(rm.zeros(5, 3))
--   0.5
function init.xavier_std(weight, options)
  check("nn.init.xavier_std(weight: tensor)", weight)
  local fan_in, fan_out = init.calculate_fan(weight)
  return (options_of("nn.init.xavier", options, of_xavier).gain or 1) * math.sqrt(2 / (fan_in + fan_out))
end

--- Weights whose outputs keep the variance of the inputs behind a relu: normal or uniform, of the standard deviation
-- gain / sqrt(fan).
-- Call: nn.init.kaiming_normal_(weight, {mode = "fan_in", nonlinearity = "leaky_relu", a = 0}) -> weight
-- Call: nn.init.kaiming_uniform_(weight, {mode = "fan_in", nonlinearity = "leaky_relu", a = 0}) -> weight
-- Shapes: weight (out, in, ...); it is returned. mode "fan_out" keeps the variance of gradients instead.
-- Errors: raises for another mode or nonlinearity.
-- Source: He et al. 2015, arXiv:1502.01852.
-- Example:
--   > w = rm.empty(64, 3, 3, 3)
--   > nn.init.kaiming_normal_(w, {mode = "fan_out", nonlinearity = "relu"});
--   > math.abs(w:std():item() - math.sqrt(2 / (64 * 9))) < 0.005
--   true
function init.kaiming_normal_(weight, options)
  check("nn.init.kaiming_normal_(weight: tensor)", weight)
  return fill("normal_", weight, 0, init.kaiming_std(weight, options), options or {})
end

-- A uniform distribution with the same standard deviation.
local function uniform_with(weight, std, options)
  local bound = math.sqrt(3) * std
  return fill("uniform_", weight, -bound, bound, options or {})
end

function init.kaiming_uniform_(weight, options)
  check("nn.init.kaiming_uniform_(weight: tensor)", weight)
  return uniform_with(weight, init.kaiming_std(weight, options), options)
end

--- Weights whose outputs and gradients keep their variance about a linear or tanh unit: of the standard deviation
-- gain * sqrt(2 / (fan_in + fan_out)).
-- Call: nn.init.xavier_normal_(weight, {gain = 1, generator = nil}) -> weight
-- Call: nn.init.xavier_uniform_(weight, {gain = 1, generator = nil}) -> weight
-- Shapes: weight (out, in, ...); it is returned.
-- Errors: raises for fewer than two dimensions.
-- Source: Glorot and Bengio 2010, "Understanding the difficulty of training deep feedforward neural networks".
-- Example:
--   > w = nn.init.xavier_uniform_(rm.empty(3, 3))
--   > w:abs():max():item() <= 1
--   true
function init.xavier_normal_(weight, options)
  check("nn.init.xavier_normal_(weight: tensor)", weight)
  return fill("normal_", weight, 0, init.xavier_std(weight, options), options or {})
end

function init.xavier_uniform_(weight, options)
  check("nn.init.xavier_uniform_(weight: tensor)", weight)
  return uniform_with(weight, init.xavier_std(weight, options), options)
end

local methods = {
  xavier = function(weight, _, generator) init.xavier_uniform_(weight, {generator = generator}) end,
  xavier_sigmoid = function(weight, _, generator)
    init.xavier_uniform_(weight, {gain = 4, generator = generator})
  end,
  xavier_normal = function(weight, _, generator) init.xavier_normal_(weight, {generator = generator}) end,
  he = function(weight, activation, generator, slope)
    init.kaiming_normal_(weight, {mode = "fan_in", nonlinearity = activation, a = slope, generator = generator})
  end,
}

--- Fresh weights for all convolutions and linear layers of a network, zeros for their biases.
--
-- "xavier" is uniform with variance 2 / (fan_in + fan_out), whatever follows; "xavier_normal" is normal with the same
-- variance; "he" is normal with variance gain^2 / fan_in, with the gain of the activation that follows;
-- "xavier_sigmoid" is xavier's, four times as large,
-- since the slope of a sigmoid at 0 is 1/4: without that a LeNet-5 of sigmoids does not begin to learn. All other
-- parameters stay as they are.
--
-- Call: nn.init.initialize_(net, method, {activation = "relu", negative_slope = 0.01, generator = rm.random.init})
--     -> net
-- Shapes: those of the layers stay.
-- Options: method      "xavier", "xavier_normal", "he" or "xavier_sigmoid"
--          activation  a name that calculate_gain knows; "he" asks for it
--          negative_slope  of leaky_relu: 0.01
--          generator   where the random numbers come from
-- Errors: raises for what is not a module, another method, or an activation that calculate_gain does not know.
-- Source: Glorot and Bengio 2010, eq. 16; He et al. 2015, arXiv:1502.01852, eq. 10.
-- Example:
--   > net = nn.init.initialize_(nn.Sequential {nn.Linear(800, 200)}, "he")
--   > net[1].bias:abs():max():item(), ("%.2f"):format(net[1].weight:std():item())
--   0.0  0.05
function init.initialize_(net, method, options)
  options = options_of("initialize_", options, {"activation", "negative_slope", "generator"})
  if not kind.is_module(net) then fail("initialize_: argument 1 is %k, expected a module", net) end
  local fresh = methods[method]
  if not fresh then
    fail("initialize_: method is %s, expected 'xavier', 'xavier_normal', 'he' or 'xavier_sigmoid'", method)
  end
  local activation = options.activation or "relu"
  init.calculate_gain(activation)  -- raises, before anything is changed
  for _, module in net:named_modules() do
    local type_of = kind.type_of(module)
    if type_of == "Conv2d" or type_of == "Linear" then
      fresh(module.weight, activation, options.generator, options.negative_slope or 0.01)
      if module.bias then init.zeros_(module.bias) end
    end
  end
  return net
end

return library("nn.init", init)
