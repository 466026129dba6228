--- The most confused pairs of classes, as rows of pictures.
local fail   = require "resmoon.base.fail"
local figure = require "resmoon.plot.figure"
local grid   = require "resmoon.plot.grid"
local images = require "resmoon.plot.images"
local is     = require "resmoon.base.is"

--- Draws what confused found: a row for each pair, the images of which the network is surest first; below each what it
-- was taken for (behind an x) and what it is.
-- Call: plot.confused(result, dataset, {options}) -> true
-- Shapes: result is what confused gives, dataset the data set that it was made of.
-- Options: file, title, size as of plot.images
-- Errors: raises for what is no such result, or without a pair. Without gnuplot it gives nil and the reason; in the
--  terminal it needs none.
-- Example:
--   > ds = data.shapes10 {size = 60}
--   > plot.confused(confused(models.resnet20(), ds), ds, {file = "confused.png"});
--   > rm.sys.exists "confused.png"
--   true
-- See: confused
return function(result, dataset, options)
  options = figure.options("plot.confused", options)
  if type(result) ~= "table" or not result.images or not result.name_of then
    fail("plot.confused: argument 1 is %k, expected what confused gives", result)
  end
  if not is.indexed(dataset) or not dataset.batch then
    fail("plot.confused: argument 2 is %k, expected the data set", dataset)
  end
  if #result == 0 then fail("plot.confused: no two classes were confused") end
  local tiles, columns = {}, 0
  for _, pair in ipairs(result) do columns = math.max(columns, #pair.examples) end
  for _, pair in ipairs(result) do
    local indices = {}
    for i, each in ipairs(pair.examples) do indices[i] = each.index end
    local x = dataset:batch(indices)
    for i = 1, columns do
      local each = pair.examples[i]
      local caption = i == 1 and ("%d of %d"):format(pair.count, pair.of) or ""
      if each then
        tiles[#tiles + 1] = {height = x.shape[3], width = x.shape[4], at = images.reader(x[i]), wrong = true,
                             caption = {"x " .. result:name_of(each.predicted), "is " .. result:name_of(each.label),
                                        caption ~= "" and caption or ("%.0f %% sure"):format(100 * each.probability)}}
      else  -- the row is as long as the others
        tiles[#tiles + 1] = {height = x.shape[3], width = x.shape[4], at = function() return {255, 255, 255} end}
      end
    end
  end
  return grid.draw(tiles, {columns = columns, title = options.title or "confused pairs, and how often",
                           size = options.size, file = options.file, tile = 96})
end
