--- The kernels of a convolution, as pictures.
local check   = require "resmoon.base.check"
local core    = require "resmoon.core"
local colors = require "resmoon.plot.colors"
local fail    = require "resmoon.base.fail"
local figure  = require "resmoon.plot.figure"
local grid    = require "resmoon.plot.grid"
local layers  = require "resmoon.plot.layers"

local MOST = {images = 64, rows = 16, columns = 16}

-- The weight (O, I, kH, kW) and what it is called.
local function weight_of(what, path)
  if core.is_tensor(what) then
    if #what.shape ~= 4 then
      fail("plot.filters: expected a weight (O, I, kH, kW), got (%s)", table.concat(what.shape, ", "))
    end
    return what:detach(), "filters"
  end
  local layer, name = layers.find("plot.filters", what, path)
  local weight = layer.type == "Conv2d" and layer.weight
  if not weight then fail("plot.filters: '%s' is a %s, expected a Conv2d", name, layers.type_of(layer)) end
  return weight:detach(), name
end

-- The kernels of three input channels as one image, gray where they are zero.
local function rgb(kernel, most)
  return function(y, x)
    local pixel = {}
    for c = 1, 3 do pixel[c] = 127.5 + 127.5 * kernel[c][y][x] / most end
    return pixel
  end
end

local function one_channel(kernel, most)
  return function(y, x) return colors.diverging(kernel[y][x] / most) end,
    function(y, x) return 127.5 + 127.5 * kernel[y][x] / most end
end

local function count(options, name, default)
  local value = options[name]
  if value ~= nil and (math.type(value) ~= "integer" or value < 1) then
    fail("plot.filters: %s is %s, expected a whole number from 1", name, value)
  end
  return value or default
end

local function some(shown, all, what)
  return shown == all and ("%d %s"):format(all, what) or ("%d of %d %s"):format(shown, all, what)
end

--- The kernels of a convolution as a grid, all to one scale about zero.
--
-- Of three input channels each filter is an RGB image, mid-gray where it is zero. Of one, or of the one that `input`
-- names, each filter is a tile: blue below zero, white at it, orange above. Of more there is a row of tiles for
-- each of the first 16 filters, one for each of the first 16 input channels.
-- Call: plot.filters(net, {options}) -> true
-- Call: plot.filters(layer, {options}) -> true
-- Call: plot.filters(weight, {options}) -> true
-- Shapes: weight (O, I, kH, kW).
-- Options: layer   path of the convolution in the network, as in activations: "layer1.0.conv1" (the first one)
--  input   this input channel alone, from 1
--  limit   filters at most (64; 16 where each is a row)
--  inputs  input channels in a row at most (16)
--  columns  tiles in a row, where a filter is one tile
--  scale   what the strongest color stands for (the largest weight shown), so that several figures have one scale
--  file, title, size  as of plot.lines
-- Errors: raises where there is no such layer, or it is no convolution. Without gnuplot it gives nil and the reason;
--  in the terminal it needs none.
-- Example:
--   > net = models.resnet20()
--   > plot.filters(net, {file = "first.png"});
--   > plot.filters(net, {layer = "layer1.0.conv1", file = "grid.svg"});
--   > plot.filters(rm.randn(4, 8, 3, 3), {input = 2, file = "one.svg"});
--   > rm.sys.exists "first.png"
--   true
local function filters(what, options)
  options = figure.options("plot.filters", options, "layer input limit inputs columns scale")
  local weight, name = weight_of(what, options.layer)
  local outputs, inputs = weight.shape[1], weight.shape[2]
  local input = count(options, "input")
  if input and input > inputs then fail("plot.filters: input is %d, but there are %d channels", input, inputs) end
  local in_rows = not input and inputs ~= 1 and inputs ~= 3
  local n = math.min(outputs, count(options, "limit", in_rows and MOST.rows or MOST.images))
  local columns = in_rows and math.min(inputs, count(options, "inputs", MOST.columns)) or count(options, "columns")
  local shown = weight:narrow(1, 1, n)
  check("plot.filters(scale: positive?)", options.scale)
  local most = options.scale or shown:abs():max():item()
  if not (most > 0 and most < math.huge) then most = 1 end  -- nothing but zeros, or no numbers
  local kernels, tiles = shown:totable(), {}
  local height, width = weight.shape[3], weight.shape[4]
  for o, kernel in ipairs(kernels) do
    local first, last = input or 1, input or in_rows and columns or 1
    for i = first, last do
      local at, level
      if inputs == 3 and not input then at = rgb(kernel, most) else at, level = one_channel(kernel[i], most) end
      tiles[#tiles + 1] = {height = height, width = width, at = at, level = level, framed = level ~= nil,
                           caption = not in_rows and {tostring(o)} or nil}
    end
  end
  local about = in_rows and ("%s (rows), %s"):format(some(n, outputs, "filters"), some(columns, inputs, "inputs"))
    or some(n, outputs, "filters") .. (input and (" of input %d"):format(input) or "")
  local title = options.title or ("%s: %s, -%.2g to %.2g"):format(name, about, most, most)
  return grid.draw(tiles, {columns = columns, title = title, size = options.size, file = options.file,
                           tile = in_rows and 40 or 64})
end

return filters
