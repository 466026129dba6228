--- A network's loss and error on a set of images, in eval mode and without gradients. Where numbers are to be
-- predicted (float32 targets: a regression), there is a loss alone.
local check = require "resmoon.base.check"
local fail = require "resmoon.base.fail"
local core = require "resmoon.core"
local pcall = require("resmoon.base.catch").pcall
local shown = require "resmoon.base.shown"

local world = core.world

--- Number of rows of `logits` whose largest element is not where `labels` says.
local function wrong(logits, labels)
  return labels.shape[1] - logits:detach():argmax(2):eq(labels):float():sum():item()
end

-- How many classes come before each image's own: all that it does not beat by a higher score or, of equal ones, a
-- lower number, as metrics.topk has it. A score that is not a number beats none. int64 (N).
local function ranks(logits, labels)
  logits = logits:detach()
  local classes, column = core.arange(1, logits.shape[2], 1, "int64"):reshape(1, -1), labels:reshape(-1, 1)
  local own = logits:gather(2, column)
  local beaten = logits:lt(own):logical_or(logits:eq(own):logical_and(classes:ge(column)))
  return beaten:logical_not():long():sum(2)
end

-- The network's scores for n images. Of images in parts (ten crops) the softmax is averaged over the parts, as
-- Krizhevsky et al. 2012, section 4.1, do; its logarithm stands for the scores, so that softmax gives it back.
local function scores_of(net, x, n)
  local logits = net(x)
  local parts = x.shape[1] // n
  if parts == 1 then return logits end
  return logits:softmax(2):reshape(n, parts, -1):mean(2):clamp(1e-30, 1):log()
end

--- loader: data.Loader over the images. Of images in ten crops the softmax is averaged, and loss and scores are of its
-- logarithm (Krizhevsky et al. 2012, section 4.1). options: stop (a function; true ends it early), scores
-- (true: keep the logarithm of each class's probability. Raw scores would do for the best class of an image, but a
-- ROC curve ranks images among each other, where only probabilities compare).
-- Returns {loss =, error = percent, top3 =, top5 = percent right, count =, scores = rows, labels = list}; nil if it
-- was stopped. Where the targets are numbers (float32), loss is the mean squared error, or what options.loss says
-- (a function of outputs and targets that gives a mean), scores and labels are outputs and targets, and there is no
-- error and no accuracy.
-- Call: train.evaluate(net, loader, {stop = nil, scores = false, loss = nil}) -> result
-- Shapes: batches as the loader gives them; scores is a list of rows of K numbers.
-- Units: error, top3 and top5 in per cent, loss the mean cross-entropy.
-- Errors: raises without images; whatever the network raises.
-- Example:
--   > loader = data.Loader(data.shapes10 {size = 20})
--   > result = train.evaluate(models.mlp(), loader)
--   > result.count, result.error >= 0
--   20  true
local function mse(outputs, targets) return outputs:mse_loss(targets) end

-- Adds what a batch of a regression has to say to a result.
local function add_regression(result, options, outputs, y)
  local n = y.shape[1]
  result.regression = true
  result.loss, result.count = result.loss + n * (options.loss or mse)(outputs, y):item(), result.count + n
  if options.scores then
    table.move(outputs:totable(), 1, n, #result.scores + 1, result.scores)
    table.move(y:totable(), 1, n, #result.labels + 1, result.labels)
  end
end

-- Adds what a batch of classes has to say. Returns how many images were wrong.
local function add_classes(result, options, logits, y)
  local n = y.shape[1]
  result.loss, result.count = result.loss + n * logits:cross_entropy(y):item(), result.count + n
  local before = ranks(logits, y)
  result.top3 = result.top3 + before:lt(3):long():sum():item()
  result.top5 = result.top5 + before:lt(5):long():sum():item()
  if options.scores then
    table.move(logits:log_softmax(2):totable(), 1, n, #result.scores + 1, result.scores)
    table.move(y:totable(), 1, n, #result.labels + 1, result.labels)
  end
  return before:ge(1):long():sum():item()
end

local function evaluate(net, loader, options)
  check("train.evaluate(net: module|callable, loader: loader, options: table?)", net, loader, options)
  options = options or {}
  local training = net.training
  net:eval()
  local result = {loss = 0, count = 0, top3 = 0, top5 = 0, scores = options.scores and {},
                  labels = options.scores and {}}
  local errors, stopped = 0, false
  -- Each process computes the scores of its part of a batch, and then all have all of them: the result is that of one.
  local shares = options.together and world.size() > 1
  loader.share = shares and {rank = world.rank(), size = world.size()} or nil
  local ok, message = pcall(core.no_grad, function()
    for x, y in loader:epoch(1) do
      local stop = options.stop and options.stop() or false
      if shares then stop = world.sum(stop and 1 or 0) > 0 end
      if stop then
        stopped = true
        break
      end
      local outputs
      world.share(shares and loader.parted or false)
      if y.dtype == "float32" then outputs = net(x) else outputs = scores_of(net, x, y.shape[1]) end
      world.share(false)
      if shares and loader.parted then outputs, y = world.join(outputs), world.join(y) end
      if y.dtype == "float32" then add_regression(result, options, outputs, y)
      else errors = errors + add_classes(result, options, outputs, y) end
    end
  end)
  net:train(training)
  world.share(false)
  loader.share = nil
  if not ok then error(message, 0) end
  if stopped then return nil end
  if result.count == 0 then fail("evaluate: there are no images") end
  result.loss = result.loss / result.count
  if result.regression then
    result.top3, result.top5 = nil, nil
    return result
  end
  result.error = 100 * errors / result.count
  result.top3, result.top5 = 100 * result.top3 / result.count, 100 * result.top5 / result.count
  return shown.mark(result)
end

return {evaluate = evaluate, wrong = wrong}
