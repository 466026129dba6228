--- The images that an analysis looks at: some of a data set, evenly spread, as batches that stay in memory.
--
--     local some = images.of("landscape", data, {images = 128, batch = 128})
--     for x, y in some:epoch() do ... end      -- what train.evaluate takes for a loader
--
-- data is a data set, a loader (of which set and normalization are taken), or {x, y}: tensors as the network takes
-- them.
local class  = require "resmoon.base.class"
local config = require "resmoon.train.config"
local core   = require "resmoon.core"
local Dataset = require "resmoon.data.dataset"
local fail   = require "resmoon.base.fail"
local is     = require "resmoon.base.is"
local Loader = require "resmoon.data.loader"
local load   = require "resmoon.train.load"
local run    = require "resmoon.train.run"

local Images = class("Images")

function Images:init(batches, classes)
  self.batches, self.classes, self.count = batches, classes, 0
  for _, batch in ipairs(batches) do self.count = self.count + batch[2].shape[1] end
end

--- Iterates over the batches, as a loader does.
function Images:epoch(_)   -- which one: they are the same
  local i = 0
  return function()
    i = i + 1
    local batch = self.batches[i]
    if batch then return batch[1], batch[2] end
  end
end

--- What tells these images from others: a digest of numbers and labels.
function Images:digest()
  local sum = core.sha256()
  for _, batch in ipairs(self.batches) do
    sum:update(("(%s)"):format(table.concat(batch[1].shape, ", "))):update(batch[1]):update(batch[2])
  end
  return sum:digest()
end

local images = {}

local function of_tensors(op, data, options)
  local x, y = data[1], data[2]
  if not is.tensor(x) or not is.tensor(y) then
    fail("%s: data is a table without tensors, expected a data set, a loader, or {x, y}", op)
  end
  if x:dim() < 2 or y:dim() < 1 or x.shape[1] ~= y.shape[1] then
    fail("%s: x is (%s) and y (%s), expected as many labels as images", op, table.concat(x.shape, ", "),
         table.concat(y.shape, ", "))
  end
  local n, batches = x.shape[1], {}
  if n < 1 then fail("%s: there are no images", op) end
  local count = math.min(n, options.images or n)
  if count < n then
    local which = core.tensor(Dataset.spread(n, count), "int64")
    x, y = x:index_select(1, which), y:index_select(1, which)
  end
  x, y = x:detach(), y:detach()
  for first = 1, count, options.batch do
    local size = math.min(options.batch, count - first + 1)
    batches[#batches + 1] = {x:narrow(1, first, size), y:narrow(1, first, size)}
  end
  return Images(batches)
end

-- The images at these positions of a set that has no subsets of its own.
local function part_of(set, positions)
  local part = {}
  function part:size() return #positions end
  function part:batch(which, ...)
    local list = {}
    for i, k in ipairs(which) do list[i] = positions[k] end
    return set:batch(list, ...)
  end
  return setmetatable(part, {__index = function(_, name) return set[name] end})
end

--- options: images (how many at most; of tensors all, where it is nil), batch, mean and std (of each channel).
-- Errors: raises, as operation `op`, for what holds no images.
function images.of(op, data, options)
  if type(data) == "table" and is.tensor(data[1]) then return of_tensors(op, data, options) end
  local set, norm = data, nil
  local indexed = is.indexed(data) and not is.tensor(data)
  if indexed and data.dataset then set, norm = data.dataset, data.table end
  if not indexed or not set.batch or not set.size then
    fail("%s: argument 2 is a %s, expected a data set, a loader, or {x, y}", op,
         is.tensor(data) and "tensor" or type(data))
  end
  local n = set:size()
  if n < 1 then fail("%s: there are no images", op) end
  local count = math.min(n, options.images or n)
  local positions = Dataset.spread(n, count)
  local part = count == n and set or set.subset and set:subset(positions) or part_of(set, positions)
  local loader = Loader.new(part, {batch_size = options.batch, mean = options.mean, std = options.std, prefetch = 0})
  if norm and not options.mean then loader.table = norm end
  local batches = {}
  for x, y in loader:epoch(1) do batches[#batches + 1] = {x, y} end
  return Images(batches, set.classes)
end

--- The network of a run and images of it: net, images, config. options: as above, and last (true: the network that
-- training ended with, instead of the best), data (instead of the run's, which have to be what they were), split
-- ("train", "test").
-- Errors: raises, as operation `op`, where there is no run, no such split, or the data are other ones.
function images.of_run(op, path, options)
  local folder = path:gsub("(.)/+$", "%1")
  local file = options.last and core.sys.is_dir(folder) and folder .. "/last.safetensors" or folder
  local net, c, mean, std = load(file)
  if options.data then c.data, c.data_path = options.data, nil end
  local sets = {config.open(c)}
  if not options.data and core.sys.is_dir(folder) then run.check_data(folder, sets, c) end
  local split = options.split or "train"
  local set = split == "train" and sets[1] or split == "test" and sets[2]
  if not set then
    fail("%s: split is '%s', expected train or test%s", op, split,
         split == "test" and ", and the run has no test images" or "")
  end
  return net, images.of(op, set, {images = options.images, batch = options.batch, mean = mean, std = std}), c
end

return images
