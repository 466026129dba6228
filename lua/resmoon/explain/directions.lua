--- Directions in the space of a network's weights: random ones, and those in which training has moved.
--
-- A direction is a list with a tensor for each of weights.list (weights.lua), or false where it is zero.
local core  = require "resmoon.core"
local eigen = require "resmoon.explain.eigen"
local fail  = require "resmoon.base.fail"

local directions = {}

-- Biases, and the scales and shifts of norms.
local function has_filters(p) return #p.tensor.shape > 1 end

-- d with each of its filters (rows: what leads to one output) as long as that of w; where that is all zeros, zeros.
-- Twice, since the first time leaves what rounding does.
local function like_filters(d, w, whole)
  local rows = whole and 1 or w.shape[1]
  local length = w:reshape(rows, -1):norm(2, {2}, {keepdim = true})
  local flat = d:reshape(rows, -1)
  for _ = 1, 2 do
    local own = flat:norm(2, {2}, {keepdim = true})
    flat = flat * (length / own:clamp(1e-30, math.huge))
  end
  return flat:reshape(table.unpack(w.shape))
end

--- Two directions of normal numbers, each filter as long as the network's own: so a step of 1 changes a network with
-- large weights and the same one with small weights alike, which batch norm makes out of one another.
-- biases: whether biases and norms move as well, each as one filter; else they stay.
-- Source: Li et al. 2018, "Visualizing the Loss Landscape of Neural Nets", arXiv:1712.09913, section 4.
function directions.random(weights, seed, biases)
  local result = {}
  for k = 1, 2 do
    local g, list = core.generator(seed, k), {}
    for i, p in ipairs(weights.list) do
      local d = core.randn(p.tensor.shape, {generator = g})   -- of all, so that `biases` changes nothing else
      list[i] = (has_filters(p) or biases) and like_filters(d, p.saved, not has_filters(p))
    end
    result[k] = list
  end
  return result[1], result[2]
end

-- <d_i, d_j> of all rows.
local function products(rows, n)
  local gram = {}
  for i = 1, n do
    gram[i] = {}
    for j = 1, n do gram[i][j] = 0 end
  end
  for k = 1, #rows[1] do
    if rows[1][k] then
      local parts = {}
      for i = 1, n do parts[i] = rows[i][k]:reshape(1, -1) end
      local all = core.cat(parts, 1)
      local here = all:linear(all):totable()
      for i = 1, n do
        for j = 1, n do gram[i][j] = gram[i][j] + here[i][j] end
      end
    end
  end
  return gram
end

local function centered(gram, n)
  local means, mean = {}, 0
  for i = 1, n do
    means[i] = 0
    for j = 1, n do means[i] = means[i] + gram[i][j] / n end
    mean = mean + means[i] / n
  end
  local result = {}
  for i = 1, n do
    result[i] = {}
    for j = 1, n do result[i][j] = gram[i][j] - means[i] - means[j] + mean end
  end
  return result
end

-- The differences of the checkpoints to the weights that are held.
local function differences(weights, states, biases)
  local rows = {}
  for i, state in ipairs(states) do
    rows[i] = {}
    for k, p in ipairs(weights.list) do
      local there = state[p.name]
      if not there then fail("landscape: checkpoint %d has no %s: it is of another network", i, p.name) end
      if there.shape ~= p.tensor.shape then
        fail("landscape: %s of checkpoint %d is (%s), expected (%s)", p.name, i, table.concat(there.shape, ", "),
             table.concat(p.tensor.shape, ", "))
      end
      rows[i][k] = (has_filters(p) or biases) and there:sub(p.saved)
    end
  end
  return rows
end

--- The first two principal components of checkpoints, of length 1, and where the checkpoints lie on them, seen from the
-- weights that are held.
-- states: tensors by name, one for each checkpoint. Returns d1, d2, and {x =, y = lists, variance = shares of the two}.
-- Source: Li et al. 2018, section 7.
function directions.path(weights, states, biases)
  local n = #states
  if n < 3 then
    fail("landscape: a path takes at least 3 checkpoints, got %d; training with keep_every = 1 (--keep-every 1) keeps "
         .. "one of each epoch", n)
  end
  local rows = differences(weights, states, biases)
  local gram = products(rows, n)
  local values, vectors = eigen(centered(gram, n))
  local total, result, path = 0, {}, {variance = {}}
  for _, value in ipairs(values) do total = total + math.max(0, value) end
  if values[2] <= 1e-9 * total or total ~= total then
    fail("landscape: the %d checkpoints lie on a line%s: there is no second direction", n,
         total > 0 and "" or ", or all in one place")
  end
  for k = 1, 2 do
    local u, mean, list, at = vectors[k], 0, {}, {}
    for i = 1, n do mean = mean + u[i] / n end
    local length = math.sqrt(values[k])
    for p = 1, #weights.list do
      list[p] = false
      for i = 1, n do
        if rows[i][p] then
          list[p] = list[p] or core.zeros_like(rows[i][p])
          list[p]:add_(rows[i][p], (u[i] - mean) / length)
        end
      end
    end
    for i = 1, n do
      at[i] = 0
      for j = 1, n do at[i] = at[i] + (u[j] - mean) / length * gram[i][j] end
    end
    result[k], path[k == 1 and "x" or "y"], path.variance[k] = list, at, values[k] / total
  end
  return result[1], result[2], path
end

--- What tells directions apart: a digest of their numbers.
function directions.digest(d1, d2)
  local sum = core.sha256()
  for _, list in ipairs {d1, d2} do
    for _, d in ipairs(list) do
      if d then sum:update(d) else sum:update "0" end
    end
  end
  return sum:digest()
end

return directions
