--- Letters that no font has.
local check   = require "support.check"
local glyphs  = require "resmoon.plot.glyphs"
local gnuplot = require "resmoon.plot.gnuplot"
local rm      = require "resmoon"

local NOWHERE = "\u{10FFFD}"  -- for private use: no font has it

check.case("a box stands for a letter without a font, and only for that", function()
  if not rm.sys.which "fc-list" then check.skip "fontconfig's fc-list is not installed" end
  local box = gnuplot.quote "\u{25A1}":sub(2, -2)
  check.equal(glyphs.drawable(gnuplot.quote("a" .. NOWHERE .. "7")), '"a' .. box .. '\\067"')  -- 067: the 7
  for _, text in ipairs {"plain", "a\\b", "50 % of \"x\"", "\u{e4}\u{f6}", "\u{2014}1"} do
    check.equal(glyphs.drawable(gnuplot.quote(text)), gnuplot.quote(text))
  end
end)
