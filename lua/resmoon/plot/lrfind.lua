--- The figure of the rate finder.
local figure = require "resmoon.plot.figure"
local need   = require "resmoon.plot.need"

--- The loss over the learning rate, as train.lrfind returns it: single steps faint, the average solid, a mark at
-- the suggestion. options: file, title, size.
-- Call: plot.lrfind(found, {file = nil, title = nil, size = nil}) -> true
-- Shapes: lr, loss and smooth are lists of equal length.
-- Errors: raises for what train.lrfind did not return. Without gnuplot it gives nil and the reason.
-- Example:
--   > found = {lr = {0.01, 0.1, 1}, loss = {3, 1, 4}, smooth = {3, 2, 3}}
--   > found.suggestion = 0.01
--   > plot.lrfind(found, {file = "lrfind.svg"});
--   > rm.sys.exists "lrfind.svg"
--   true
local function lrfind(found, options)
  need("plot.lrfind", found, "lr", "loss", "smooth")
  options = figure.options("plot.lrfind", options)
  local f = figure.new({title = options.title, size = options.size})
  local low, high = math.min(table.unpack(found.smooth)), math.max(table.unpack(found.smooth))
  local room = math.max(high - low, 1e-6) * 0.15
  local p = f:panel({xlabel = "learning rate", ylabel = "loss", logx = true, markers = false,
                     xrange = {found.lr[1], found.lr[#found.lr]},
                     yrange = {low - room, math.min(high, 3 * found.smooth[1]) + room}})
  p:add({columns = {found.lr, found.loss}, style = "lines", title = "single steps", color = 1, faint = true})
  p:add({columns = {found.lr, found.smooth}, style = "lines", title = "average", color = 1})
  p:add({columns = {{found.suggestion, found.suggestion}, {low - room, high + room}}, style = "lines", color = 2,
         title = ("suggestion %.2g"):format(found.suggestion)})
  return f:draw(options)
end

return lrfind
