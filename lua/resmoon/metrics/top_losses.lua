--- The images that a network gets most wrong: those whose own class it thinks least likely.
--
-- Here from its scores; metrics.top_losses, which evaluates the network, is train/top_losses.lua.
local core = require "resmoon.core"
local fail = require "resmoon.base.fail"
local read = require "resmoon.metrics.scores"

-- -log softmax(row)[label], with the largest score taken out so that nothing overflows.
local function cross_entropy(row, label)
  local most, sum = row[read.best(row)], 0
  for c = 1, #row do sum = sum + core.math.exp(row[c] - most) end
  return most + core.math.log(sum) - row[label]
end

--- The k worst of images with these scores: a list of {index =, label =, predicted =, probability =, loss =}.
local function rank(scores, labels, k)
  local rows = read.rows("metrics.top_losses", scores)
  labels = read.labels("metrics.top_losses", labels, #rows)
  local list = {}
  for n, row in ipairs(rows) do
    if not row[labels[n]] then
      fail("metrics.top_losses: label %s, but there are %d classes", labels[n], #row)
    end
    local loss = cross_entropy(row, labels[n])
    if loss ~= loss then loss = math.huge end  -- scores that are no numbers could not be worse
    list[n] = {index = n, label = labels[n], predicted = read.best(row), loss = loss,
               probability = core.math.exp(-loss)}
  end
  table.sort(list, function(a, b)
    if a.loss ~= b.loss then return a.loss > b.loss end
    return a.index < b.index
  end)
  return table.move(list, 1, math.min(k, #list), 1, {})
end

return rank
