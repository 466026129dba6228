--- Random graphs: values and gradients of the tape against naive twins in doubles.
--
--     resmoon tests/fuzz/graphs.lua [--minutes N] [--graphs N] [--seed N] [--only SEED]
--
-- A graph is a few leaves and some twenty random operators on what is there already, each of which may be used several
-- times. The same graph is computed by doubles.lua; its gradients are central differences of that, which are exact to
-- 1e-8. Meanwhile values that nobody needs any more are let go at once, closed or collected, garbage is collected at
-- random moments, the number of threads changes, and the graph may be walked twice. A seed makes the same graph again;
-- --only SEED prints it.
package.path = "tests/?.lua;" .. package.path
local rm      = require "resmoon"
local doubles = require "fuzz.doubles"

local OPERATORS, STEP, TOLERANCE = 20, 1e-5, 2e-3

local function shapes_equal(a, b) return table.concat(a, ",") == table.concat(b, ",") end

local function broadcast(a, b)
  local rank = math.max(#a, #b)
  for d = 1, rank do
    local m, n = a[d - rank + #a] or 1, b[d - rank + #b] or 1
    if m ~= n and m ~= 1 and n ~= 1 then return false end
  end
  return true
end

-- Operators: {name, ours(x, y, ...), twin(x, y, ...), choose(shapes of x and y, random) -> further arguments, or nil}.
-- Values stay near 1: what grows is squashed.
local sigmoid = function(x) return 1 / (1 + math.exp(-x)) end
local function unary(name, ours, f, kink)
  return {name = name, arity = 1, ours = ours, twin = doubles.map(f), kink = kink}
end
local function binary(name, ours, f)
  return {name = name, arity = 2, ours = ours, twin = doubles.zip(f), fits = broadcast}
end
local function some_dim(shape, random) return #shape > 0 and random(#shape) or nil end
local function softmax(list)
  local sum, y = 0, {}
  for _, v in ipairs(list) do sum = sum + math.exp(v) end
  for i, v in ipairs(list) do y[i] = math.exp(v) / sum end
  return y
end

local operators = {
  unary("tanh", function(x) return x:tanh() end, function(x) return (math.exp(2 * x) - 1) / (math.exp(2 * x) + 1) end),
  unary("sigmoid", function(x) return x:sigmoid() end, sigmoid),
  unary("relu", function(x) return x:relu() end, function(x) return x > 0 and x or 0 end, 0),
  unary("neg", function(x) return -x end, function(x) return -x end),
  unary("abs", function(x) return x:abs() end, math.abs, 0),
  unary("square", function(x) return (x * 0.5):square() end, function(x) return 0.25 * x * x end),
  unary("exp", function(x) return (x:tanh()):exp() end,
        function(x) return math.exp((math.exp(2 * x) - 1) / (math.exp(2 * x) + 1)) end),
  unary("log", function(x) return (x:square() + 1):log() end, function(x) return math.log(x * x + 1) end),
  unary("sqrt", function(x) return (x:square() + 1):sqrt() end, function(x) return math.sqrt(x * x + 1) end),
  unary("softplus", function(x) return x:softplus() end, function(x) return math.log(1 + math.exp(x)) end),
  unary("scale", function(x) return x * 0.7 + 0.1 end, function(x) return x * 0.7 + 0.1 end),
  unary("clone", function(x) return x:clone() end, function(x) return x end),
  unary("twice", function(x) return (x:tanh() * x):contiguous() end,
        function(x) return x * (math.exp(2 * x) - 1) / (math.exp(2 * x) + 1) end),
  binary("add", function(x, y) return x + y end, function(a, b) return a + b end),
  binary("sub", function(x, y) return x - y end, function(a, b) return a - b end),
  binary("mul", function(x, y) return x * y:tanh() end,
         function(a, b) return a * (math.exp(2 * b) - 1) / (math.exp(2 * b) + 1) end),
  binary("div", function(x, y) return x / (y:square() + 1) end, function(a, b) return a / (b * b + 1) end),
  {name = "sum", arity = 1, more = function(a, random) return some_dim(a, random) end,
   ours = function(x, dim) return x:sum(dim) * 0.5 end,
   twin = function(x, dim) return doubles.reduce(x, dim, function(list)
     local sum = 0
     for _, v in ipairs(list) do sum = sum + v end
     return sum * 0.5
   end) end},
  {name = "mean keepdim", arity = 1, more = function(a, random) return some_dim(a, random) end,
   ours = function(x, dim) return x:mean(dim, {keepdim = true}) end,
   twin = function(x, dim)
     local shape = {table.unpack(x.shape)}
     shape[dim] = 1
     return doubles.reshape(doubles.reduce(x, dim, function(list)
       local sum = 0
       for _, v in ipairs(list) do sum = sum + v end
       return sum / #list
     end), shape)
   end},
  {name = "softmax", arity = 1, more = function(a, random) return some_dim(a, random) end,
   ours = function(x, dim) return x:softmax(dim) end,
   twin = function(x, dim) return doubles.along(x, dim, softmax) end},
  {name = "log_softmax", arity = 1, more = function(a, random) return some_dim(a, random) end,
   ours = function(x, dim) return x:log_softmax(dim) end,
   twin = function(x, dim) return doubles.map(math.log)(doubles.along(x, dim, softmax)) end},
  {name = "cumsum", arity = 1, more = function(a, random) return some_dim(a, random) end,
   ours = function(x, dim) return x:cumsum(dim) * 0.5 end,
   twin = function(x, dim) return doubles.along(x, dim, function(list)
     local sum, y = 0, {}
     for i, v in ipairs(list) do
       sum = sum + v
       y[i] = sum * 0.5
     end
     return y
   end) end},
  {name = "flip", arity = 1, more = function(a, random) return some_dim(a, random) end,
   ours = function(x, dim) return x:flip(dim) end, twin = doubles.flip},
  {name = "transpose", arity = 1, more = function(a, random)
    if #a < 2 then return nil end
    return random(#a), random(#a)
  end, ours = function(x, a, b) return x:transpose(a, b) end, twin = doubles.transpose},
  {name = "narrow", arity = 1, more = function(a, random)
    local dim = some_dim(a, random)
    if not dim or a[dim] < 2 then return nil end
    local first = random(a[dim])
    return dim, first, random(a[dim] - first + 1)
  end, ours = function(x, dim, first, length) return x:narrow(dim, first, length) end, twin = doubles.narrow},
  {name = "reshape", arity = 1, more = function(a, random)
    local n = 1
    for _, extent in ipairs(a) do n = n * extent end
    local choices = {{n}, {1, n}, {n, 1}}
    if n % 2 == 0 then choices[4] = {2, n // 2} end
    return choices[random(#choices)]
  end, ours = function(x, shape) return x:reshape(shape) end, twin = doubles.reshape},
  {name = "cat", arity = 2, fits = function(a, b) return #a > 0 and shapes_equal(a, b) end,
   more = function(a, random) return some_dim(a, random) end,
   ours = function(x, y, dim) return rm.cat({x, y}, dim) end, twin = doubles.cat},
  {name = "matmul", arity = 2, fits = function(a, b) return #a == 2 and #b == 2 and a[2] == b[1] end,
   ours = function(x, y) return x:matmul(y) * 0.5 end,
   twin = function(x, y) return doubles.map(function(v) return v * 0.5 end)(doubles.matmul(x, y)) end},
}

-- --- a graph ---------------------------------------------------------------------------------

-- {leaves = {shape, ...}, steps = {{operator, inputs, more}, ...}, shapes}: which operators on which values.
local function make(random)
  local graph, arrays = {leaves = {}, steps = {}, values = {}}, {}
  for i = 1, random(3) do
    local shape = {}
    for d = 1, random(4) - 1 do shape[d] = random(3) end
    local a = doubles.new(shape)
    for k = 1, a.n do a[k] = string.unpack("f", string.pack("f", random() * 3 - 1.5)) end
    graph.leaves[i], arrays[i] = a, a
  end
  for _ = 1, OPERATORS do
    local op = operators[random(#operators)]
    local inputs, shapes, list = {}, {}, {}
    for k = 1, op.arity do
      inputs[k] = random(#arrays)
      list[k], shapes[k] = arrays[inputs[k]], arrays[inputs[k]].shape
    end
    local fits = not op.fits or op.fits(shapes[1], shapes[2])
    local more = fits and op.more and table.pack(op.more(shapes[1], random)) or {n = 0}
    if fits and (not op.more or more[1] ~= nil) then
      for k = 1, more.n do list[#list + 1] = more[k] end
      local y = op.twin(table.unpack(list))
      local fine = y.n > 0 and y.n <= 27
      for i = 1, y.n do fine = fine and y[i] == y[i] and math.abs(y[i]) < 30 end
      if op.kink then  -- a difference across it says nothing
        for i = 1, list[1].n do fine = fine and math.abs(list[1][i]) > 1e-3 end
      end
      if fine then
        arrays[#arrays + 1] = y
        graph.steps[#graph.steps + 1] = {op = op, inputs = inputs, more = more}
      end
    end
  end
  graph.arrays = arrays
  return graph
end

local function last_uses(graph)
  local last = {}
  for i, step in ipairs(graph.steps) do
    for _, input in ipairs(step.inputs) do last[input] = i end
  end
  return last
end

-- The sum of the last value times weights, in doubles.
local function twin_loss(graph, leaves, weights)
  local arrays = {table.unpack(leaves)}
  for _, step in ipairs(graph.steps) do
    local list = {}
    for k, input in ipairs(step.inputs) do list[k] = arrays[input] end
    for k = 1, step.more.n do list[#list + 1] = step.more[k] end
    arrays[#arrays + 1] = step.op.twin(table.unpack(list))
  end
  local y, sum = arrays[#arrays], 0
  for i = 1, y.n do sum = sum + y[i] * weights[i] end
  return sum
end

local function nested(a) return a.n == 1 and #a.shape == 0 and a[1] or table.move(a, 1, a.n, 1, {}) end

local function tensor_of(a, options)
  local t = rm.tensor(#a.shape == 0 and a[1] or nested(a))
  if #a.shape > 0 then t = t:reshape(a.shape):clone() end
  return options and t:requires_grad_(true) or t
end

local function numbers_of(t) return t:numel() == 0 and {} or t:reshape(t:numel()):totable() end

-- Computes a graph with tensors; returns the leaves' gradients, and the last value.
local function ours(graph, weights, random)
  local last, values, leaves = last_uses(graph), {}, {}
  for i, a in ipairs(graph.leaves) do
    values[i] = tensor_of(a, true)
    leaves[i] = values[i]
  end
  for i, step in ipairs(graph.steps) do
    local list = {}
    for k, input in ipairs(step.inputs) do list[k] = values[input] end
    for k = 1, step.more.n do list[#list + 1] = step.more[k] end
    values[#leaves + i] = step.op.ours(table.unpack(list))
    for k in ipairs(list) do list[k] = nil end
    for _, input in ipairs(step.inputs) do  -- let go of early
      if input > #leaves and last[input] == i and values[input] then
        local how = random(3)
        local close = debug.getmetatable(values[input]).__close
        if how == 1 and close then close(values[input]) end
        if how <= 2 then values[input] = nil end
      end
    end
    if random(6) == 1 then collectgarbage() end
    if random(20) == 1 then rm.set_num_threads(random(3)) end
  end
  local y = values[#leaves + #graph.steps]
  for k in pairs(values) do values[k] = nil end
  local v = tensor_of(weights)
  local twice = random(4) == 1
  if random(3) == 1 then collectgarbage() end
  local loss = (y * v):sum()
  if twice then loss:backward(nil, {retain_graph = true}) end
  if random(3) == 1 then collectgarbage() end
  loss:backward()
  return leaves, y, twice and 2 or 1
end

-- A NaN is near to nothing.
local function near(a, b, scale) return math.abs(a - b) <= TOLERANCE * scale end

-- nil, or what is wrong.
local function check(graph, random)
  local weights = doubles.new(graph.arrays[#graph.arrays].shape)
  for i = 1, weights.n do weights[i] = string.unpack("f", string.pack("f", random() * 2 - 1)) end
  local leaves, y, times = ours(graph, weights, random)
  local expected = graph.arrays[#graph.arrays]
  if not shapes_equal(y.shape, expected.shape) then
    return ("shape (%s), expected (%s)"):format(table.concat(y.shape, ", "), table.concat(expected.shape, ", "))
  end
  for i, value in ipairs(numbers_of(y)) do
    if not near(value, expected[i], 1 + math.abs(expected[i])) then
      return ("value %d is %.7g, expected %.7g"):format(i, value, expected[i])
    end
  end
  for k, leaf in ipairs(leaves) do
    local a, got = graph.leaves[k], leaf.grad and numbers_of(leaf.grad)
    local scale = 1
    local numeric = {}
    for i = 1, a.n do
      local was = a[i]
      a[i] = was + STEP
      local above = twin_loss(graph, graph.leaves, weights)
      a[i] = was - STEP
      numeric[i] = (above - twin_loss(graph, graph.leaves, weights)) / (2 * STEP) * times
      a[i] = was
      scale = math.max(scale, math.abs(numeric[i]))
    end
    for i = 1, a.n do
      local value = got and got[i] or 0   -- a leaf that leads nowhere has none
      if not near(value, numeric[i], scale) then
        return ("gradient of leaf %d at %d is %s, expected %.7g"):format(k, i, got and got[i] or "absent",
                                                                         numeric[i])
      end
    end
  end
end

local function describe(graph)
  local lines = {}
  for i, a in ipairs(graph.leaves) do
    lines[i] = ("v%d = leaf (%s) {%s}"):format(i, table.concat(a.shape, ", "), table.concat(a, ", ", 1, a.n))
  end
  for i, step in ipairs(graph.steps) do
    local words = {}
    for k, input in ipairs(step.inputs) do words[k] = "v" .. input end
    for k = 1, step.more.n do
      local value = step.more[k]
      words[#words + 1] = type(value) == "table" and "{" .. table.concat(value, ", ") .. "}" or tostring(value)
    end
    lines[#lines + 1] = ("v%d = %s(%s)"):format(#graph.leaves + i, step.op.name, table.concat(words, ", "))
  end
  return table.concat(lines, "\n")
end

local function main(options)
  local graphs, findings, started = 0, 0, os.time()
  local seed = options.only or options.seed
  rm.manual_seed(1)
  local live
  repeat
    math.randomseed(seed)
    local graph = make(math.random)
    if #graph.steps > 0 then
      local ok, wrong = pcall(check, graph, math.random)
      graphs = graphs + 1
      if wrong or options.only then
        if wrong then findings = findings + 1 end
        print(("%sseed %d: %s%s\n%s"):format(wrong and "FINDING  " or "", seed, ok and "" or "error: ", tostring(wrong),
                                             describe(graph)))
      end
    end
    if graphs % 1000 == 0 then
      collectgarbage()
      collectgarbage()
      live = live or rm.live_tensors()
      if rm.live_tensors() > live then
        findings = findings + 1
        print(("FINDING  %d tensors are alive after seed %d, %d before"):format(rm.live_tensors(), seed, live))
        live = rm.live_tensors()
      end
    end
    seed = seed + 1
    local done = os.time() - started >= options.minutes * 60
    if options.graphs then done = graphs >= options.graphs end
  until options.only or findings >= 20 or done
  print(("%d executions, %d findings"):format(graphs, findings))
  os.exit(findings == 0)
end

local options = {minutes = 1, seed = 1}
for i = 1, #arg, 2 do options[arg[i]:match "^%-%-(%l+)$"] = tonumber(arg[i + 1]) end
main(options)
