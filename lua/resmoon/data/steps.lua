--- Transforms as lists of steps for src/data/transform.c, so that data sets run them on all threads.
local check = require "resmoon.base.check"
local core  = require "resmoon.core"

local steps = {}

--- The metatable of such a list: it can be called with an image and a generator.
local Steps = {}
Steps.__index = Steps
steps.Steps = Steps

function Steps:__call(image, generator)
  check("transform(image: tensor, generator: generator?)", image, generator)
  return core.imaging.transform(image, self, generator)
end

function Steps:__tostring()
  local names = {}
  for i, step in ipairs(self) do names[i] = step.kind end
  return ("transform: %s"):format(table.concat(names, ", "))
end

--- A transform of one step: {kind = its name in src/bind/data.c, ...}.
function steps.one(step) return setmetatable({step}, Steps) end

local random = {random_resized_crop = true, flip = true, color_jitter = true, random_grayscale = true,
                random_rotation = true, random_erasing = true}

--- Whether one of the steps draws random numbers.
function steps.draw(list)
  for _, step in ipairs(list) do
    if random[step.kind] then return true end
  end
  return false
end

return steps
