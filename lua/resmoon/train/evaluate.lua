--- A network's loss and error on a set of images, in eval mode and without gradients.
local rm = require "resmoon.core"

--- Number of rows of `logits` whose largest element is not where `labels` says.
local function wrong(logits, labels)
  return labels.shape[1] - logits:detach():argmax(2):eq(labels):float():sum():item()
end

--- loader: data.Loader over the images. options: stop (a function; true ends it early), scores
-- (true: keep all logits).
-- Returns {loss =, error = percent, count =, scores = rows, labels = list}; nil if it was stopped.
-- Call: train.evaluate(net, loader, {stop = nil, scores = false}) -> result
-- Shapes: batches as the loader gives them; scores is a list of rows of K numbers.
-- Units: error in per cent, loss the mean cross-entropy.
-- Errors: raises without images; whatever the network raises.
-- Example:
--   > loader = data.Loader(data.shapes10 {size = 20})
--   > result = train.evaluate(models.mlp(), loader)
--   > result.count, result.error >= 0
--   20  true
local function evaluate(net, loader, options)
  options = options or {}
  local training = net.training
  net:eval()
  local result = {loss = 0, count = 0, scores = options.scores and {}, labels = options.scores and {}}
  local errors, stopped = 0, false
  local ok, message = pcall(rm.no_grad, function()
    for x, y in loader:epoch(1) do
      if options.stop and options.stop() then
        stopped = true
        break
      end
      local logits = net(x)
      local n = y.shape[1]
      result.loss = result.loss + n * logits:cross_entropy(y):item()
      result.count = result.count + n
      errors = errors + wrong(logits, y)
      if options.scores then
        table.move(logits:totable(), 1, n, #result.scores + 1, result.scores)
        table.move(y:totable(), 1, n, #result.labels + 1, result.labels)
      end
    end
  end)
  net:train(training)
  if not ok then error(message, 0) end
  if stopped then return nil end
  if result.count == 0 then error("evaluate: there are no images", 2) end
  result.loss, result.error = result.loss / result.count, 100 * errors / result.count
  return result
end

return {evaluate = evaluate, wrong = wrong}
