--- Trades time for memory: of a module's graph only its input is kept, and backward computes it again.
-- Gradients are the same to the last bit: dropout draws what it drew, running statistics move once. A
-- network of n equal blocks, all checkpointed, keeps n inputs and the inside of one block; a step takes about
-- a third longer. Names of parameters, state_dict and printing do not change. A function is wrapped; false as second
-- argument takes a module's mark away.
-- Shapes: of one input tensor x and one result, as without. What follows x is passed on; no gradient flows to it.
--
-- Call: nn.checkpoint(module) -> the same module
-- Call: nn.checkpoint(function) -> function
-- Call: nn.checkpoint(module, false) -> the same module
-- Errors: raises for a layer of the core, which has nothing inside.
-- Source: Chen et al. 2016, "Training deep nets with sublinear memory cost", arXiv:1604.06174.
-- Example:
--   > net = models.resnet20()
--   > for _, block in ipairs(net.layer1) do nn.checkpoint(block) end
--   > net(rm.zeros(2, 3, 32, 32)).shape
--   {2, 10}
local check  = require "resmoon.base.check"
local core   = require "resmoon.core"
local fail   = require "resmoon.base.fail"
local Module = require "resmoon.nn.module"

-- Calls forward(module, x, ...) with a checkpoint.
local function recomputed(forward, module, ...)
  check("checkpoint(x: tensor)", ...)
  local function compute(...) return forward(module, ...) end
  return core.checkpoint(compute, ...)
end

local function checkpoint(module, on)
  if type(module) == "function" then
    return function(...)
      check("checkpoint(x: tensor)", ...)
      return core.checkpoint(module, ...)
    end
  end
  if type(module) ~= "table" or not Module.is_module(module) then
    fail("checkpoint: expected a module or a function, got a %s", Module.is_module(module) and Module.type_of(module)
         or type(module))
  end
  -- A field of the object stands before the method of its class.
  local forward = getmetatable(module).forward
  rawset(module, "forward", on ~= false and function(self, ...) return recomputed(forward, self, ...) end or nil)
  return module
end

return checkpoint
