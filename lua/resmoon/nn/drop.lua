--- Dropout of more than single elements: of whole channels, and of whole examples or batches.
-- In training mode what is dropped becomes 0 and the rest grows by 1 / (1 - p); after eval() x passes.
-- Random numbers come from rm.random.dropout, and do not depend on the number of threads.
local check  = require "resmoon.base.check"
local class  = require "resmoon.base.class"
local core   = require "resmoon.core"
local fail   = require "resmoon.base.fail"
local Module = require "resmoon.nn.module"
local text = require "resmoon.base.text"

local function probability(name, p)
  if type(p) ~= "number" or not (p >= 0 and p <= 1) then
    fail("%s: p must be a probability, 0 to 1, got %s", name, type(p) == "number" and p or "a " .. type(p))
  end
  return p
end

-- x times a mask that has x's extents in its first `dims` dimensions and 1 in the others.
local function drop(x, p, dims)
  local shape = {}
  for d = 1, x:dim() do shape[d] = d <= dims and x:size(d) or 1 end
  if dims > 0 then return x * core.ones(shape):dropout(p) end
  local shared = core.world.share(false)   -- one number for the whole batch, also where processes share it
  local mask = core.ones(shape):dropout(p)
  core.world.share(shared)
  return x * mask
end

--- Dropout of whole channels: the pixels of a channel say nearly the same, so that dropping some of them does little.
-- Call: nn.Dropout2d(p = 0.5) -> module
-- Shapes: x (N, C, H, W) or (N, C, L); y as x.
-- Errors: raises for p outside 0..1; when called, for another number of dimensions.
-- Source: Tompson et al. 2015, arXiv:1411.4280.
-- Example:
--   > y = nn.Dropout2d(0.5)(rm.ones(1, 8, 2, 2))
--   > y:eq(y:mean({3, 4}, {keepdim = true})):all():item()
--   1
local Dropout2d = class("Dropout2d", Module)

function Dropout2d:init(p) self.p = probability("Dropout2d", p or 0.5) end

function Dropout2d:forward(x)
  check("Dropout2d(x: tensor)", x)
  if x:dim() ~= 3 and x:dim() ~= 4 then
    fail("Dropout2d: x is (%s), expected (N, C, H, W) or (N, C, L)", table.concat(x.shape, ", "))
  end
  if not self.training or self.p == 0 then return x end
  return drop(x, self.p, 2)
end

function Dropout2d:describe() return text.fields("(p=%g)", self.p) end

--- Stochastic depth: drops a residual branch, for each example of its own ("row") or for all of the batch ("batch").
-- It stands in front of the addition: y = x + drop(branch(x)).
-- Call: nn.StochasticDepth(p, mode) -> module
-- Shapes: x any, float32; y as x.
-- Errors: raises for p outside 0..1, and for another mode than "row" and "batch".
-- Source: Huang et al. 2016, arXiv:1603.09382; names and scale are those of torchvision.ops.StochasticDepth.
-- Example:
--   > nn.StochasticDepth(0.2, "row"):eval()(rm.ones(2))
--   [1., 1.]  float32 (2)
local StochasticDepth = class("StochasticDepth", Module)

function StochasticDepth:init(p, mode)
  self.p = probability("StochasticDepth", p)
  if mode ~= "row" and mode ~= "batch" then
    fail('StochasticDepth: mode is %s, expected "row" or "batch"', mode)
  end
  self.mode = mode
end

function StochasticDepth:forward(x)
  check("StochasticDepth(x: tensor)", x)
  if not self.training or self.p == 0 then return x end
  return drop(x, self.p, self.mode == "row" and 1 or 0)
end

function StochasticDepth:describe() return text.fields("(p=%g, mode=%s)", self.p, self.mode) end

return {Dropout2d = Dropout2d, StochasticDepth = StochasticDepth}
