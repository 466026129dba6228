--- Tiles in a grid, each a picture with lines of caption below: images, filters, feature maps.
--
-- A tile is {height =, width =, at = function(y, x) -> {red, green, blue} in 0..255}, with, if wanted,
--   caption  a list of texts
--   wrong    true: a colored frame and colored letters
--   framed   true: a thin gray frame, of what may be white at its border
--   level    function(y, x) -> 0..255: the shade where there are no colors (else the lightness)
-- In a file one unit is one pixel, so that captions can be cut to the width they have.
local figure  = require "resmoon.plot.figure"
local gnuplot = require "resmoon.plot.gnuplot"
local text    = require "resmoon.plot.text"
local words   = require "resmoon.base.text"

local cut = words.cut

local grid = {}

local LINE = 15            -- pixels from one line of a caption to the next
local TITLE = 34           -- pixels for a title
local MOST = 1000          -- pixels that a figure is wide, where tiles can be made small enough
local WRONG = figure.colors[2]

-- --- in a file or a window -----------------------------------------------------------------

-- Pixels of a text in small letters, as a common sans-serif has them; a wide letter takes two columns.
local function text_width(s)
  local pixels = 0
  for letter in s:gmatch "[\0-\127]" do
    pixels = pixels + (letter:find "[iljtfrI.,:;'!| ]" and 4.8 or letter:find "[mwMW@%%]" and 11.5
                       or letter:find "%u" and 9 or 7.7)
  end
  return pixels + 7.7 * words.width((s:gsub("[\0-\127]", "")))
end

-- As much of a text as fits.
local NARROWEST = 4.8
local function fitting(s, pixels)
  local most = math.max(1, math.ceil(pixels / NARROWEST) + 1)   -- a longer one is not looked at as a whole each time
  if words.width(s) > most then s = cut(s, most) end
  local n, short = words.width(s), s
  while n > 1 and text_width(short) > pixels do
    n = n - 1
    short = cut(s, n)
  end
  return short
end

