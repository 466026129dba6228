--- Figures, drawn by gnuplot: in a window, in the terminal, or in a file (.png, .svg, .pdf).
--
--     plot.lines({loss, smooth}, {title = "loss", file = "loss.png"})
--     plot.curves({"runs/resnet20", "runs/plain20"})
--     plot.images(x, y, {predicted = net(x):argmax(2), classes = ds.classes})
--     plot.filters(net)
--     plot.feature_maps(net, x[1], {layer = "layer2.0"})
--     live = plot.live()                      -- then live:add {loss = loss:item()} in a loop of yours
--
-- A figure goes to the `file` that is given, by its suffix; else into a window, where there is a display and a gnuplot
-- that can open one; else into the terminal, as sixel graphics where it has them, or in characters.
-- RESMOON_PLOT=window, sixel or text chooses. Colors are told apart with any color vision.
-- Without gnuplot each says so on stderr (once) and returns nil and the reason; nothing else stops. Pictures, matrices
-- and plot.live need none in the terminal.
--
-- Topic: plot
local library = require "resmoon.base.library"
local charts = require "resmoon.plot.charts"
local heatmap = require "resmoon.plot.heatmap"
local signals = require "resmoon.plot.signals"

return library("plot", {
  lines = charts.lines,
  scatter = charts.scatter,
  bars = charts.bars,
  histogram = charts.histogram,
  accuracy = require "resmoon.plot.accuracy",
  boundary = require "resmoon.plot.boundary",
  column = require "resmoon.plot.column",
  landscape = require "resmoon.plot.landscape",
  live = require "resmoon.plot.live",
  curves = require "resmoon.plot.curves",
  images = require("resmoon.plot.images").images,
  frames = require "resmoon.plot.frames",
  filters = require "resmoon.plot.filters",
  feature_maps = require "resmoon.plot.feature_maps",
  top_losses = require "resmoon.plot.top_losses",
  heatmap = heatmap.heatmap,
  confusion = heatmap.confusion,
  network = require "resmoon.plot.network",
  calibration = require "resmoon.plot.calibration",
  confused = require "resmoon.plot.confused",
  features = require "resmoon.plot.features",
  lesions = require "resmoon.plot.lesions",
  look = require "resmoon.plot.looked",
  lrfind = require "resmoon.plot.lrfind",
  responses = require "resmoon.plot.responses",
  roc = require "resmoon.plot.roc",
  schedule = require "resmoon.plot.schedule",
  signals = signals.signals,
  signal_map = signals.map,
  topk = require("resmoon.plot.epochs").topk,
})
