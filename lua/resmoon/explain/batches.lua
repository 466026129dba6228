--- The first images of a data set as a network takes them: batches that several analyses go through again and again.
local data_loader = require "resmoon.data.loader"
local fail        = require "resmoon.base.fail"
local is          = require "resmoon.base.is"

--- A list of {x, y} with `options.images` images (default `most`) in batches of options.batch_size (250), normalized
-- with options.mean and options.std (those of the data set). classes: of the data set, or nil.
return function(op, dataset, options, most)
  if not is.indexed(dataset) or not dataset.batch or not dataset.size then
    fail("%s: argument 2 is %k, expected a data set", op, dataset)
  end
  local wanted = options.images or most
  if math.type(wanted) ~= "integer" or wanted < 1 then
    fail("%s: images is %s, expected a whole number from 1", op, wanted)
  end
  local loader = data_loader.new(dataset, {batch_size = math.min(options.batch_size or 250, wanted),
                                           mean = options.mean, std = options.std})
  local list, count = {}, 0
  for x, y in loader:epoch(1) do
    if count + y.shape[1] > wanted then
      x, y = x:narrow(1, 1, wanted - count), y:narrow(1, 1, wanted - count)
    end
    list[#list + 1], count = {x, y}, count + y.shape[1]
    if count >= wanted then break end
  end
  list.count, list.classes = count, dataset.classes
  return list
end
