--- Images in a grid, with their classes and what a network took them for.
local core   = require "resmoon.core"
local fail   = require "resmoon.base.fail"
local figure = require "resmoon.plot.figure"
local grid   = require "resmoon.plot.grid"

local images = {}

-- Tensor (N, C, H, W), (C, H, W) or (H, W) as (N, C, H, W).
local function check_images(x)
  if not core.is_tensor(x) then fail("plot.images: expected a tensor of images, got %s", type(x)) end
  local dims = #x.shape
  if dims == 2 then x = x:reshape(1, 1, x.shape[1], x.shape[2])
  elseif dims == 3 then x = x:reshape(1, x.shape[1], x.shape[2], x.shape[3]) end
  if #x.shape ~= 4 or (x.shape[2] ~= 1 and x.shape[2] ~= 3) then
    fail("plot.images: expected (N, 3 or 1, H, W), got (%s)", table.concat(x.shape, ", "))
  end
  return x
end

--- at(y, x) of an image (3 or 1, H, W): bytes as they are, floats from their lowest to their highest value.
function images.reader(image)
  local planes = image:totable()
  local low, scale = 0, 1
  if image.dtype ~= "uint8" then
    local high = -math.huge
    low = math.huge
    for _, plane in ipairs(planes) do
      for _, row in ipairs(plane) do
        for _, v in ipairs(row) do low, high = math.min(low, v), math.max(high, v) end
      end
    end
    scale = high > low and high - low < math.huge and 255 / (high - low) or 0
  end
  return function(y, column)
    local r = (planes[1][y][column] - low) * scale
    if r ~= r then r = 0 end
    if not planes[2] then return {r, r, r} end
    return {r, (planes[2][y][column] - low) * scale, (planes[3][y][column] - low) * scale}
  end
end

-- Labels or predictions of `count` images as texts; nil for nil.
local function texts(what, given, count, classes)
  if given == nil then return nil end
  local list = core.is_tensor(given) and given:flatten():totable() or given
  if type(list) ~= "table" then
    fail("plot.images: %s is %k, expected a list or a tensor of classes", what, given)
  end
  if #list < count then fail("plot.images: %d images, but %d of %s", count, #list, what) end
  local result = {}
  for n = 1, count do result[n] = tostring(classes and classes[list[n]] or list[n]) end
  return result
end

local function whole(options, name)
  local value = options[name]
  if value ~= nil and (math.type(value) ~= "integer" or value < 1) then
    fail("plot.images: %s is %s, expected a whole number from 1", name, value)
  end
  return value
end

--- Images in a grid. With what a network predicted, a right one has its class below; a wrong one has a frame, and
-- below what it was taken for behind an x, and what it is: "x cat" over "is dog".
-- Captions are cut to the width of their image.
-- Call: plot.images(x, y = nil, {options}) -> true
-- Shapes: x (N, C, H, W), (C, H, W) or (H, W) with C 3 or 1; uint8, or float32 (each image from its
--  lowest to its highest value). y and predicted (N) labels from 1 on, tensors or lists, or lists of texts.
-- Options: predicted  what a network took them for
--  classes    names for the labels
--  columns    images in a row
--  limit      images at most (64)
--  file, title, size  as of plot.lines
-- Errors: raises for another shape, or fewer labels than images. Without gnuplot it gives nil and the reason; in the
--  terminal it needs none.
-- Example:
--   > x, y = data.shapes10({size = 6}):batch(6)
--   > net = models.mlp():eval()
--   > said = net(x:float() / 255):argmax(2)
--   > names = data.shapes10.classes
--   > plot.images(x, y, {predicted = said, classes = names, file = "a.png"});
--   > rm.sys.exists "a.png"
--   true
function images.images(x, y, options)
  if type(y) == "table" and options == nil and y[1] == nil then y, options = nil, y end
  options = figure.options("plot.images", options, "predicted classes columns limit")
  x = check_images(x)
  local count = math.min(x.shape[1], whole(options, "limit") or 64)
  local labels = texts("labels", y, count, options.classes)
  local predicted = texts("predicted", options.predicted, count, options.classes)
  local tiles = {}
  for n = 1, count do
    local wrong = labels and predicted and labels[n] ~= predicted[n]
    local caption
    if wrong then caption = {"x " .. predicted[n], "is " .. labels[n]}
    elseif predicted or labels then caption = {(predicted or labels)[n]} end
    tiles[n] = {height = x.shape[3], width = x.shape[4], at = images.reader(x[n]), caption = caption, wrong = wrong}
  end
  return grid.draw(tiles, {columns = whole(options, "columns"), title = options.title, size = options.size,
                           file = options.file})
end

return images
