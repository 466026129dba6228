--- Parts of a data set, drawn class by class.
--
-- A set may be sorted, or have few images of some classes: so each class gives up the same share of its images, drawn
-- at random, and keeps at least one wherever it has two. The same seed draws the same images.
local check = require "resmoon.base.check"
local fail = require "resmoon.base.fail"
local core = require "resmoon.core"

local STREAM = 0x5b117  -- of the generator: splits differ from the epochs' permutations

-- Positions of the images of each class, in random order: {{class =, positions}, ...}; and how many there are.
local function by_class(dataset, seed)
  local size = dataset:size()
  local order = core.imaging.order(size, 0, seed, STREAM):totable()
  local labels, groups, of = dataset:all_labels():totable(), {}, {}
  for _, position in ipairs(order) do
    local label = labels[position]
    if not of[label] then
      of[label] = {class = label}
      groups[#groups + 1] = of[label]   -- in random order too: it settles ties
    end
    table.insert(of[label], position)
  end
  return groups, size
end

-- How many of each class, `count` in all: its share rounded down, at least one where both sides can have one; what is
-- left over goes to the largest remainders. Where single images stay they come last: there is no other way then.
local function quotas(groups, size, count, singles_stay)
  local total = 0
  for place, group in ipairs(groups) do
    local share = #group * count / size
    local low = (#group > 1 and count >= #groups) and 1 or 0
    local high = #group > 1 and #group - 1 or singles_stay and 0 or #group
    group.place, group.share, group.high = place, share, high
    group.quota = math.min(math.max(math.floor(share), low), high)
    group.low = low
    total = total + group.quota
  end
  local function step(by, possible)
    while total ~= count do
      local best
      for _, group in ipairs(groups) do
        local gain = by * (group.share - group.quota)
        if possible(group) and (not best or gain > best.gain) then best, group.gain = group, gain end
      end
      if not best then return end
      best.quota, total = best.quota + by, total + by
    end
  end
  if total < count then
    step(1, function(group) return group.quota < group.high end)
    step(1, function(group) return group.quota < #group end)     -- more than all but one of each
  else
    step(-1, function(group) return group.quota > group.low end)
    step(-1, function(group) return group.quota > 0 end)
  end
end

-- Two lists of positions, each in the order of the set: those that are left, and `count` that are drawn.
local function draw(dataset, count, seed, singles_stay)
  local groups, size = by_class(dataset, seed)
  quotas(groups, size, count, singles_stay)
  local rest, chosen = {}, {}
  for _, group in ipairs(groups) do
    for k, position in ipairs(group) do
      local list = k <= group.quota and chosen or rest
      list[#list + 1] = position
    end
  end
  table.sort(rest)
  table.sort(chosen)
  return rest, chosen
end

local split = {}

--- Divides a data set in two, at random but by the seed alone, and by class: both parts have the same share of each
-- class, and at least one image of it where it has two. A class's only image stays in the first part if n can be had
-- otherwise.
-- n: the size of the second part, as a count or as a fraction below 1.
-- Returns the larger part, then the part of n; both keep the order of the images.
-- Errors: raises unless both parts have at least one image.
-- Call: data.split(dataset, n, seed = 0) -> dataset, dataset
-- Shapes: images and labels as in the data set; both share its memory.
-- Example:
--   > train, val = data.split(data.shapes10 {size = 100}, 0.1, 7)
--   > train:size(), val:size()
--   90  10
function split.two(dataset, n, seed)
  check("data.split(dataset: dataset, n: number, seed: integer?)", dataset, n, seed)
  local size = dataset:size()
  local count = n < 1 and math.floor(size * n + 0.5) or math.tointeger(n)
  if not count or count < 1 or count >= size then
    fail("split: %s of %d images, expected a fraction below 1 or a count from 1 to %d", n, size, size - 1)
  end
  local rest, chosen = draw(dataset, count, seed or 0, true)
  return dataset:subset(rest), dataset:subset(chosen)
end

--- n images of a data set, drawn like those of data.split: by the seed, and the same share of each class.
-- Call: data.sample(dataset, n, seed = 0) -> dataset
-- Shapes: images and labels as in the data set, in its order; they share its memory.
-- Errors: raises unless n is a whole number from 1 to the number of images.
-- Example:
--   > data.sample(data.shapes10 {size = 100}, 20):size()
--   20
function split.sample(dataset, n, seed)
  check("data.sample(dataset: dataset, n: number, seed: integer?)", dataset, n, seed)
  local size = dataset:size()
  if math.type(n) ~= "integer" or n < 1 or n > size then
    fail("sample: %s of %d images, expected a whole number from 1 to %d", n, size, size)
  end
  if n == size then return dataset end
  local _, chosen = draw(dataset, n, seed or 0)
  return dataset:subset(chosen)
end

return split
