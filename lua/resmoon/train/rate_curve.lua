--- What the curve of a rate finder says: where the loss falls, where it is lowest, from where on it is lost.
--
-- The losses of single steps are noisy, above all at the beginning, where the rate is too small for anything to happen:
-- there the lowest loss and the steepest fall are accidents. So the curve is smoothed from both sides (a median of five
-- steps, which takes single peaks away, then a bell of a twenty-fifth of all steps), and the first tenth is not looked
-- at. The exponential average that a finder shows while it runs lags behind, and begins with the first step alone.
local core = require "resmoon.core"

local curve = {}

local IGNORED, BELL = 0.1, 0.04   -- of all steps
local CLEAR = 1                   -- standard deviations of a step by which one place of the curve differs from another

local function median(list)
  local sorted = table.move(list, 1, #list, 1, {})
  table.sort(sorted)
  return (sorted[(#sorted + 1) // 2] + sorted[#sorted // 2 + 1]) / 2
end

local function part(list, from, to) return table.move(list, math.max(1, from), math.min(#list, to), 1, {}) end

--- The losses of single steps, smoothed.
function curve.smooth(loss)
  local middle, result, width = {}, {}, math.max(1, BELL * #loss)
  for i = 1, #loss do middle[i] = median(part(loss, i - 2, i + 2)) end
  for i = 1, #loss do
    local sum, weights = 0, 0
    for k = math.max(1, math.floor(i - 3 * width)), math.min(#loss, math.ceil(i + 3 * width)) do
      local weight = core.math.exp(-0.5 * ((k - i) / width) ^ 2)
      sum, weights = sum + weight * middle[k], weights + weight
    end
    result[i] = sum / weights
  end
  return result
end

-- The standard deviation of a step about the curve, from the median of what is between them in the first half.
local function noise_of(loss, smooth)
  local away = {}
  for i = 1, math.max(3, #loss // 2) do away[i] = math.abs((loss[i] or loss[#loss]) - (smooth[i] or smooth[#loss])) end
  return 1.4826 * median(away)
end

--- Reads rates and losses, in order: {lowest =, steepest =, lost = rates, or nil where the loss is never lost,
-- suggestion = rate, fall = how far the loss falls, in standard deviations of a step}.
--
-- lost is the first rate behind the lowest loss at which the curve is clearly above where it began. The suggestion lies
-- in the middle, on the scale of the logarithm, between the rate of the lowest loss and that one. Where nothing is lost
-- within the range it is the middle between the lowest and the last rate, but no more than a tenth of the last one;
-- where the loss does not fall clearly, so that its lowest place is an accident, it is a tenth of the rate where it is
-- lost.
function curve.read(lr, loss)
  local smooth, n = curve.smooth(loss), #loss
  local first = math.min(n, 1 + math.floor(IGNORED * n))
  local noise, start = noise_of(loss, smooth), median(part(loss, 1, math.max(first, 5)))
  local lowest, steepest, slope = first, first, math.huge
  for i = first, n do
    if smooth[i] < smooth[lowest] then lowest = i end
  end
  for i = first, lowest do
    local a, b = math.max(first, i - 2), math.min(n, i + 2)
    local fall = (smooth[b] - smooth[a]) / math.max(1, b - a)
    if fall < slope then steepest, slope = i, fall end
  end
  local lost
  for i = n, lowest + 1, -1 do
    if smooth[i] > start + CLEAR * noise then lost = lr[i] end
  end
  local fall = (start - smooth[lowest]) / math.max(noise, 1e-12)
  local most = (lost or lr[n]) / 10
  local suggestion = most
  if fall >= CLEAR then
    local middle = math.sqrt(lr[lowest] * (lost or lr[n]))
    suggestion = lost and middle or math.min(middle, most)
  end
  return {lowest = lr[lowest], steepest = lr[steepest], lost = lost, fall = fall,
          suggestion = math.max(suggestion, lr[1])}
end

--- What is to be said where the loss falls by less than one step varies: a sentence, or nil.
function curve.caution(found)
  if found.fall >= CLEAR then return nil end
  return ("The loss falls by only %.1f standard deviations of a single step, so where it is lowest is an accident, and "
          .. "the suggestion little more than a guess."):format(math.max(0, found.fall))
end

return curve
