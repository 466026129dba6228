--- Reliability diagrams.
local fail   = require "resmoon.base.fail"
local figure = require "resmoon.plot.figure"

--- Draws accuracy by confidence (on the dashed line a network is right as often as it says; below it, it is too sure),
-- and how many images have which confidence.
-- Call: plot.calibration(results, {options}) -> true
-- Shapes: results is what metrics.calibration gives, or a list of them.
-- Options: names  of the networks, in order; file, title, size as of plot.lines
-- Errors: raises for what is no such result. Without gnuplot it gives nil and the reason.
-- Source: Guo et al. 2017, arXiv:1706.04599, figure 1.
-- Example:
--   > c = metrics.calibration({{2, 0}, {0, 1}, {3, 0}}, {1, 1, 1})
--   > plot.calibration(c, {file = "calibration.svg"});
--   > rm.sys.exists "calibration.svg"
--   true
-- See: metrics.calibration
return function(results, options)
  options = figure.options("plot.calibration", options, "names")
  if type(results) == "table" and results.bins then results = {results} end
  if type(results) ~= "table" or type(results[1]) ~= "table" or not results[1].bins then
    fail("plot.calibration: argument 1 is %k, expected what metrics.calibration gives", results)
  end
  local f = figure.new {title = options.title, size = options.size or {1000, 450}}
  local curve = f:panel {title = "reliability", xlabel = "confidence", ylabel = "accuracy", xrange = {0, 1},
                         yrange = {0, 1}, key = "below"}
  local count = f:panel {title = "confidence", xlabel = "confidence", ylabel = "share of the images", xrange = {0, 1},
                         yrange = {0, 1}, key = "below"}
  curve:add {columns = {{0, 1}, {0, 1}}, style = "lines", color = "#777777", dashed = 2, width = 1.3}
  for i, each in ipairs(results) do
    local name = ("%s: ECE %.1f %%"):format(options.names and options.names[i] or "network " .. i, 100 * each.ece)
    local x, y, at, share = {}, {}, {}, {}
    for b, bin in ipairs(each.bins) do
      if bin.count > 0 then x[#x + 1], y[#y + 1] = bin.confidence, bin.accuracy end
      at[b], share[b] = (bin.low + bin.high) / 2, bin.count / each.images
    end
    curve:add {columns = {x, y}, style = "linespoints", title = name, color = i}
    count:add {columns = {at, share}, style = "linespoints", title = name, color = i}
  end
  return f:draw(options)
end
