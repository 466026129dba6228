local check = require "support.check"
local rm    = require "resmoon"

check.case("one seed, the same numbers; every stream its own", function()
  local a, b = rm.generator(5), rm.generator(5)
  check.equal(rm.randn(7, {generator = a}), rm.randn(7, {generator = b}))
  check.equal(rm.rand({3}, "float32", a), rm.rand({3}, b))
  check.that(rm.generator(5, 1):uniform() ~= rm.generator(5, 2):uniform())
  check.that(rm.generator(6):uniform() ~= rm.generator(5):uniform())
end)

check.case("manual_seed restarts the streams of this state", function()
  rm.manual_seed(3)
  local x, p = rm.randn(4), rm.randperm(9)
  rm.manual_seed(3)
  check.equal(rm.randn(4), x)
  check.equal(rm.randperm(9), p)
end)

check.case("a state is a table that can be put back", function()
  local g = rm.generator(1, 2)
  g:normal()
  local saved = g.state
  check.equal(saved, {seed = 1, stream = 2, position = 1})
  local x = rm.zeros(5):normal_(0, 1, g)
  g.state = saved
  check.equal(rm.zeros(5):normal_(0, 1, {generator = g}), x)
  local init = rm.random.init.state
  local y = rm.rand(3)
  rm.random.init.state = init
  check.equal(rm.rand(3), y)
  for _, name in ipairs {"init", "shuffle", "augment", "dropout"} do
    check.that(math.type(rm.random[name].state.position) == "integer")
  end
  check.error(function() g.state = {seed = 1} end, "state.stream")
  check.error(function() g.sate = 1 end, "sate")
  check.error(function() return g.sate end, "sate")
  check.error(function() rm.rand(2, {generator = 5}) end, "resmoon.Generator")
end)

check.case("the same bits with one thread and with two, in any layout", function()
  local threads = rm.num_threads()
  rm.set_num_threads(1)
  local one = rm.randn(300, 301, {generator = rm.generator(9)})
  rm.set_num_threads(2)
  local two = rm.randn(300, 301, {generator = rm.generator(9)})
  rm.set_num_threads(threads)
  check.equal(one, two)
  check.equal(rm.zeros(301, 300):t():normal_(0, 1, rm.generator(9)), one)
end)

check.case("ranges and moments", function()
  local g = rm.generator(2)
  local sum, square, n = 0, 0, 20000
  for _, v in ipairs(rm.zeros(n):uniform_(-1, 3, g):totable()) do
    check.that(v >= -1 and v < 3)
    sum = sum + v
  end
  check.close(sum / n, 1, {atol = 0.03})
  sum = 0
  for _, v in ipairs(rm.zeros(n):normal_(2, 3, g):totable()) do sum, square = sum + v, square + (v - 2) ^ 2 end
  check.close(sum / n, 2, {atol = 0.08})
  check.close((square / n) ^ 0.5, 3, {atol = 0.06})
  sum = 0
  for _, v in ipairs(rm.zeros(n):bernoulli_(0.25, g):totable()) do
    check.that(v == 0 or v == 1)
    sum = sum + v
  end
  check.close(sum / n, 0.25, {atol = 0.012})
  local seen = {}
  for _, v in ipairs(rm.randint(-1, 2, {1000}, {generator = g}):totable()) do seen[v] = true end
  check.equal(seen, {[-1] = true, [0] = true, [1] = true, [2] = true})
  check.error(function() rm.zeros(2):uniform_(3, 1) end, "low 3 is above high 1")
  check.error(function() rm.zeros(2):normal_(0, -1) end, "must not be negative")
  check.error(function() rm.zeros(2):bernoulli_(2) end, "in 0..1")
  check.error(function() rm.zeros({2}, "int64"):uniform_() end, "int64, expected float32")
end)

check.case("permutations hold every number once", function()
  local p = rm.randperm(100)
  check.equal(p.dtype, "int64")
  local seen = {}
  for _, v in ipairs(p:totable()) do seen[v] = true end
  check.equal(#seen, 100)
  check.shape(rm.generator(1):permutation(0), {0})
end)
