--- The images that a network gets most wrong, as a grid.
local fail   = require "resmoon.base.fail"
local figure = require "resmoon.plot.figure"
local grid   = require "resmoon.plot.grid"
local images = require "resmoon.plot.images"
local is     = require "resmoon.base.is"

--- Draws what metrics.top_losses found: each image with what it was taken for (behind an x), what it is, and its loss.
-- An image that was taken for what it is, but with little confidence, has no x and no frame.
-- Call: plot.top_losses(worst, dataset, {options}) -> true
-- Shapes: worst is a list of metrics.top_losses, dataset the data set it was made of.
-- Units: losses in nats.
-- Options: columns, file, title, size  as of plot.images
-- Errors: raises for what is no such list. Without gnuplot it gives nil and the reason; in the terminal it needs none.
-- Example:
--   > ds = data.shapes10 {size = 40}
--   > worst = metrics.top_losses(models.mlp(), ds, {k = 8})
--   > plot.top_losses(worst, ds, {file = "worst.png"});
--   > rm.sys.exists "worst.png"
--   true
-- See: metrics.top_losses
local function top_losses(worst, dataset, options)
  options = figure.options("plot.top_losses", options, "columns")
  if type(worst) ~= "table" or type(worst[1]) ~= "table" or not worst[1].index or not worst[1].loss then
    fail("plot.top_losses: argument 1 is %k, expected a list of metrics.top_losses", worst)
  end
  if not is.indexed(dataset) or not dataset.batch then
    fail("plot.top_losses: argument 2 is %k, expected the data set", dataset)
  end
  local indices = {}
  for i, each in ipairs(worst) do indices[i] = each.index end
  local x = dataset:batch(indices)
  local function name(label) return tostring(dataset.classes and dataset.classes[label] or label) end
  local tiles = {}
  for i, each in ipairs(worst) do
    local wrong = each.predicted ~= each.label
    tiles[i] = {height = x.shape[3], width = x.shape[4], at = images.reader(x[i]), wrong = wrong,
                caption = {(wrong and "x " or "") .. name(each.predicted), "is " .. name(each.label),
                           ("loss %.2f"):format(each.loss)}}
  end
  return grid.draw(tiles, {columns = options.columns, title = options.title or "largest losses", size = options.size,
                           file = options.file})
end

return top_losses
