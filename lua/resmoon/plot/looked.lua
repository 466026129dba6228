--- What a network looked at, as rows of pictures: the image, Grad-CAM, saliency, occlusion.
local colors = require "resmoon.plot.colors"
local fail   = require "resmoon.base.fail"
local figure = require "resmoon.plot.figure"
local grid   = require "resmoon.plot.grid"
local images = require "resmoon.plot.images"

local GRAY, COLOR = 0.45, 0.55  -- shares of the image and of the map above it

local function gray(p) return 0.299 * p[1] + 0.587 * p[2] + 0.114 * p[3] end

-- A map (H, W) as a function of row and column, from 0 (or -1, where it has two sides) to 1.
local function part_of(map, two_sided)
  local low, high, rows = map:min():item(), map:max():item(), map:totable()
  if two_sided then
    local most = math.max(math.abs(low), math.abs(high))
    return function(y, x) return most > 0 and rows[y][x] / most or 0 end
  end
  return function(y, x) return high > low and (rows[y][x] - low) / (high - low) or 0 end
end

-- A map's color over the image in gray.
local function over(image, part, color)
  return function(y, x)
    local g, c = GRAY * gray(image(y, x)), color(part(y, x))
    return {g + COLOR * c[1], g + COLOR * c[2], g + COLOR * c[3]}
  end
end

local function tiles_of(self, i)
  local image = images.reader(self.images[i])
  local wrong = self.truth and self.truth[i] ~= self.predicted[i]
  local cam, pixels = part_of(self.cam[i]), part_of(self.saliency[i])
  local covered, most = part_of(self.occlusion[i], true), self.occlusion[i]:max():item()
  local height, width = self.images.shape[3], self.images.shape[4]
  local function tile(at, level, ...)
    return {height = height, width = width, at = at, level = level, caption = {...}}
  end
  local name = (wrong and "x " or "") .. self:name(self.predicted[i])
  local asked = self:name(self.class[i])
  local first = tile(image, nil, name, self.truth and "is " .. self:name(self.truth[i]) or "")
  first.wrong = wrong
  return first, tile(over(image, cam, colors.sequential), function(y, x) return 255 * cam(y, x) end, "Grad-CAM",
                     ("%s %.0f%%"):format(asked, 100 * self.probability[i])),
    tile(function(y, x) return colors.sequential(pixels(y, x) ^ 0.5) end, function(y, x) return 255 * pixels(y, x) end,
         "saliency", asked),
    tile(over(image, covered, colors.diverging), function(y, x) return 127.5 + 127.5 * covered(y, x) end, "occlusion",
         ("drop up to %.0f%%"):format(100 * most))
end

--- Draws what look found: for each image itself with what it was taken for and what it is, Grad-CAM over it (dark:
-- little, yellow: much), saliency (its square root, so that weak pixels are seen), and occlusion (orange: covering it
-- makes the class less likely, blue: more likely; the largest drop is written below).
-- Call: plot.look(result, {options}) -> true
-- Shapes: result is what look gives.
-- Options: limit  images at most (8); file, title, size as of plot.images
-- Errors: raises for what is no such result. Without gnuplot it gives nil and the reason; in the terminal it needs
--  none.
-- Example:
--   > ds = data.shapes10 {size = 2}
--   > x, y = ds:batch {1, 2}
--   > net = models.resnet20()
--   > l = look(net, x:normalize(ds.mean, ds.std), {truth = y, images = x})
--   > plot.look(l, {file = "look.png"});
--   > rm.sys.exists "look.png"
--   true
-- See: look
return function(result, options)
  options = figure.options("plot.look", options, "limit")
  if type(result) ~= "table" or not result.cam or not result.occlusion then
    fail("plot.look: argument 1 is %k, expected what look gives", result)
  end
  local tiles = {}
  for i = 1, math.min(#result.class, options.limit or 8) do
    for _, tile in ipairs {tiles_of(result, i)} do tiles[#tiles + 1] = tile end
  end
  return grid.draw(tiles, {columns = 4, title = options.title, size = options.size, file = options.file, tile = 128})
end
