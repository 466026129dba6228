--- Scores and labels as the metrics read them: Lua tables, whatever they were.
local check = require "resmoon.base.check"
local fail = require "resmoon.base.fail"
local lists = require "resmoon.base.list"
local core = require "resmoon.core"
local scores = {}

--- (N, K) scores as N rows of K numbers. A NaN is the lowest of scores, so that it never wins.
function scores.rows(op, value)
  local rows = core.is_tensor(value) and value:totable() or value
  if type(rows) ~= "table" or rows[1] == nil and #rows > 0 then fail("%s: scores must be (images, classes)", op) end
  lists.check(op, rows, "scores")
  local read = {}
  for n, row in ipairs(rows) do
    if type(row) ~= "table" then fail("%s: scores must be (images, classes)", op) end
    if #row ~= #rows[1] then fail("%s: %d scores for image %d, %d for the first", op, #row, n, #rows[1]) end
    read[n] = row
    for c = 1, #row do
      if type(row[c]) ~= "number" then check.value(op, ("scores[%d][%d]"):format(n, c), row[c], {"number"}) end
      if row[c] ~= row[c] then
        if read[n] == row then read[n] = table.move(row, 1, #row, 1, {}) end  -- the caller's row stays
        read[n][c] = -math.huge
      end
    end
  end
  return read
end

--- (N) labels, or predicted classes, as N whole numbers from 1 on; `count` of them are expected.
function scores.labels(op, value, count)
  local list = core.is_tensor(value) and value:totable() or value
  if type(list) ~= "table" or list[1] == nil and #list > 0 then fail("%s: labels must be a list of classes", op) end
  lists.check(op, list, "labels")
  if count and #list ~= count then
    fail("%s: %d labels for %d images", op, #list, count)
  end
  for n = 1, count and #list or 0 do
    if type(list[n]) ~= "number" then check.value(op, ("labels[%d]"):format(n), list[n], {"whole"}) end
  end
  return list
end

--- Position of the largest score; of equal ones the first.
function scores.best(row)
  local best = 1
  for c = 2, #row do
    if row[c] > row[best] then best = c end
  end
  return best
end

return scores
