--- The pieces of t-SNE: similarities of a perplexity, the divergence and its gradient.
-- Source: van der Maaten and Hinton 2008, JMLR 9: equations 1, 4 and 5; perplexity in section 2.
local core = require "resmoon.core"

local TINY = 1e-12

local function row(x) return x:sum(2):reshape(-1, 1) end

-- Squared distances (N, N) of points (N, D); 0 on the diagonal up to rounding.
local function distances(x)
  local squares = row(x * x)
  return (squares + squares:reshape(1, -1) - core.linear(x, x) * 2):relu()
end

-- p(j | i) by rows, with the perplexity wanted: the width of each point's normal is found by bisection. Returns the
-- probabilities and the mean perplexity.
local function conditional(d, perplexity, off)
  local n = d.shape[1]
  local nearest = (d + (1 - off) * 1e30):min(2):reshape(n, 1)
  d = d - nearest  -- the nearest one has exp(0): nothing vanishes
  local beta, wanted = core.ones(n, 1), core.math.log(perplexity)
  local low, high = core.zeros(n, 1), core.full({n, 1}, math.huge)
  local p, entropy
  for _ = 1, 64 do
    p = (d * beta):neg():exp() * off
    local sum = row(p)
    entropy = sum:log() + beta * row(d * p) / sum
    p = p / sum
    local wide = entropy:gt(wanted)
    low, high = core.where(wide, beta, low), core.where(wide, high, beta)
    local middle = (low + high) / 2
    beta = core.where(high:eq(math.huge), beta * 2, middle)
  end
  return p, entropy:exp():mean():item()
end

-- The divergence's gradient (N, dims) at y, and q with its unnormalized form.
local function gradient(p, y, off)
  local num = ((distances(y) + 1):reciprocal() * off):contiguous()
  local q = (num / num:sum()):clamp(TINY, 1)
  local w = (p - q) * num
  local pull = row(w) * y - core.linear(w, y:transpose(1, 2):contiguous())
  return pull * 4, q
end

local neighbors = {}

--- Similarities (N, N) of all pairs, which add up to 1, and the perplexity that was reached.
function neighbors.similarities(x, perplexity)
  local n = x.shape[1]
  local off = core.ones(n, n) - core.eye(n)
  local p, reached = conditional(distances(x), perplexity, off)
  return ((p + p:transpose(1, 2)) / (2 * n)):clamp(TINY, 1), reached, off
end

neighbors.gradient = gradient

--- The divergence of q from p.
function neighbors.divergence(p, q, off) return (p * (p / q):log() * off):sum():item() end

return neighbors
