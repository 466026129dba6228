--- Pictures made of characters, for terminals that show nothing else.
--
-- Where there is color, a cell is the upper half block: its foreground is one pixel, its
-- background the pixel below. Otherwise a cell is one of ten characters, from dark to light.
local sys = require("resmoon.core").sys

local text = {}

local ramp = " .:-=+*#%@"

--- True where stdout shows colors.
function text.color()
  return sys.isatty(1) and not sys.getenv("NO_COLOR") and sys.getenv("TERM") ~= "dumb"
end

local function clamp(v) return math.max(0, math.min(255, math.floor(v + 0.5))) end

-- The nearest of the 216 colors of a terminal with 256.
local function cube(r, g, b)
  local function six(v) return math.floor(v / 255 * 5 + 0.5) end
  return 16 + 36 * six(r) + 6 * six(g) + six(b)
end

local function code(ground, truecolor, p)
  local r, g, b = clamp(p[1]), clamp(p[2]), clamp(p[3])
  if truecolor then return ("\27[%d;2;%d;%d;%dm"):format(ground, r, g, b) end
  return ("\27[%d;5;%dm"):format(ground, cube(r, g, b))
end

--- Lines of a picture. at(y, x) -> {r, g, b} in 0..255, y 1..height, x 1..width.
-- options.color: default text.color().
function text.picture(height, width, at, options)
  local color = text.color()
  if options and options.color ~= nil then color = options.color end
  local truecolor = (sys.getenv("COLORTERM") or ""):find("truecolor") or (sys.getenv("COLORTERM") or ""):find("24bit")
  local lines = {}
  for y = 1, height, 2 do
    local cells = {}
    for x = 1, width do
      local top = at(y, x)
      local low = y < height and at(y + 1, x) or top
      if color then
        cells[x] = code(38, truecolor, top) .. code(48, truecolor, low) .. "▀"
      else
        local light = 0
        for _, p in ipairs {top, low} do light = light + (0.299 * p[1] + 0.587 * p[2] + 0.114 * p[3]) / 2 end
        local step = math.floor(clamp(light) / 256 * #ramp) + 1
        cells[x] = ramp:sub(step, step)
      end
    end
    lines[#lines + 1] = table.concat(cells) .. (color and "\27[0m" or "")
  end
  return lines
end

-- The means of blocks of a matrix, so that no more than `height` rows of `width` numbers are left.
local function shrunk(rows, height, width)
  local down, across = math.ceil(#rows / height), math.ceil(#rows[1] / width)
  if down <= 1 and across <= 1 then return rows end
  local result = {}
  for top = 1, #rows, down do
    local line = {}
    for left = 1, #rows[1], across do
      local sum, count = 0, 0
      for r = top, math.min(top + down - 1, #rows) do
        for c = left, math.min(left + across - 1, #rows[1]) do sum, count = sum + rows[r][c], count + 1 end
      end
      line[#line + 1] = sum / count
    end
    result[#result + 1] = line
  end
  return result
end

--- A matrix (rows of numbers) as shades, two characters for each value if that fits, with its range below. area: width
-- and height in characters; of a matrix that is larger, blocks are averaged.
function text.heatmap(rows, low, high, area)
  local lines = {}
  local wide = 2 * #rows[1] <= area.width and 2 or 1
  for _, row in ipairs(shrunk(rows, area.height, area.width // wide)) do
    local cells = {}
    for c, v in ipairs(row) do
      local part = high > low and (v - low) / (high - low) or 0
      local step = v == v and math.max(1, math.min(#ramp, math.floor(part * (#ramp - 1) + 0.5) + 1))
      cells[c] = (step and ramp:sub(step, step) or "?"):rep(wide)
    end
    lines[#lines + 1] = table.concat(cells)
  end
  lines[#lines + 1] = ("%s = %.4g to %s = %.4g"):format("' '", low, ramp:sub(-1), high)
  return lines
end

return text
