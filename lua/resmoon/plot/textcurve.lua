--- A curve made of characters: braille dots where the terminal writes UTF-8, else one star a column.
local core = require "resmoon.core"

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
-- their neighbours.
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

--- Lines of text, from the top, that show points {x, y} in order of x; numbers that are none are left out.
-- area: width and height in characters; x and y: {lowest, highest}. options.braille: default by the locale.
local function curve(points, area, x, y, options)
  local braille = utf8_terminal()
  if options and options.braille ~= nil then braille = options.braille end
  local wide, high = braille and 2 or 1, braille and 4 or 1
  local n, rows = area.width * wide, area.height * high
  local means = columns_of(points, n, x[1], x[2])
  local cells = {}
  local function set(column, row)
    local at = (row - 1) // high * area.width + (column - 1) // wide
    cells[at] = (cells[at] or 0) | (braille and dots[(column - 1) % 2 + 1][(row - 1) % 4 + 1] or 1)
  end
  local before
  for c = 1, n do
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
  local lines = {}
  for row = 0, area.height - 1 do
    local line = {}
    for column = 0, area.width - 1 do
      local bits = cells[row * area.width + column]
      line[#line + 1] = not bits and " " or braille and utf8.char(0x2800 + bits) or "*"
    end
    lines[#lines + 1] = table.concat(line)
  end
  return lines
end

return curve
