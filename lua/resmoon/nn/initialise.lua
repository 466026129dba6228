--- Initialisers: nn.init.kaiming_normal_(w, {mode = "fan_out", nonlinearity = "relu"}) and others.
--
-- They fill a tensor in place and return it, also where it requires a gradient. Numbers come
-- from rm.random.init unless options.generator names another generator.
-- Sources: He et al. 2015, arXiv:1502.01852 (kaiming); Glorot and Bengio 2010 (xavier).
local core = require "resmoon.core"
local fail = require "resmoon.fail"

local init = {}

--- fan_in, fan_out of a weight: the numbers that one output, one input has to do with.
-- Shapes: (out, in, ...); fan_in is the product of all dimensions but the first, fan_out of all
-- but the second.
function init.calculate_fan(weight)
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
}

--- The factor by which weights in front of a nonlinearity are larger to keep the variance.
-- slope: of leaky_relu below zero (0.01).
function init.calculate_gain(nonlinearity, slope)
  local gain = gains[nonlinearity]
  if not gain then
    fail("calculate_gain: nonlinearity is %s, expected linear, sigmoid, tanh, relu or leaky_relu",
      tostring(nonlinearity))
  end
  return gain(slope or 0.01)
end

local function fill(method, t, a, b, options)
  return core.no_grad(t[method], t, a, b, {generator = options and options.generator})
end

--- Normal with the given mean (0) and standard deviation (1).
function init.normal_(t, mean, std, options) return fill("normal_", t, mean or 0, std or 1, options) end

--- Uniform between low (0) and high (1).
function init.uniform_(t, low, high, options) return fill("uniform_", t, low or 0, high or 1, options) end

function init.constant_(t, value) return core.no_grad(t.fill_, t, value) end
function init.zeros_(t) return init.constant_(t, 0) end
function init.ones_(t) return init.constant_(t, 1) end

--- The standard deviation of kaiming: gain / sqrt(fan).
-- options: mode ("fan_in"; "fan_out" keeps the variance of gradients instead), nonlinearity
-- ("leaky_relu") and a, its slope (0).
function init.kaiming_std(weight, options)
  options = options or {}
  local mode = options.mode or "fan_in"
  if mode ~= "fan_in" and mode ~= "fan_out" then
    fail("kaiming: mode is %s, expected 'fan_in' or 'fan_out'", tostring(mode))
  end
  local fan_in, fan_out = init.calculate_fan(weight)
  local gain = init.calculate_gain(options.nonlinearity or "leaky_relu", options.a or 0)
  return gain / math.sqrt(mode == "fan_in" and fan_in or fan_out)
end

--- The standard deviation of xavier: gain * sqrt(2 / (fan_in + fan_out)); options.gain is 1.
function init.xavier_std(weight, options)
  local fan_in, fan_out = init.calculate_fan(weight)
  return (options and options.gain or 1) * math.sqrt(2 / (fan_in + fan_out))
end

function init.kaiming_normal_(weight, options)
  return init.normal_(weight, 0, init.kaiming_std(weight, options), options)
end

-- A uniform distribution with the same standard deviation.
local function uniform_with(weight, std, options)
  local bound = math.sqrt(3) * std
  return init.uniform_(weight, -bound, bound, options)
end

function init.kaiming_uniform_(weight, options)
  return uniform_with(weight, init.kaiming_std(weight, options), options)
end

function init.xavier_normal_(weight, options)
  return init.normal_(weight, 0, init.xavier_std(weight, options), options)
end

function init.xavier_uniform_(weight, options)
  return uniform_with(weight, init.xavier_std(weight, options), options)
end

return init
