--- Principal components: the directions in which points vary most.
--
-- Call: pca(x, k = 2) -> result
-- Shapes: x (N, D), any further dimensions are flattened. projected (N, k), components (k, D), mean (D).
-- Units: variance (a list of k) over N - 1; share is that of all variance.
-- Returns: projected, components (each of length 1, its largest element positive), mean, variance, share.
-- Errors: raises for fewer than two points, or more components than points or dimensions.
-- Source: Pearson 1901, "On lines and planes of closest fit to systems of points in space".
-- Example:
--   > p = pca(rm.tensor {{0, 0}, {1, 1}, {2, 2}, {3, 3}}, 1)
--   > ("%.3f %.3f"):format(p.variance[1], p.share[1])
--   3.333 1.000
-- See: tsne, features
local core    = require "resmoon.core"
local fail    = require "resmoon.base.fail"
local is      = require "resmoon.base.is"
local leading = require "resmoon.explain.leading"
local shown   = require "resmoon.base.shown"

local function pca(x, k)
  if not is.tensor(x) or #x.shape < 2 or x.dtype ~= "float32" then
    fail("pca: argument 1 is %s, expected float32 points (N, D)", is.tensor(x) and x.dtype .. " ("
         .. table.concat(x.shape, ", ") .. ")" or "a " .. type(x))
  end
  x = x:detach():reshape(x.shape[1], -1)
  k = k or 2
  local n, d = x.shape[1], x.shape[2]
  if math.type(k) ~= "integer" or k < 1 or k > math.min(n, d) or n < 2 then
    fail("pca: %s components of %d points with %d dimensions", k, n, d)
  end
  local mean = x:mean(1)
  local centered = (x - mean:reshape(1, d)):contiguous()
  local total = (centered * centered):sum():item() / (n - 1)
  local values, components
  local across = centered:transpose(1, 2):contiguous()
  if d <= n then
    values, components = leading(core.linear(across, across) / (n - 1), k)
  else  -- the same from the products of points, of which there are fewer
    local inner
    values, inner = leading(core.linear(centered, centered) / (n - 1), k)
    components = core.linear(inner, across)
    components = components / (components * components):sum(2):sqrt():clamp(1e-30, math.huge):reshape(k, 1)
  end
  local signs, share = {}, {}
  local largest = components:abs():argmax(2):totable()
  for i = 1, k do
    signs[i] = components[i][largest[i]]:item() < 0 and -1 or 1
    share[i] = total > 0 and values[i] / total or 0
  end
  components = (components * core.tensor(signs):reshape(k, 1)):contiguous()
  return shown.mark {projected = core.linear(centered, components), components = components, mean = mean,
                     variance = values, share = share}
end

return pca
