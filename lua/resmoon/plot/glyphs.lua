--- Letters that no font of this system has, in the text of a figure that gnuplot draws with cairo (PNG, PDF).
--
-- gnuplot 5.4.4 with pango 1.50 draws the sign for such a letter some hundred times too large: it covers the figure,
-- and the rest of the label is lost. So a box of the usual size stands for it, as in other programs.
local core = require "resmoon.core"
local sys  = core.sys

local glyphs = {}

local BOX = "\\342\\226\\241"  -- U+25A1

local known = {}

-- Whether some font has a letter; fontconfig knows. Where it cannot be asked the letter is taken as it is.
local function has_font(code)
  if known[code] == nil then
    local program = sys.which "fc-list"
    local status, out
    if program then status, out = sys.run({program, (":charset=%x"):format(code)}, {capture = true, seconds = 10}) end
    known[code] = status ~= 0 or out ~= ""
  end
  return known[code]
end

local function letter(escaped)
  local bytes = escaped:gsub("\\(%d%d%d)", function(octal) return string.char(tonumber(octal, 8)) end)
  local ok, code = pcall(utf8.codepoint, bytes)
  if ok and not has_font(code) then return BOX end
end

--- A script with a box for each letter without a font. Text stands in scripts as gnuplot.quote writes it: bytes beyond
-- ASCII are octal escapes.
function glyphs.drawable(script)
  local more = "\\2[0-7][0-7]"
  return (script:gsub("\\36[0-7]" .. more .. more .. more, letter):gsub("\\3[45][0-7]" .. more .. more, letter)
    :gsub("\\3[0-3][0-7]" .. more, letter))
end

return glyphs
