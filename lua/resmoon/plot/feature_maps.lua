--- What a layer makes of one image: its channels as pictures.
local core        = require "resmoon.core"
local activations = require "resmoon.nn.activations"
local colors = require "resmoon.plot.colors"
local fail    = require "resmoon.base.fail"
local figure  = require "resmoon.plot.figure"
local grid    = require "resmoon.plot.grid"
local images  = require "resmoon.plot.images"
local layers  = require "resmoon.plot.layers"

-- One image as the network takes it: (1, C, H, W).
local function one_image(x)
  if not core.is_tensor(x) then fail("plot.feature_maps: argument 2 is %k, expected a tensor", x) end
  if #x.shape == 3 then x = x:reshape(1, x.shape[1], x.shape[2], x.shape[3]) end
  if #x.shape ~= 4 or x.shape[1] ~= 1 then
    fail("plot.feature_maps: expected one image (C, H, W) or (1, C, H, W), got (%s)", table.concat(x.shape, ", "))
  end
  if x.dtype ~= "float32" then
    fail("plot.feature_maps: the image is %s, expected float32 as the network takes it: x:normalize(mean, std)",
      x.dtype)
  end
  return x
end

local function map_tile(map, channel)
  local low, high = map:min():item(), map:max():item()
  local rows, extent = map:totable(), high > low and high - low or 1
  local function part(y, x) return (rows[y][x] - low) / extent end
  return {
    height = map.shape[1], width = map.shape[2],
    at = function(y, x) return colors.sequential(part(y, x)) end,
    level = function(y, x) return 255 * part(y, x) end,
    caption = {tostring(channel), high > low and ("%.2g to %.2g"):format(low, high) or ("all %.2g"):format(low)},
  }
end

--- What a layer makes of one image: first the image, then a map for each of its first channels.
-- Each map goes from its own lowest (dark) to its highest value (light), which are written below the number of its
-- channel; "all 0" is a channel that does not answer to this image. The network is as it was afterwards.
-- Call: plot.feature_maps(net, x, {options}) -> true
-- Shapes: x (C, H, W) or (1, C, H, W), float32, normalized as in training.
-- Options: layer  path of a layer or block, as in activations: "layer1.0.conv1" (default the first convolution)
--  limit  channels at most (16)
--  columns, file, title, size  as of plot.images
-- Errors: raises where there is no such layer, or what it returns is no stack of maps (1, C, H, W). Without gnuplot
--  it gives nil and the reason; in the terminal it needs none.
-- Example:
--   > ds = data.shapes10 {size = 10}
--   > x = ds:batch({1}):normalize(ds.mean, ds.std)
--   > net = models.resnet20():eval()
--   > plot.feature_maps(net, x, {layer = "layer2.0", file = "maps.png"});
--   > rm.sys.exists "maps.png"
--   true
-- See: activations, plot.filters
local function feature_maps(net, x, options)
  options = figure.options("plot.feature_maps", options, "layer limit columns")
  local _, path = layers.find("plot.feature_maps", net, options.layer)
  x = one_image(x)
  local limit = options.limit or 16
  if math.type(limit) ~= "integer" or limit < 1 then
    fail("plot.feature_maps: limit is %s, expected a whole number from 1", limit)
  end
  local acts = activations(net, x, {match = "^" .. path:gsub("%W", "%%%0") .. "$"})
  local maps = acts[path]
  if not maps then fail("plot.feature_maps: '%s' was not called", path) end
  if #maps.shape ~= 4 then
    fail("plot.feature_maps: '%s' returns (%s), expected maps (1, C, H, W)", path, table.concat(maps.shape, ", "))
  end
  local channels = maps.shape[2]
  local n = math.min(limit, channels)
  local shown = x.shape[2] == 3 and x[1] or x[1]:narrow(1, 1, 1)
  local tiles = {{height = x.shape[3], width = x.shape[4], at = images.reader(shown), caption = {"the image"}}}
  for c = 1, n do tiles[c + 1] = map_tile(maps[1][c], c) end
  local title = options.title or ("%s: %d of %d channels, %d x %d"):format(path, n, channels, maps.shape[3],
    maps.shape[4])
  return grid.draw(tiles, {columns = options.columns, title = title, size = options.size, file = options.file})
end

return feature_maps
