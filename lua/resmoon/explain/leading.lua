--- The largest eigenvalues of a symmetric matrix of any size, with their vectors.
--
-- Small matrices go to Jacobi's rotations (eigen.lua). Of larger ones a block of vectors, some more than are wanted, is
-- multiplied by the matrix again and again and made orthonormal (subspace iteration); in the space that they span the
-- small problem is solved (Rayleigh-Ritz). Products are rm.linear's, so the bits are the same everywhere.
-- Source: Golub and Van Loan 2013, "Matrix Computations", 4th edition, sections 8.2 and 8.3.
local core  = require "resmoon.core"
local eigen = require "resmoon.explain.eigen"

local SMALL, MORE, ROUNDS, EACH = 64, 10, 30, 4

local function transposed(x) return x:transpose(1, 2):contiguous() end

-- The inverse of R, where R^T R is a matrix of doubles (Cholesky). A column that depends on those before it is zero.
local function inverse_root(g)
  local n, r, inverse, most = #g, {}, {}, 0
  for i = 1, n do most = math.max(most, g[i][i]) end
  for i = 1, n do
    r[i], inverse[i] = {}, {}
    for j = 1, n do r[i][j], inverse[i][j] = 0, 0 end
  end
  for i = 1, n do
    for j = i, n do
      local sum = g[i][j]
      for k = 1, i - 1 do sum = sum - r[k][i] * r[k][j] end
      if i == j then r[i][i] = sum > 1e-12 * most and math.sqrt(sum) or 0
      else r[i][j] = r[i][i] > 0 and sum / r[i][i] or 0 end
    end
  end
  for j = 1, n do
    inverse[j][j] = r[j][j] > 0 and 1 / r[j][j] or 0
    for i = j - 1, 1, -1 do
      local sum = 0
      for k = i + 1, j do sum = sum + r[i][k] * inverse[k][j] end
      inverse[i][j] = r[i][i] > 0 and -sum / r[i][i] or 0
    end
  end
  return inverse
end

-- Rows of z (b, m) made orthonormal; twice, since float32 loses half of the digits the first time.
local function orthonormal(z)
  for _ = 1, 2 do z = core.linear(transposed(core.tensor(inverse_root(core.linear(z, z):totable()))), transposed(z)) end
  return z
end

--- leading(matrix, k) -> values (a list of k), vectors (k, m). matrix (m, m) is symmetric, with no negative
-- eigenvalue.
return function(matrix, k)
  local m = matrix.shape[1]
  if m <= SMALL then
    local values, vectors = eigen(matrix:totable())
    return table.move(values, 1, k, 1, {}), core.tensor(table.move(vectors, 1, k, 1, {}))
  end
  local b = math.min(m, k + MORE)
  local z = orthonormal(core.randn(b, m, {generator = core.generator(1)}))
  local values, vectors, before
  for _ = 1, ROUNDS do
    for _ = 1, EACH do z = orthonormal(core.linear(z, matrix)) end
    values, vectors = eigen(core.linear(core.linear(z, matrix), z):totable())
    local change = 0
    for i = 1, k do change = math.max(change, before and math.abs(values[i] - before[i]) or math.huge) end
    before = values
    if change <= 1e-6 * values[1] then break end
  end
  local kept = core.tensor(table.move(vectors, 1, k, 1, {}))
  return table.move(values, 1, k, 1, {}), core.linear(kept, transposed(z))
end
