--- Testing on ten crops of each image.
local check      = require "resmoon.base.check"
local config     = require "resmoon.train.config"
local evaluation = require "resmoon.train.evaluate"
local Loader     = require "resmoon.data.loader"

--- How good a network is where each test image is seen ten times: its corners, its center and their mirror images.
-- What it says of the ten, its softmax, is averaged.
-- Call: train.ten_crop(net, config, {mean = nil, std = nil, batch_size = nil, set = nil}) -> result
-- Shapes: config as train.load gives it; the result as that of train.evaluate, with scores.
-- Options: mean, std   by which the network's images are normalized (those of the data set)
--  batch_size  crops at a time (250 of 64 x 64, fewer of larger ones)
--  set         images in crops that are open already, instead of those of the config
-- Errors: as train.config.open and train.evaluate.
-- Source: Krizhevsky et al. 2012, section 4.1; He et al. 2016, arXiv:1512.03385, section 3.4.
-- Example:
--   > c = train.config.complete {train_size = 20, test_size = 10}
--   > train.ten_crop(models.mlp(), c).count
--   10
return function(net, c, options)
  check("train.ten_crop(net: module, config: config, options: table?)", net, c, options)
  options = options or {}
  local test = options.set or select(2, config.open(c, {crops = 10}))
  local at_a_time = options.batch_size or config.test_batch(test.shape)
  local loader = Loader.new(test, {batch_size = math.max(1, at_a_time // 10), mean = options.mean, std = options.std})
  return evaluation.evaluate(net, loader, {scores = true})
end
