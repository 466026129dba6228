--- Curves made of characters: braille dots where the terminal writes UTF-8, else one character a column.
--
-- Several curves have a color each. Where there are no colors they have a character each, and no braille, whose dots
-- look alike.
local core = require "resmoon.core"
local text = require "resmoon.plot.text"

local textcurve = {}

-- Blue, vermilion, green, purple, orange, sky blue among the 256 colors of a terminal: those of figure.colors.
local colors = {32, 166, 36, 175, 214, 74}
local marks = {"*", "o", "+", "x", "#", "%"}

-- Bits of a braille cell, from the top: left column, right column.
local dots = {{0x01, 0x02, 0x04, 0x40}, {0x08, 0x10, 0x20, 0x80}}

local function utf8_terminal()
  for _, name in ipairs {"LC_ALL", "LC_CTYPE", "LANG"} do
    local value = core.sys.getenv(name)
    if value and value ~= "" then return value:lower():find "utf%-?8" ~= nil end
  end
  return false
end

-- The mean of the points in each of n columns of x from low to high; columns without a point lie between
-- their neighbors.
local function columns_of(points, n, low, high)
  local sums, counts, means = {}, {}, {}
  for _, p in ipairs(points) do
    local x, y = p[1], p[2]
    if y == y and math.abs(y) ~= math.huge then
      local c = high > low and math.floor((x - low) / (high - low) * (n - 1) + 0.5) + 1 or 1
      sums[c], counts[c] = (sums[c] or 0) + y, (counts[c] or 0) + 1
    end
  end
  local before
  for c = 1, n do
    if counts[c] then
      means[c] = sums[c] / counts[c]
      for k = (before or c) + 1, c - 1 do
        means[k] = means[before] + (means[c] - means[before]) * (k - before) / (c - before)
      end
      before = c
    end
  end
  return means
end

-- Calls set(column, row) for all dots of a curve in a raster.
local function trace(points, columns, rows, x, y, set)
  local means = columns_of(points, columns, x[1], x[2])
  local before
  for c = 1, columns do
    local v = means[c]
    if v then
      local part = y[2] > y[1] and (v - y[1]) / (y[2] - y[1]) or 0.5
      local row = rows - math.floor(math.max(0, math.min(1, part)) * (rows - 1) + 0.5)
      -- Steep pieces are filled, so that the curve holds together.
      local from = before and before < row and before + 1 or before and before > row and before - 1 or row
      for r = math.min(from, row), math.max(from, row) do set(c, r) end
      before = row
    end
  end
end

local function painted(s, number) return ("\27[38;5;%dm%s\27[0m"):format(colors[(number - 1) % #colors + 1], s) end

--- How curve number i of several looks, for a legend: a colored line, or its character.
function textcurve.sample(i, options)
  local color = text.color()
  if options and options.color ~= nil then color = options.color end
  local mark = marks[(i - 1) % #marks + 1]
  return color and painted(mark, i) or mark
end

--- Lines of text, from the top, that show curves: series is a list of lists of points {x, y} in order of x, where
-- numbers that are none are left out. area: width and height in characters; x and y: {lowest, highest}.
-- options: braille (default by the locale), color (of several curves; default by the terminal).
function textcurve.lines(series, area, x, y, options)
  options = options or {}
  local braille, color = options.braille, options.color
  if color == nil then color = text.color() end
  if braille == nil then braille = utf8_terminal() end
  color, braille = color and #series > 1, braille and (color or #series == 1)
  local wide, high = braille and 2 or 1, braille and 4 or 1
  local cells, owner = {}, {}
  for i, points in ipairs(series) do
    trace(points, area.width * wide, area.height * high, x, y, function(column, row)
      local at = (row - 1) // high * area.width + (column - 1) // wide
      cells[at] = (cells[at] or 0) | (braille and dots[(column - 1) % 2 + 1][(row - 1) % 4 + 1] or 1)
      owner[at] = i
    end)
  end
  local lines = {}
  for row = 0, area.height - 1 do
    local line = {}
    for column = 0, area.width - 1 do
      local at = row * area.width + column
      local cell = " "
      if cells[at] then
        cell = braille and utf8.char(0x2800 + cells[at]) or marks[(owner[at] - 1) % #marks + 1]
        if color then cell = painted(cell, owner[at]) end
      end
      line[#line + 1] = cell
    end
    lines[#lines + 1] = table.concat(line)
  end
  return lines
end

return textcurve
