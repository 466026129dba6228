--- Classes of single image files: train.predict(net, {"cat.png"}, {classes =, input =, mean =, std =}).
local core       = require "resmoon.core"
local fail       = require "resmoon.base.fail"
local options_of = require "resmoon.base.options"
local transforms = require "resmoon.data.transforms"
local pcall = require("resmoon.base.catch").pcall
local shown = require "resmoon.base.shown"

local known = {"input", "mean", "std", "classes", "top", "transform"}

-- The k best of a list of probabilities.
local function best(row, classes, k)
  local order = {}
  for i = 1, #row do order[i] = i end
  table.sort(order, function(a, b)
    if row[a] ~= row[b] then return row[a] > row[b] end
    return a < b
  end)
  local list = {}
  for i = 1, math.min(k, #order) do
    list[i] = {class = classes[order[i]] or tostring(order[i]), label = order[i], probability = row[order[i]]}
  end
  return list
end

--- Reads the files, turned as their EXIF orientation says, scales them to cover the network's input, cuts the middle
-- out, normalizes and classifies.
-- options: input {channels, height, width}, mean and std (of each channel), classes (names), top (3), transform
-- (instead of scaling and cutting: train.config.test_transform gives that of a run).
-- Returns a list of {file =, top = {{class =, label =, probability =}, ...}}, with `images`, uint8 (N, C, H, W).
-- Errors: raises for a file that is not an image, naming it, and for top below 1.
-- Call: train.predict(net, files, {input =, mean = nil, std = nil, classes = nil, top = 3, transform = nil}) -> list
-- Shapes: input is {C, H, W}; images uint8 (N, C, H, W).
-- Units: mean and std in [0, 1]; probabilities.
-- Example:
--   > data.write_png("a.png", rm.zeros({3, 40, 40}, "uint8"))
--   > net = models.mlp()
--   > result = train.predict(net, "a.png", {input = {3, 32, 32}, top = 2})
--   > #result, #result[1].top, result.images.shape
--   1  2  {1, 3, 32, 32}
local function predict(net, files, options)
  if type(files) == "string" then files = {files} end
  if type(files) ~= "table" or #files == 0 then fail("predict: expected the names of image files") end
  options_of("predict", options, known)
  if not options or not options.input then
    fail("predict: options need input = {channels, height, width}")
  end
  local top = options.top or 3
  if math.type(top) ~= "integer" or top < 1 then
    fail("predict: top is %s, expected a whole number from 1", top)
  end
  local channels, height, width = table.unpack(options.input)
  local images = transforms.read(files, channels, options.transform or transforms.cover {height, width}, nil,
                                 {orient = true})
  local mean, std = options.mean, options.std
  if not mean then
    mean, std = {}, {}
    for i = 1, channels do mean[i], std[i] = 0, 1 end
  end
  local training = net.training
  net:eval()
  local ok, rows = pcall(core.no_grad, function() return net(images:normalize(mean, std)):softmax(2):totable() end)
  net:train(training)
  if not ok then error(rows, 0) end
  local result = {images = images}
  for i, row in ipairs(rows) do
    result[i] = {file = files[i], top = best(row, options.classes or {}, top)}
  end
  return shown.mark(result)
end

return predict
