--- The nonlinearity between the layers of a network, chosen by its name.
--
--     self.act, pieces = activation.get("models.mlp", options.activation)
--     self.fc1 = Linear(784, pieces * 512)
--     x = self.act(self.fc1(x))                    -- 512 features, whichever it is
--
-- Maxout takes the larger of two neighboring outputs, so the layer in front of it has twice as many: two
-- `pieces` for each feature.
-- Sources: maxout: Goodfellow et al. 2013, arXiv:1302.4389; elu: Clevert et al. 2016, arXiv:1511.07289.
local check = require "resmoon.base.check"
local fail = require "resmoon.base.fail"
local hint = require "resmoon.base.hint"

local PIECES = 2  -- of maxout

-- It stands in a field of a network, net.act, and may be called with a colon by mistake: x is the network then.
local function of(name, argument)
  return function(x)
    check("activation(x: tensor)", x)
    return x[name](x, argument)
  end
end

local functions = {
  sigmoid = of "sigmoid", tanh = of "tanh", relu = of "relu", leaky_relu = of "leaky_relu", elu = of "elu",
  silu = of "silu", gelu = of "gelu", maxout = of("maxout", PIECES),
}

local activation = {names = {"sigmoid", "tanh", "relu", "leaky_relu", "maxout", "elu", "silu", "gelu"}}

--- The function called `name` (nil: relu), and how many outputs it takes for one of its own.
-- `who` asks for it: an error begins with that. slope: of leaky_relu where x is negative (0.01).
function activation.get(who, name, slope)
  name = name or "relu"
  if not functions[name] then
    fail("%s: activation is %s%s, expected one of %s", who, name, hint(name, activation.names),
         table.concat(activation.names, ", "))
  end
  if slope ~= nil and name ~= "leaky_relu" then
    fail("%s: negative_slope is %s, but the activation is %s, not leaky_relu", who, slope, name)
  end
  if slope ~= nil and type(slope) ~= "number" then
    fail("%s: negative_slope is %k, expected a number", who, slope)
  end
  if slope then return of("leaky_relu", slope), 1 end
  return functions[name], name == "maxout" and PIECES or 1
end

return activation
