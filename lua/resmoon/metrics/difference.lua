--- How far chance alone takes a measured rate, and whether two of them differ by more.
--
-- Rates are errors or accuracies in per cent of images that were counted. Everything here is about what other images of
-- the same kind would have given; that another seed would have given another network is in it only where several
-- seeds are at hand. "Decided" is a difference of more than two standard errors: of twenty differences that are none,
-- about one is called decided.
local fail = require "resmoon.base.fail"
local lists = require "resmoon.base.list"
local read = require "resmoon.metrics.scores"

local difference = {}

local NUMBER = 2  -- standard errors within which a difference is undecided

local function check_count(op, images)
  if math.type(images) ~= "integer" or images < 1 then
    fail("%s: images is %s, expected a whole number from 1", op, images)
  end
end

local function check_rate(op, rate)
  if type(rate) ~= "number" or not (rate >= 0 and rate <= 100) then
    fail("%s: the rate is %s, expected per cent from 0 to 100", op, rate)
  end
end

--- The standard error of a rate that was counted on some images: 100 sqrt(p (1 - p) / n), the binomial one.
-- At 0 and 100 per cent, where it would be 0 however few the images are, it is that of one more image that is right
-- and one more that is wrong: p is 1 / (n + 2) there, and n is n + 2.
-- Call: metrics.standard_error(rate, images) -> number
-- Units: rate in per cent; points, as rates differ by.
-- Errors: raises for a rate outside 0 to 100, and unless images is a whole number from 1.
-- Source: Agresti and Caffo 2000, "Simple and effective confidence intervals for proportions and differences of
--  proportions result from adding two successes and two failures", for the ends.
-- Example:
--   > metrics.standard_error(50, 600)
--   2.0412414523193
--   > metrics.standard_error(0, 600) > 0
--   true
-- See: metrics.difference
function difference.standard_error(rate, images)
  check_rate("metrics.standard_error", rate)
  check_count("metrics.standard_error", images)
  local p, n = rate / 100, images
  if p == 0 or p == 1 then
    n = images + 2
    p = (p * images + 1) / n
  end
  return 100 * math.sqrt(p * (1 - p) / n)
end

-- Mean, and the square of the standard error of the mean of some seeds, tested on the same images.
local function of_seeds(op, rates, images)
  if #rates == 0 then fail("%s: there is no rate", op) end
  local sum, squares = 0, 0
  for _, rate in ipairs(rates) do
    check_rate(op, rate)
    sum = sum + rate
  end
  local mean = sum / #rates
  for _, rate in ipairs(rates) do squares = squares + (rate - mean) ^ 2 end
  local spread = #rates > 1 and squares / (#rates - 1) / #rates or 0
  return mean, spread + difference.standard_error(mean, images) ^ 2
end

--- The difference of two rates, each counted on images of its own or not known image by image, with its standard error:
-- the root of the sum of both squares.
-- A list of rates is that of trainings which differ in their seeds alone, tested on the same images: then their means
-- are compared, and the square of the spread over the number of seeds adds to that of the images.
-- Call: metrics.difference({rate, images}, {rate, images}) -> {points =, standard_error =, decided = boolean}
-- Call: metrics.difference({{rate, rate, ...}, images}, {{rate, rate, ...}, images}) -> the same
-- Units: rates in per cent, points the first minus the second. decided: it is more than two standard errors.
-- Errors: raises for a rate outside 0 to 100, and unless images is a whole number from 1.
-- Source: binomial; Bouthillier et al. 2021, arXiv:2103.03098, for the seeds.
-- Example:
--   > d = metrics.difference({16.67, 600}, {16.5, 600})
--   > ("%.2f %.2f"):format(d.points, d.standard_error), d.decided
--   0.17 2.15  false
--   > metrics.difference({{20, 21, 22}, 2000}, {{30, 31, 29}, 2000}).decided
--   true
-- See: metrics.paired_difference, metrics.standard_error
function difference.difference(a, b)
  local means, square = {}, 0
  for i = 1, 2 do
    local each = select(i, a, b)
    if type(each) ~= "table" then
      fail("metrics.difference: argument %d is %k, expected {rate, images}", i, each)
    end
    local rates = type(each[1]) == "table" and each[1] or {each[1]}
    check_count("metrics.difference", each[2])
    local own
    means[i], own = of_seeds("metrics.difference", rates, each[2])
    square = square + own
  end
  local points, se = means[1] - means[2], math.sqrt(square)
  return {points = points, standard_error = se, decided = math.abs(points) > NUMBER * se}
end

--- The difference of two networks' accuracies on the same images, image by image: only those count that one of them
-- gets right and the other wrong. It decides more than metrics.difference, since both find the same images hard.
-- points is the first accuracy minus the second; only_first and only_second are the images that one alone gets right,
-- and the standard error is 100 sqrt(only_first + only_second) / n. Decided: points, less one image, are more than
-- two of it. (The one image is Edwards' correction for whole images: without it 5 to 0 would be decided, which tossing
-- a coin gives once in sixteen times.)
-- Call: metrics.paired_difference(right, right) -> {points =, standard_error =, decided =, only_first =, only_second =}
-- Call: metrics.paired_difference(scores, scores, labels) -> the same
-- Shapes: right is a list of N booleans, true where the network is right; scores (N, K), labels (N) from 1 on.
-- Units: points in per cent of the images.
-- Errors: raises for lists of different lengths, or without images.
-- Source: McNemar 1947, "Note on the sampling error of the difference between correlated proportions or percentages";
--  Edwards 1948 for the correction; Dietterich 1998 for classifiers.
-- Example:
--   > a, b = {true, true, true, false}, {true, false, true, false}
--   > d = metrics.paired_difference(a, b)
--   > d.points, d.standard_error, d.decided
--   25.0  25.0  false
-- See: metrics.difference
function difference.paired_difference(a, b, labels)
  local op = "metrics.paired_difference"
  if labels ~= nil then a, b = difference.right(op, a, labels), difference.right(op, b, labels) end
  for i = 1, 2 do
    local each = select(i, a, b)
    if type(each) ~= "table" or type(each[1]) ~= "boolean" then
      fail("%s: argument %d is no list of booleans; scores need labels", op, i)
    end
    lists.check(op, each, "booleans")
    for k, right in ipairs(each) do
      if type(right) ~= "boolean" then
        fail("%s: number %d of argument %d is %k, expected true or false", op, k, i, right)
      end
    end
  end
  if #a ~= #b then fail("%s: %d images for the first, %d for the second", op, #a, #b) end
  local first, second = 0, 0
  for i = 1, #a do
    if a[i] and not b[i] then first = first + 1 elseif b[i] and not a[i] then second = second + 1 end
  end
  local se = math.sqrt(first + second)
  return {points = 100 * (first - second) / #a, standard_error = 100 * se / #a, only_first = first,
          only_second = second, decided = math.abs(first - second) - 1 > NUMBER * se}
end

--- Where scores (N, K) are highest for the label: a list of N booleans.
function difference.right(op, scores, labels)
  local rows = read.rows(op, scores)
  labels = read.labels(op, labels, #rows)
  local list = {}
  for n, row in ipairs(rows) do list[n] = read.best(row) == labels[n] end
  return list
end

return difference
