--- Eigenvalues and eigenvectors of a symmetric matrix of doubles, by Jacobi's rotations.
--
--     local values, vectors = eigen(rows)    -- from large to small; vectors[k] is that of values[k], of length 1
--
-- For the small matrices of principal components: n rows, n up to a hundred or so. It is Lua throughout, so that the
-- bits are the same everywhere. The largest element of each vector is positive, since its sign means nothing.
-- Source: Golub and Van Loan 2013, "Matrix Computations", 4th edition, section 8.5.
local SWEEPS = 50

local function off_diagonal(a, n)
  local sum = 0
  for i = 1, n do
    for j = i + 1, n do sum = sum + a[i][j] * a[i][j] end
  end
  return sum
end

-- Makes a[p][q] zero.
local function rotate(a, v, n, p, q)
  if a[p][q] == 0 then return end
  local theta = (a[q][q] - a[p][p]) / (2 * a[p][q])
  local t = (theta >= 0 and 1 or -1) / (math.abs(theta) + math.sqrt(theta * theta + 1))
  local c = 1 / math.sqrt(t * t + 1)
  local s = t * c
  for k = 1, n do
    local x, y = a[k][p], a[k][q]
    a[k][p], a[k][q] = c * x - s * y, s * x + c * y
  end
  for k = 1, n do
    local x, y = a[p][k], a[q][k]
    a[p][k], a[q][k] = c * x - s * y, s * x + c * y
    x, y = v[p][k], v[q][k]
    v[p][k], v[q][k] = c * x - s * y, s * x + c * y
  end
  a[p][q], a[q][p] = 0, 0
end

return function(rows)
  local n, a, v, scale = #rows, {}, {}, 0
  for i = 1, n do
    a[i], v[i] = {}, {}
    for j = 1, n do
      a[i][j], v[i][j] = (rows[i][j] + rows[j][i]) / 2, i == j and 1 or 0
      scale = scale + a[i][j] * a[i][j]
    end
  end
  for _ = 1, SWEEPS do
    if off_diagonal(a, n) <= 1e-30 * scale then break end
    for p = 1, n - 1 do
      for q = p + 1, n do rotate(a, v, n, p, q) end
    end
  end
  local order = {}
  for i = 1, n do order[i] = i end
  table.sort(order, function(i, j)
    if a[i][i] ~= a[j][j] then return a[i][i] > a[j][j] end
    return i < j
  end)
  local values, vectors = {}, {}
  for k, i in ipairs(order) do
    values[k], vectors[k] = a[i][i], v[i]
    local most = 1
    for j = 2, n do
      if math.abs(v[i][j]) > math.abs(v[i][most]) then most = j end
    end
    if v[i][most] < 0 then
      for j = 1, n do v[i][j] = -v[i][j] end
    end
  end
  return values, vectors
end
