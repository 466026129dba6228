--- The figure of layer responses.
local fail   = require "resmoon.base.fail"
local figure = require "resmoon.plot.figure"
local named  = require "resmoon.runs.named"
local need   = require "resmoon.plot.need"

--- Standard deviations of layer responses: figure 7 of the paper. Left in the order of the layers, right sorted.
-- series: list of {name =, std = numbers}. options: file, title, size.
-- Call: plot.responses(series, {file = nil, title = nil, size = nil}) -> true
-- Shapes: each std is a list, one number for each layer.
-- Errors: raises for an empty list. Without gnuplot it gives nil and the reason.
-- Source: He et al. 2016, arXiv:1512.03385, figure 7.
-- Example:
--   > net = {name = "resnet20", std = {1, 0.5, 0.7}}
--   > plot.responses({net}, {file = "std.svg"});
--   > rm.sys.exists "std.svg"
--   true
local function responses(series, options)
  if type(series) ~= "table" or #series == 0 then fail("plot.responses: nothing to draw") end
  options = figure.options("plot.responses", options)
  local f = figure.new({title = options.title, size = options.size or {1000, 430}})
  local left = f:panel({title = "in order", text_title = "std of responses, in order", xlabel = "layer",
                        ylabel = "standard deviation", yrange = {0}})
  local right = f:panel({title = "sorted by magnitude", text_title = "std of responses, sorted",
                         xlabel = "layer, sorted", ylabel = "standard deviation", yrange = {0}})
  local names = named.names(series)
  for i, each in ipairs(series) do
    need("plot.responses", each, "std")
    local at, sorted = {}, {table.unpack(each.std)}
    for k = 1, #each.std do at[k] = k end
    table.sort(sorted, function(a, b) return a > b end)
    local dashed = (each.name or ""):find("plain", 1, true) ~= nil
    left:add({columns = {at, each.std}, style = "lines", title = names[i], color = i, dashed = dashed})
    right:add({columns = {at, sorted}, style = "lines", title = names[i], color = i, dashed = dashed})
  end
  return f:draw(options)
end

return responses
