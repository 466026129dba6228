--- Colors of numbers, told apart with any color vision.
local colors = {}

-- {red, green, blue} at part 0..1 of the way through a list of stops.
local function between(stops, part)
  local place = math.max(0, math.min(1, part)) * (#stops - 1)
  local i = math.min(#stops - 1, math.floor(place) + 1)
  local a, b, rest = stops[i], stops[i + 1], place - (i - 1)
  return {a[1] + rest * (b[1] - a[1]), a[2] + rest * (b[2] - a[2]), a[3] + rest * (b[3] - a[3])}
end

local viridis = {{68, 1, 84}, {59, 82, 139}, {33, 145, 140}, {94, 201, 98}, {253, 231, 37}}

local blue_white_orange = {{0, 88, 138}, {86, 160, 205}, {247, 247, 247}, {230, 140, 70}, {168, 66, 0}}

--- From dark to light: even steps of lightness. part: 0 to 1.
-- Source: viridis (van der Walt and Smith 2015), at five places.
function colors.sequential(part) return between(viridis, part) end

--- The command that has gnuplot color by colors.sequential, or by "diverging", from one end to the other.
function colors.palette(kind)
  local stops = {}
  for k = 0, 8 do
    local c = kind == "diverging" and between(blue_white_orange, k / 8) or colors.sequential(k / 8)
    stops[k + 1] = ("%g '#%02x%02x%02x'"):format(k / 8, c[1] // 1 | 0, c[2] // 1 | 0, c[3] // 1 | 0)
  end
  return "set palette defined (" .. table.concat(stops, ", ") .. ")\n"
end

--- Two sides of zero: blue below it, white at it, orange above. part: -1 to 1.
-- Source: the blue and the vermilion of Okabe and Ito, paler toward zero and darker at the ends.
function colors.diverging(part) return between(blue_white_orange, (part + 1) / 2) end

return colors
