--- Naive twins of operators in Lua's doubles, for graphs.lua. Arrays are {shape = {...}, n = how many elements, and at
-- 1..n the elements in row-major order}.
local doubles = {}

function doubles.new(shape)
  local a = {shape = {table.unpack(shape)}, n = 1}
  for _, extent in ipairs(shape) do a.n = a.n * extent end
  return a
end

-- Places of an index in each dimension, from 0, of the flat position p (from 1).
local function places(shape, p)
  local at, rest = {}, p - 1
  for d = #shape, 1, -1 do
    at[d] = rest % shape[d]
    rest = rest // shape[d]
  end
  return at
end

local function position(shape, at)
  local p = 0
  for d = 1, #shape do p = p * shape[d] + at[d] end
  return p + 1
end

function doubles.map(f) return function(a)
  local y = doubles.new(a.shape)
  for i = 1, a.n do y[i] = f(a[i]) end
  return y
end end

-- Shapes are aligned at their ends; an extent of 1 stands for any.
function doubles.zip(f) return function(a, b)
  local shape, rank = {}, math.max(#a.shape, #b.shape)
  for d = 1, rank do
    local m, n = a.shape[d - rank + #a.shape] or 1, b.shape[d - rank + #b.shape] or 1
    shape[d] = m == 1 and n or m
  end
  local y = doubles.new(shape)
  local function pick(x, at)
    local own = {}
    for d = 1, #x.shape do own[d] = x.shape[d] == 1 and 0 or at[d + rank - #x.shape] end
    return x[position(x.shape, own)]
  end
  for i = 1, y.n do
    local at = places(shape, i)
    y[i] = f(pick(a, at), pick(b, at))
  end
  return y
end end

-- y[at] = x[from(at)]
local function gathered(shape, x, from)
  local y = doubles.new(shape)
  for i = 1, y.n do y[i] = x[position(x.shape, from(places(shape, i)))] end
  return y
end

function doubles.transpose(x, a, b)
  local shape = {table.unpack(x.shape)}
  shape[a], shape[b] = shape[b], shape[a]
  return gathered(shape, x, function(at)
    at[a], at[b] = at[b], at[a]
    return at
  end)
end

function doubles.narrow(x, dim, first, length)
  local shape = {table.unpack(x.shape)}
  shape[dim] = length
  return gathered(shape, x, function(at)
    at[dim] = at[dim] + first - 1
    return at
  end)
end

function doubles.flip(x, dim)
  return gathered(x.shape, x, function(at)
    at[dim] = x.shape[dim] - 1 - at[dim]
    return at
  end)
end

function doubles.reshape(x, shape)
  local y = doubles.new(shape)
  table.move(x, 1, x.n, 1, y)
  return y
end

function doubles.cat(x, z, dim)
  local shape = {table.unpack(x.shape)}
  shape[dim] = x.shape[dim] + z.shape[dim]
  local y = doubles.new(shape)
  for i = 1, y.n do
    local at = places(shape, i)
    local from = x
    if at[dim] >= x.shape[dim] then from, at[dim] = z, at[dim] - x.shape[dim] end
    y[i] = from[position(from.shape, at)]
  end
  return y
end

-- f(list of the elements along dim) -> one number; the dimension goes.
function doubles.reduce(x, dim, f)
  local shape = {table.unpack(x.shape)}
  table.remove(shape, dim)
  local y = doubles.new(shape)
  for i = 1, y.n do
    local at, list = places(shape, i), {}
    table.insert(at, dim, 0)
    for k = 1, x.shape[dim] do
      at[dim] = k - 1
      list[k] = x[position(x.shape, at)]
    end
    y[i] = f(list)
  end
  return y
end

-- f(list) -> list of as many, along dim.
function doubles.along(x, dim, f)
  local y = doubles.new(x.shape)
  for i = 1, x.n do
    local at, list = places(x.shape, i), {}
    if at[dim] == 0 then
      for k = 1, x.shape[dim] do
        at[dim] = k - 1
        list[k] = x[position(x.shape, at)]
      end
      for k, value in ipairs(f(list)) do
        at[dim] = k - 1
        y[position(x.shape, at)] = value
      end
    end
  end
  return y
end

function doubles.matmul(a, b)
  local n, m, p = a.shape[1], a.shape[2], b.shape[2]
  local y = doubles.new {n, p}
  for i = 1, n do
    for j = 1, p do
      local sum = 0
      for k = 1, m do sum = sum + a[(i - 1) * m + k] * b[(k - 1) * p + j] end
      y[(i - 1) * p + j] = sum
    end
  end
  return y
end

return doubles
