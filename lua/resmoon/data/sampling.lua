--- Weighted sampling: which images make up an epoch, drawn with replacement.
local core = require "resmoon.core"
local fail = require "resmoon.base.fail"
local is   = require "resmoon.base.is"

local STREAM = 0x5a3b1e   -- of the generator, beside that of the order

local sampling = {}

-- "balanced": each class is as likely as any other, each image of a class as any other of it.
local function balanced(dataset)
  if not dataset.classes then fail("loader: sampling = 'balanced': %s has no classes", dataset.name) end
  local labels, counts, weights = dataset:all_labels():totable(), {}, {}
  for _, label in ipairs(labels) do counts[label] = (counts[label] or 0) + 1 end
  for i, label in ipairs(labels) do weights[i] = 1 / counts[label] end
  return weights
end

--- The sums of the weights up to each image, for what a loader's option sampling says: "balanced", or a list or a
-- tensor of a weight for each image.
-- Errors: raises for another number of weights than images, for one that is negative or no finite number, and where all
-- are 0.
function sampling.sums(dataset, weights)
  if weights == "balanced" then weights = balanced(dataset)
  elseif is.tensor(weights) then weights = weights:totable()
  elseif type(weights) ~= "table" then
    fail("loader: sampling is %s, expected 'balanced' or a weight for each image", weights)
  end
  if #weights ~= dataset:size() then
    fail("loader: sampling has %d weights, the data set %d images", #weights, dataset:size())
  end
  local sums, sum = {}, 0.0
  for i, weight in ipairs(weights) do
    if type(weight) ~= "number" or not (weight >= 0 and weight < math.huge) then
      fail("loader: sampling: weight %d is %s, expected a number from 0", i, weight)
    end
    sum = sum + weight
    sums[i] = sum
  end
  if not (sum > 0 and sum < math.huge) then fail("loader: sampling: the weights add up to %g", sum) end
  return sums
end

--- int64 (n): numbers of images, each drawn with its share of the weights. Seed, stream and epoch say all.
function sampling.draw(sums, n, epoch, seed, stream)
  local generator, list = core.generator(seed, stream ~ STREAM), {}
  local state = generator:get_state()
  state.position = epoch << 32
  generator:set_state(state)
  local total, last = sums[#sums], #sums
  while last > 1 and sums[last - 1] == total do last = last - 1 end   -- what weighs nothing at the end is not drawn
  for k = 1, n do
    local at = generator:uniform() * total
    local low, high = 1, last
    while low < high do
      local middle = (low + high) // 2
      if at < sums[middle] then high = middle else low = middle + 1 end
    end
    list[k] = low
  end
  return core.tensor(list, "int64")
end

return sampling
