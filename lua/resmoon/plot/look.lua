--- What a layer looks like: its color, dashes and marker, as gnuplot takes them, and as a sample in a legend.
local look = {}

--- Okabe and Ito's colors, told apart with any color vision (jfly.uni-koeln.de/color); black and
-- the darker ones first, since yellow is hard to see on white.
look.colors = {"#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000", "#999999"}

-- Gnuplot's dash patterns; with them more lines than there are colors are told apart.
local dashes = {"1", "'-'", "'.'", "'_.'"}

-- Markers, the same in color and in gray: disc, square, triangle, triangle on its tip, diamond, and hollow ones.
local symbols = {7, 5, 9, 11, 13, 6, 4, 8}

-- A line whose color was used up looks dash-dotted, then dotted.
local ROUNDS = {1, 4, 3, 2}

--- Of a layer, the index-th of its panel: {color = "#rrggbb", rgb = with transparency, width, dash (gnuplot's),
-- symbol (gnuplot's number), point (its size), line, dot (whether it has them)}.
-- Errors: raises for what is no color.
function look.of(layer, index)
  local color, round, number = layer.color or index, 0, nil
  if type(color) == "number" then
    number = color
    color, round = look.colors[(color - 1) % #look.colors + 1], (color - 1) // #look.colors
  end
  if not color:find("^#%x%x%x%x%x%x$") then error(("plot: %q is no color like #0072b2"):format(color), 0) end
  local dash = layer.dashed == true and 2 or layer.dashed or ROUNDS[round % #ROUNDS + 1]
  return {
    color = color, rgb = ("#%s%s"):format(layer.faint and "90" or "", color:sub(2)), number = number,
    width = layer.width or (layer.faint and 1.3 or 2.2), dash = dashes[(dash - 1) % #dashes + 1],
    -- With each round of the colors another marker goes with them.
    symbol = layer.symbol or number and symbols[(number - 1 + 3 * round) % #symbols + 1] or 7,
    point = layer.point or 0.8, line = layer.style:find "line" ~= nil, dot = layer.style:find "point" ~= nil,
    box = layer.style:find "box" ~= nil,
  }
end

--- gnuplot's words for a layer: "with lines lc rgb '#0072b2' ...".
function look.words(layer, index)
  if layer.plain then return "with " .. layer.style end
  local l, parts = look.of(layer, index), {"with " .. layer.style}
  parts[2] = ("lc rgb '%s'"):format(l.rgb)
  if l.line then parts[#parts + 1] = ("lw %g dt %s"):format(l.width, l.dash) end
  if l.dot then parts[#parts + 1] = ("pt %d ps %g*dot"):format(l.symbol, l.point) end
  return table.concat(parts, " ")
end

--- Commands that draw a sample of a look at `x`, `y` (pixels from the left bottom of a target of width by height),
-- `long` pixels long. tag: a number for gnuplot's label and arrow.
function look.sample(l, tag, x, y, long, width, height)
  local commands = {}
  local function place(right, up) return ("screen %.5f,%.5f"):format(right / width, up / height) end
  if l.box then
    return ("set object %d rectangle from %s to %s front fc rgb '%s' fs solid noborder\n"):format(tag, place(x, y - 5),
      place(x + long, y + 5), l.rgb)
  end
  if l.line then
    commands[1] = ("set arrow %d from %s to %s nohead front lc rgb '%s' lw %g dt %s\n"):format(tag, place(x, y),
      place(x + long, y), l.rgb, l.width, l.dash)
  end
  if l.dot or l.marked then
    commands[#commands + 1] = ("set label %d \"\" at %s front point pt %d ps %g*dot lc rgb '%s'\n"):format(tag,
      place(x + long / 2, y), l.symbol, l.point, l.rgb)
  end
  return table.concat(commands)
end

-- --- in characters --------------------------------------------------------------------------

-- The characters that gnuplot 5.4's dumb terminal draws line types 1, 2, ... with, where it has no colors. (With colors
-- every line is of "+-|".)
local strokes = "*#$%@&="

--- gnuplot's words for a layer on a terminal of characters: a line type, whose character tells it from others, the
-- letter of its points, and its color.
function look.text_words(layer, index)
  if layer.plain then return "with " .. layer.style end
  local number = layer.text_number or type(layer.color) == "number" and layer.color or index
  return ("with %s lt %d lc rgb '%s' pt %d"):format(layer.style, (number - 1) % #strokes + 1,
    look.of(layer, index).color, (number - 1) % 26 + 1)
end

-- The nearest of the 216 colors of a terminal with 256, as gnuplot takes it.
local function cube(color)
  local code = 16
  for c, digits in color:gmatch "()(%x%x)" do
    code = code + 6 ^ ((6 - c) // 2) * math.floor(tonumber(digits, 16) / 255 * 5 + 0.5)
  end
  return math.floor(code)
end

--- The sample of a layer in characters: "*A*", or in color "-A-". A layer of points alone is its letter.
function look.text_sample(layer, index, in_color)
  local number = layer.text_number or type(layer.color) == "number" and layer.color or index
  local letter = string.char(65 + (number - 1) % 26)
  local at = (number - 1) % #strokes + 1
  local stroke = in_color and "-" or strokes:sub(at, at)
  local l = look.of(layer, index)
  local has_letter = l.dot or layer.marked
  local sample = l.line and (stroke .. (has_letter and letter or stroke) .. stroke) or letter
  return in_color and ("\27[38;5;%dm%s\27[0m"):format(cube(l.color), sample) or sample
end

return look
