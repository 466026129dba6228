--- Standard errors of rates, and whether differences are more than chance.
local check   = require "support.check"
local rm      = require "resmoon"
local metrics = rm.metrics

check.case("the standard error is the binomial one, and not 0 at the ends", function()
  check.close({metrics.standard_error(16.5, 600)}, {100 * math.sqrt(0.165 * 0.835 / 600)}, {tolerance = 1e-12})
  check.close({metrics.standard_error(50, 100)}, {5}, {tolerance = 1e-12})
  -- one right and one wrong more: p = 1 / 602 of 602
  local ends = 100 * math.sqrt(1 / 602 * 601 / 602 / 602)
  check.close({metrics.standard_error(0, 600), metrics.standard_error(100, 600)}, {ends, ends}, {tolerance = 1e-9})
  check.that(metrics.standard_error(0, 1) > 0)
  check.error(function() metrics.standard_error(101, 600) end, "the rate is 101, expected per cent from 0 to 100")
  check.error(function() metrics.standard_error(0 / 0, 600) end, "the rate is nan")
  check.error(function() metrics.standard_error(50, 0) end, "images is 0, expected a whole number from 1")
  check.error(function() metrics.standard_error(50) end, "images is nil")
end)

check.case("83.33 against 83.50 per cent of 600 images is undecided", function()
  local d = metrics.difference({83.5, 600}, {83.33, 600})
  check.close({d.points, d.standard_error},
              {0.17, 100 * math.sqrt((0.835 * 0.165 + 0.8333 * 0.1667) / 600)}, {tolerance = 1e-9})
  check.equal(d.decided, false)
  check.equal(metrics.difference({83.5, 600}, {70, 600}).decided, true)
  check.equal(metrics.difference({0, 10}, {10, 10}).decided, false)   -- none and one of ten
  check.equal(metrics.difference({0, 600}, {0, 600}).points, 0.0)
  -- exactly two standard errors are within them
  local se = metrics.difference({50, 200}, {50, 200}).standard_error
  check.close({se}, {5}, {tolerance = 1e-12})
end)

check.case("several seeds: means are compared, and their spread counts", function()
  local d = metrics.difference({{20, 22, 24}, 1000}, {{30, 30, 30}, 1000})
  local spread = 4 / 3   -- variance 4 of three
  local images = 100 ^ 2 * (0.22 * 0.78 + 0.3 * 0.7) / 1000
  check.close({d.points, d.standard_error}, {-8, math.sqrt(spread + images)}, {tolerance = 1e-9})
  check.equal(d.decided, true)
  -- the same means with seeds that scatter: nothing is decided
  check.equal(metrics.difference({{10, 22, 34}, 1000}, {{20, 30, 40}, 1000}).decided, false)
  check.error(function() metrics.difference({{}, 10}, {{1}, 10}) end, "there is no rate")
  check.error(function() metrics.difference(5, 6) end, "argument 1 is a number")
end)

-- Lists of booleans: `both` images that both get right, then those of one alone, then those of none.
local function rights(both, first, second, none)
  local a, b = {}, {}
  for _, part in ipairs {{both, true, true}, {first, true, false}, {second, false, true}, {none, false, false}} do
    for _ = 1, part[1] do a[#a + 1], b[#b + 1] = part[2], part[3] end
  end
  return a, b
end

check.case("paired: only images count that one alone gets right (McNemar, with Edwards' correction)", function()
  local d = metrics.paired_difference(rights(400, 60, 30, 110))
  check.close({d.points, d.standard_error}, {5, 100 * math.sqrt(90) / 600}, {tolerance = 1e-9})
  check.equal({d.only_first, d.only_second, d.decided}, {60, 30, true})
  -- The same rates, counted on images of their own, decide nothing: pairing is worth the trouble.
  check.equal(metrics.difference({460 / 6, 600}, {430 / 6, 600}).decided, false)
  check.equal(metrics.paired_difference(rights(90, 5, 0, 5)).decided, false)   -- a coin does it 1 time in 16
  check.equal(metrics.paired_difference(rights(90, 7, 0, 5)).decided, true)    -- 1 in 64
  check.equal(metrics.paired_difference(rights(10, 0, 0, 0)).decided, false)
  check.error(function() metrics.paired_difference({true}, {true, false}) end, "1 images for the first, 2 for")
  check.error(function() metrics.paired_difference({}, {}) end, "no list of booleans")
end)

check.case("paired from scores; ties go to the first class as in metrics.accuracy", function()
  local labels = {1, 2, 1}
  local a, b = rm.tensor {{0.9, 0.1}, {0.2, 0.8}, {0.5, 0.5}}, rm.tensor {{0.1, 0.9}, {0.2, 0.8}, {0.9, 0.1}}
  local d = metrics.paired_difference(a, b, labels)
  check.equal({d.only_first, d.only_second}, {1, 0})
  check.close({d.points}, {100 * (metrics.accuracy(a, labels) - metrics.accuracy(b, labels))}, {tolerance = 1e-9})
end)
