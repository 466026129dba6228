--- Elementwise functions as modules, for nn.Sequential: each calls the method of tensors of its name.
--
-- Call: nn.ReLU6() -> module
-- Call: nn.Hardsigmoid() -> module
-- Call: nn.Hardswish() -> module
-- Call: nn.Hardtanh(min_val = -1, max_val = 1) -> module
-- Call: nn.Softplus(beta = 1, threshold = 20) -> module
-- Shapes: x any, float32; y as x. They have no parameters.
-- Errors: raises for an argument that is not a number, and as x:hardtanh and x:softplus do.
-- Example:
--   > nn.ReLU6()(rm.tensor {-1, 2, 9})
--   [0., 2., 6.]  float32 (3)
--   > nn.Softplus(2)
--   Softplus(beta=2, threshold=20)
local check  = require "resmoon.base.check"
local class  = require "resmoon.base.class"
local fail   = require "resmoon.base.fail"
local Module = require "resmoon.nn.module"
local text = require "resmoon.base.text"

-- A class `name` whose objects keep the numbers `fields`, pairs of a name and a default.
local function module(name, method, fields)
  local Function = class(name, Module)
  function Function:init(...)
    for i, field in ipairs(fields) do
      local value = select(i, ...)
      if value == nil then value = field[2] end
      if type(value) ~= "number" then fail("%s: %s is %k, expected a number", name, field[1], value) end
      self[field[1]] = value
    end
  end
  local signature = name .. "(x: tensor)"
  function Function:forward(x)
    check(signature, x)
    return x[method](x, fields[1] and self[fields[1][1]], fields[2] and self[fields[2][1]])
  end
  function Function:describe()
    local parts = {}
    for i, field in ipairs(fields) do parts[i] = text.fields("%s=%g", field[1], self[field[1]]) end
    return "(" .. table.concat(parts, ", ") .. ")"
  end
  return Function
end

return {
  ReLU6       = module("ReLU6", "relu6", {}),
  Hardsigmoid = module("Hardsigmoid", "hardsigmoid", {}),
  Hardswish   = module("Hardswish", "hardswish", {}),
  Hardtanh    = module("Hardtanh", "hardtanh", {{"min_val", -1}, {"max_val", 1}}),
  Softplus    = module("Softplus", "softplus", {{"beta", 1}, {"threshold", 20}}),
}
