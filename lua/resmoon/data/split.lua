--- A validation set drawn from the training set.
local fail = require "resmoon.base.fail"
local rm   = require "resmoon.core"

local STREAM = 0x5b117  -- of the generator: splits differ from the epochs' permutations

--- Divides a data set in two, at random but by the seed alone.
-- n: the size of the second part, as a count or as a fraction below 1.
-- Returns the larger part, then the part of n; both keep the order of the images.
-- Errors: raises unless both parts have at least one image.
-- Call: data.split(dataset, n, seed = 0) -> dataset, dataset
-- Shapes: images and labels as in the data set; both share its memory.
-- Example:
--   > train, val = data.split(data.shapes10 {size = 100}, 0.1, 7)
--   > train:size(), val:size()
--   90  10
return function(dataset, n, seed)
  local size = dataset:size()
  local count = n < 1 and math.floor(size * n + 0.5) or math.tointeger(n)
  if not count or count < 1 or count >= size then
    fail("split: %s of %d images, expected a fraction below 1 or a count from 1 to %d", n, size, size - 1)
  end
  local order = rm.imaging.order(size, 0, seed or 0, STREAM):totable()
  local chosen, rest = table.move(order, 1, count, 1, {}), table.move(order, count + 1, size, 1, {})
  table.sort(chosen)
  table.sort(rest)
  return dataset:subset(rest), dataset:subset(chosen)
end
