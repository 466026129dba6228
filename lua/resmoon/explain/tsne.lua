--- t-SNE: points of many dimensions in two, so that neighbors stay neighbors. Exact, of up to some thousand points.
--
-- The same seed gives the same bits, on any machine with the same instruction sets and with any number of threads.
--
-- Call: tsne(x, {options}) -> y, info
-- Shapes: x (N, D), any further dimensions are flattened; y (N, dims).
-- Options: perplexity    about how many neighbors count (30, or less where there are few points)
--  iterations    1000
--  dims          2
--  rate          100
--  exaggeration  of the similarities in the first 50 iterations (4)
--  seed          of the start, normal with a deviation of 1e-4 (1)
-- Returns: info has kl (the divergence in the end), perplexity (that reached, the mean over the points), seconds.
-- Errors: raises for fewer than 4 points, and for a perplexity that is not between 1 and N - 1.
-- Source: van der Maaten and Hinton 2008, "Visualizing data using t-SNE", JMLR 9: equations 1 to 5 and section 3.4.
-- Example:
--   > y, info = tsne(rm.randn(20, 5), {perplexity = 5, iterations = 100})
--   > y.shape, info.kl > 0
--   {20, 2}  true
-- See: pca, features
local core = require "resmoon.core"
local fail = require "resmoon.base.fail"
local is   = require "resmoon.base.is"
local neighbors = require "resmoon.explain.neighbors"
local options_of = require "resmoon.base.options"
local shown = require "resmoon.base.shown"

local EARLY, SWITCH = 50, 250  -- iterations with exaggeration, and with the small momentum
local TINY = 1e-12

local known = {perplexity = "number", iterations = "count", dims = "count", rate = "positive",
               exaggeration = "positive", seed = "whole"}

local function tsne(x, options)
  options = options_of("tsne", options, known)
  if not is.tensor(x) or #x.shape < 2 or x.dtype ~= "float32" then
    fail("tsne: argument 1 is %s, expected float32 points (N, D)", is.tensor(x) and x.dtype .. " ("
         .. table.concat(x.shape, ", ") .. ")" or "a " .. type(x))
  end
  local n, began = x.shape[1], core.sys.clock()
  if n < 4 then fail("tsne: %d points, expected at least 4", n) end
  local perplexity = options.perplexity or math.min(30, (n - 1) / 3)
  if not (perplexity >= 1 and perplexity <= n - 1) then
    fail("tsne: perplexity is %s, expected 1 to %d", perplexity, n - 1)
  end
  return core.no_grad(function()
    x = x:detach():reshape(n, -1):contiguous()
    local dims = options.dims or 2
    local p, reached, off = neighbors.similarities(x / x:abs():max():clamp(TINY, math.huge), perplexity)
    local y = core.randn(n, dims, {generator = core.generator(options.seed or 1)}) * 1e-4
    local step, gains = core.zeros(n, dims), core.ones(n, dims)
    local early = p * (options.exaggeration or 4)
    for t = 1, options.iterations or 1000 do
      local g = neighbors.gradient(t <= EARLY and early or p, y, off)
      -- A step that goes on in its direction grows, one that turns back shrinks (Jacobs 1988, as the paper says).
      local turned = (g * step):lt(0)
      gains = core.where(turned, gains + 0.2, gains * 0.8):clamp(0.01, math.huge)
      step = step * (t < SWITCH and 0.5 or 0.8) - g * gains * (options.rate or 100)
      y = y + step
      y = y - y:mean(1):reshape(1, dims)
    end
    local q = select(2, neighbors.gradient(p, y, off))
    return y, shown.mark {kl = neighbors.divergence(p, q, off), perplexity = reached,
                          seconds = core.sys.clock() - began}
  end)
end

return tsne
