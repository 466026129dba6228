--- train.evaluate and train.predict, which take a network or the folder of a run.
local config     = require "resmoon.train.config"
local evaluation = require "resmoon.train.evaluate"
local fail       = require "resmoon.base.fail"
local Loader     = require "resmoon.data.loader"
local options_of = require "resmoon.base.options"
local predict    = require "resmoon.train.predict"
local load       = require "resmoon.train.load"
local testset    = require "resmoon.train.testset"

local tested = {}

--- A network's loss and error on a set of images, in eval mode and without gradients.
-- Of the folder of a run, or one of its checkpoints, it is the best network on the run's test images (or those of
-- `data`), normalized as in training. `notes` are sentences on these images.
--
--     train.evaluate("runs/resnet20").error
--     train.evaluate("runs/senet", {model = senet})       -- where no file holds what builds the network
--     train.evaluate(net, loader)
--
-- Images of a loader in ten crops have their softmax averaged, and loss and scores are of its logarithm
-- (Krizhevsky et al. 2012, section 4.1).
-- Call: train.evaluate(net, loader, {stop = nil, scores = false}) -> result
-- Call: train.evaluate(run, {model = nil, data = nil, batch_size = nil, scores = false}) -> result
-- Shapes: batches as the loader gives them; scores is a list of rows of K numbers.
-- Units: error, top3 and top5 in per cent, loss the mean cross-entropy.
-- Options: stop    a function; true ends it early, and the result is nil
--  scores      true: keep the logarithm of each class's probability, as rows, and the labels
--  model       what builds the network of the run instead: a function, a network, "FILE.lua:NAME"
--  data        other images with the same classes: a folder, or a data set
--  batch_size  images at a time
-- Returns: {loss =, error = percent, top3 =, top5 = percent right, count =, scores = rows, labels = list}.
-- Errors: raises without images; whatever the network raises; as train.load does.
-- Example:
--   > loader = data.Loader(data.shapes10 {size = 20})
--   > result = train.evaluate(models.mlp(), loader)
--   > result.count, result.error >= 0
--   20  true
--   > settings = {model = "mlp", epochs = 1, train_size = 200, test_size = 50}
--   > train.run(settings, {folder = "runs/tried", progress = false});
--   > train.evaluate("runs/tried").count
--   50
function tested.evaluate(what, loader, options)
  if type(what) ~= "string" then return evaluation.evaluate(what, loader, options) end
  if options ~= nil then fail("train.evaluate: of a run the second argument is its options, and there is no third") end
  local o = options_of("train.evaluate", loader, {model = "any", data = "string|table", batch_size = "whole",
                                                  scores = "boolean"})
  local net, c, mean, std = load(what, {model = o.model})
  local test, notes
  if type(o.data) == "table" then test, notes = o.data, {} else test, notes = testset(what, c, {data = o.data}) end
  local batches = Loader.new(test, {batch_size = o.batch_size or config.test_batch(test.shape), mean = mean, std = std})
  local result = evaluation.evaluate(net, batches, {scores = o.scores})
  result.notes = notes
  return result
end

--- Reads image files, turned as their EXIF orientation says, and says what a network sees in them.
-- They are scaled to cover the network's input, the middle is cut out, normalized and classified; of a run they are
-- treated as its test images were.
-- Call: train.predict(net, files, {input =, mean = nil, std = nil, classes = nil, top = 3, transform = nil}) -> list
-- Call: train.predict(run, files, {top = 3, model = nil}) -> list
-- Shapes: input is {C, H, W}; images uint8 (N, C, H, W).
-- Units: mean and std in [0, 1]; probabilities.
-- Options: input, mean, std  shape of the images, and what they are normalized with
--  classes    names
--  top        so many of the most likely
--  transform  instead of scaling and cutting: train.config.test_transform gives that of a run
--  model      what builds the network of the run instead: a function, a network, "FILE.lua:NAME"
-- Returns: a list of {file =, top = {{class =, label =, probability =}, ...}}, with `images`.
-- Errors: raises for a file that is not an image, naming it, and for top below 1; as train.load does.
-- Example:
--   > data.write_png("a.png", rm.zeros({3, 40, 40}, "uint8"))
--   > net = models.mlp()
--   > result = train.predict(net, "a.png", {input = {3, 32, 32}, top = 2})
--   > #result, #result[1].top, result.images.shape
--   1  2  {1, 3, 32, 32}
--   > settings = {model = "mlp", epochs = 1, train_size = 200, test_size = 50}
--   > train.run(settings, {folder = "runs/seen", progress = false});
--   > #train.predict("runs/seen", "a.png")[1].top
--   3
function tested.predict(what, files, options)
  if type(what) ~= "string" then return predict(what, files, options) end
  local o = options_of("train.predict", options, {model = "any", top = "number"})
  local net, c, mean, std = load(what, {model = o.model})
  return predict(net, files, {classes = c.classes, input = c.input, mean = mean, std = std, top = o.top,
                              transform = config.test_transform(c)})
end

return tested