-- Of all tiles: the widest, how many times as high as wide the tallest is, and the lines of the longest caption.
local function extent(tiles)
  local widest, ratio, lines = 1, 0, 0
  for _, tile in ipairs(tiles) do
    widest, ratio = math.max(widest, tile.width), math.max(ratio, tile.height / tile.width)
    lines = math.max(lines, tile.caption and #tile.caption or 0)
  end
  return widest, ratio, lines
end

-- A picture of height by width pixels in another size: a pixel of it is the mean of those it covers, or the one it lies
-- in.
local function resized(at, height, width, new_height, new_width)
  if height == new_height and width == new_width then return at end
  local function covered(i, from, to)
    local first = math.floor((i - 1) * from / to) + 1
    return first, math.max(first, math.floor(i * from / to))
  end
  return function(y, x)
    local top, bottom = covered(y, height, new_height)
    local left, right = covered(x, width, new_width)
    local sum, n = {0, 0, 0}, (bottom - top + 1) * (right - left + 1)
    for row = top, bottom do
      for column = left, right do
        local p = at(row, column)
        for c = 1, 3 do sum[c] = sum[c] + p[c] / n end
      end
    end
    return sum
  end
end

-- Pixels of a tile and what lies between two; a few tiles are large. Small pictures are enlarged by whole numbers.
local function geometry(tiles, columns, options)
  local widest, ratio, lines = extent(tiles)
  local gap = lines > 0 and 12 or 5
  local wish = options.tile or math.max(96, math.min(256, 640 // columns))
  local width = math.max(16, math.min(wish, MOST // columns - gap))
  if width > widest then width = width // widest * widest end
  return {width = width, height = math.ceil(width * ratio), gap = gap, caption = lines > 0 and lines * LINE + 4 or 0,
          top = options.title and TITLE or gap}
end

-- The pixels of a tile as a layer. Each tile is one of its own: gnuplot would fill the gaps of one raster.
local function layer(tile, left, top, g)
  local height, width = tile.height, tile.width
  if width > g.width then height, width = math.max(1, height * g.width // width), g.width end
  local at, scale = resized(tile.at, tile.height, tile.width, height, width), g.width / width
  local x, y, red, green, blue = {}, {}, {}, {}, {}
  for row = 1, height do
    for column = 1, width do
      local pixel, i = at(row, column), #x + 1
      x[i], y[i] = left + (column - 0.5) * scale, top - (row - 0.5) * scale
      red[i], green[i], blue[i] = math.floor(pixel[1]), math.floor(pixel[2]), math.floor(pixel[3])
    end
  end
  -- Not "rgbimage pixels": gnuplot 5.4 draws a polygon for each pixel then, between which the background shows.
  return {columns = {x, y, red, green, blue}, using = "1:2:3:4:5", plain = true, style = "rgbimage"}
end

local function figure_of(tiles, columns, options)
  local g = geometry(tiles, columns, options)
  local rows = math.ceil(#tiles / columns)
  local cell_w, cell_h = g.width + g.gap, g.height + g.caption + g.gap
  local width, height = math.max(columns * cell_w + g.gap, 240), rows * cell_h + g.top
  -- A title that is wider than the tiles makes room for itself.
  if options.title then
    local wide = math.ceil(1.25 * text_width(words.visible(options.title)) + 24)  -- its letters are not the small ones
    width = math.max(width, math.min(MOST, wide))
  end
  local f = figure.new({size = options.size or {width, height}})
  local p = f:panel({key = false, xrange = {0, width}, yrange = {-height, 0}})
  local commands = {"unset border\nunset tics\nunset grid\nset lmargin at screen 0\nset rmargin at screen 1\n"
                    .. "set bmargin at screen 0\nset tmargin at screen 1\nset size ratio -1\n"}
  local labels = 0
  local function label(s, x, y, how)
    labels = labels + 1
    commands[#commands + 1] = ("set label %d %s at %g,%g %s\n"):format(labels, gnuplot.quote(s), x, y, how)
  end
  if options.title then label(options.title, width / 2, -TITLE / 2, "center") end
  for n, tile in ipairs(tiles) do
    local left, top = g.gap + (n - 1) % columns * cell_w, -g.top - (n - 1) // columns * cell_h
    p:add(layer(tile, left, top, g))
    local bottom = top - tile.height * g.width / tile.width
    for i, line in ipairs(tile.caption or {}) do
      label(fitting(words.visible(line), g.width + g.gap - 7), left, bottom - 4 - (i - 0.5) * LINE,
            "left font small" .. (tile.wrong and (" textcolor rgb '%s'"):format(WRONG) or ""))
    end
    if tile.wrong or tile.framed then
      local out = tile.wrong and 1 or 0
      commands[#commands + 1] = ("set object %d rectangle from %g,%g to %g,%g front fillstyle empty border lc rgb '%s' "
        .. "lw %g\n"):format(n, left - out, bottom - out, left + g.width + out, top + out,
        tile.wrong and WRONG or "#999999", tile.wrong and 2.5 or 0.6)
    end
  end
  p.settings = table.concat(commands)
  return f
end

-- --- in characters -------------------------------------------------------------------------

local AIM = 16  -- characters that a picture is wide, if the screen lets it

-- The lines of a tile that is `width` characters wide.
local function picture(tile, width, in_color)
  local at = tile.at
  if tile.level and not in_color then
    at = function(y, x)
      local v = tile.level(y, x)
      return {v, v, v}
    end
  end
  local height = math.max(1, math.floor(tile.height * width / tile.width + 0.5))
  return text.picture(height, width, resized(at, tile.height, tile.width, height, width), {color = in_color})
end

-- Characters that a picture is wide: a whole number for each of its pixels, or a whole number of pixels for each.
local function picture_width(widest, room)
  if widest > room then return math.max(1, widest // math.ceil(widest / room)) end
  return math.max(1, math.min(room, AIM) // widest) * widest
end

-- As many tiles as the screen holds, with their captions below.
local function print_tiles(tiles, options)
  local screen, rows = gnuplot.text_size()
  local columns = options.columns or math.max(1, screen // (AIM + 2))
  columns = math.max(1, math.min(columns, #tiles, screen // 3))
  local room, in_color = (screen + 1) // columns - 1, text.color()
  local widest, ratio, lines = extent(tiles)
  local width = picture_width(widest, room)
  local cell = math.max(width, lines > 0 and math.min(room, AIM) or 1)
  local high = math.ceil(math.max(1, math.floor(ratio * width + 0.5)) / 2)
  local fit = math.max(1, (rows + 1 - (options.title and 1 or 0)) // (high + lines)) * columns
  if options.title then io.stdout:write(cut(words.visible(options.title), screen), "\n") end
  for first = 1, math.min(#tiles, fit), columns do
    local last = math.min(first + columns - 1, #tiles)
    local pictures = {}
    for n = first, last do pictures[n] = picture(tiles[n], width, in_color) end
    for line = 1, high + lines do
      local parts = {}
      for n = first, last do
        local tile = tiles[n]
        if line <= high then
          parts[#parts + 1] = (pictures[n][line] or (" "):rep(width)) .. (" "):rep(cell - width)
        else
          local s = words.pad(cut(words.visible(tile.caption and tile.caption[line - high] or ""), cell), cell)
          parts[#parts + 1] = tile.wrong and in_color and "\27[38;5;166m" .. s .. "\27[0m" or s
        end
      end
      io.stdout:write((table.concat(parts, " "):gsub(" +$", "")), "\n")
    end
  end
  if fit < #tiles then io.stdout:write(("(%d of %d)\n"):format(fit, #tiles)) end
  io.stdout:flush()
end

--- Draws tiles. options: columns, title, size, file, tile (pixels that one is wide, about).
function grid.draw(tiles, options)
  local columns = options.columns or math.ceil(math.sqrt(#tiles * 1.6))
  local f = figure_of(tiles, math.min(columns, #tiles), options)
  f.as_text = function() print_tiles(tiles, options) end
  return f:draw(options)
end

return grid
