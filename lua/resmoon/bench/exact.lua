--- How far convolutions are from the exact result: relative L2 errors over samples of it.
--
-- The twin is the definition, summed in Lua's numbers, which are float64, from the same float32
-- inputs. It is slow, so a few hundred elements are computed, spread over output and input gradient by
-- a fixed generator, and a few whole filters of the weight gradient, each a sum over the whole batch.
local exact = {}

-- Numbers 1..n, always the same ones.
local function picker()
  local state = 12345
  return function(n)
    state = (state * 1103515245 + 12345) & 0x7fffffff
    return (state >> 8) % n + 1
  end
end

local function numbers(t) return t:detach():contiguous():flatten():totable() end

-- The element of a 4-d tensor.
local function at(t, n, c, i, j) return t[{{n, n}, {c, c}, {i, i}, {j, j}}]:item() end

-- The sum of the products of x (image n) with filter k under output (i, j).
local function output(c, n, k, i, j)
  local image, filter, sum = numbers(c.x[{{n, n}}]), numbers(c.w[{{k, k}}]), 0.0
  local group = (k - 1) // (c.K // c.groups)
  for q = 0, c.cg - 1 do
    local plane = (group * c.cg + q) * c.H * c.W
    for r = 0, c.R - 1 do
      local h = (i - 1) * c.stride - c.padding + r * c.dilation
      for s = 0, c.S - 1 do
        local v = (j - 1) * c.stride - c.padding + s * c.dilation
        if h >= 0 and h < c.H and v >= 0 and v < c.W then
          sum = sum + image[plane + h * c.W + v + 1] * filter[(q * c.R + r) * c.S + s + 1]
        end
      end
    end
  end
  return sum
end

-- The output position that reads input i through tap r, or nil.
local function reader(c, i, r, extent)
  local o = i - 1 + c.padding - r * c.dilation
  if o % c.stride ~= 0 then return nil end
  o = o // c.stride
  return o >= 0 and o < extent and o or nil
end

local function input_gradient(c, n, channel, i, j)
  local dy, sum = numbers(c.dy[{{n, n}}]), 0.0
  local kg = c.K // c.groups
  local group, q = (channel - 1) // c.cg, (channel - 1) % c.cg + 1
  local filters = numbers(c.w[{{group * kg + 1, (group + 1) * kg}, {q, q}}])
  for k = 0, kg - 1 do
    local plane = (group * kg + k) * c.OH * c.OW
    for r = 0, c.R - 1 do
      local h = reader(c, i, r, c.OH)
      for s = 0, h and c.S - 1 or -1 do
        local v = reader(c, j, s, c.OW)
        if v then sum = sum + dy[plane + h * c.OW + v + 1] * filters[(k * c.R + r) * c.S + s + 1] end
      end
    end
  end
  return sum
end

-- One tap of the weight gradient; x and dy are the planes of its two channels over all images.
local function weight_gradient(c, x, dy, r, s)
  local sum = 0.0
  for n = 0, c.N - 1 do
    for i = 0, c.OH - 1 do
      local h = i * c.stride - c.padding + r * c.dilation
      if h >= 0 and h < c.H then
        local from, to = (n * c.H + h) * c.W + 1, (n * c.OH + i) * c.OW + 1
        for j = 0, c.OW - 1 do
          local v = j * c.stride - c.padding + s * c.dilation
          if v >= 0 and v < c.W then sum = sum + x[from + v] * dy[to + j] end
        end
      end
    end
  end
  return sum
end

-- Collects pairs of computed and exact values.
local function comparison()
  local off, size = 0.0, 0.0
  return function(computed, truth)
    off, size = off + (computed - truth) ^ 2, size + truth ^ 2
  end, function() return size > 0 and math.sqrt(off / size) or 0.0 end
end

--- Relative L2 errors of a convolution. t: the tensors x, w, dy (the gradient that came in) and the
-- results y, dx, dw, each of which may be nil; options: stride, padding, dilation, groups (numbers).
-- samples: of y and of dx (200). Returns {y =, dx =, dw =}.
function exact.errors(t, options, samples)
  samples = samples or 200
  local xs, ws, ys = t.x.shape, t.w.shape, (t.y or t.dy).shape
  local c = {x = t.x, w = t.w, dy = t.dy, N = xs[1], H = xs[3], W = xs[4], K = ws[1], cg = ws[2], R = ws[3],
             S = ws[4], OH = ys[3], OW = ys[4], stride = options.stride or 1, padding = options.padding or 0,
             dilation = options.dilation or 1, groups = options.groups or 1}
  local pick, result = picker(), {}
  if t.y then
    local add, relative = comparison()
    for _ = 1, samples do
      local n, k, i, j = pick(c.N), pick(c.K), pick(c.OH), pick(c.OW)
      add(at(t.y, n, k, i, j), output(c, n, k, i, j))
    end
    result.y = relative()
  end
  if t.dx then
    local add, relative = comparison()
    for _ = 1, samples do
      local n, k, i, j = pick(c.N), pick(xs[2]), pick(c.H), pick(c.W)
      add(at(t.dx, n, k, i, j), input_gradient(c, n, k, i, j))
    end
    result.dx = relative()
  end
  if t.dw then
    local add, relative = comparison()
    for _ = 1, 4 do
      local k, q = pick(c.K), pick(c.cg)
      local channel = (k - 1) // (c.K // c.groups) * c.cg + q
      local x, dy = numbers(t.x[{{}, {channel, channel}}]), numbers(t.dy[{{}, {k, k}}])
      for r = 0, c.R - 1 do
        for s = 0, c.S - 1 do add(at(t.dw, k, q, r + 1, s + 1), weight_gradient(c, x, dy, r, s)) end
      end
    end
    result.dw = relative()
  end
  return result
end

return exact
