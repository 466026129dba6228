--- Figures, drawn by gnuplot: in a window, in the terminal, or in a file (.png, .svg, .pdf).
--
--     plot.lines({loss, smooth}, {title = "loss", file = "loss.png"})
--     plot.curves({"runs/resnet20", "runs/plain20"})
--     plot.images(x, y, {classes = ds.classes})
--
-- Without gnuplot each says so on stderr (once) and returns nil and the reason; nothing else stops.
--
-- Topic: plot
local charts = require "resmoon.plot.charts"
local images = require "resmoon.plot.images"
local lab    = require "resmoon.plot.lab"

return {
  lines = charts.lines,
  scatter = charts.scatter,
  bars = charts.bars,
  histogram = charts.histogram,
  accuracy = require "resmoon.plot.accuracy",
  curves = require "resmoon.plot.curves",
  images = images.images,
  heatmap = images.heatmap,
  confusion = images.confusion,
  lrfind = lab.lrfind,
  responses = lab.responses,
  roc = lab.roc,
  schedule = lab.schedule,
}
