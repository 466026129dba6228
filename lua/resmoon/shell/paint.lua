--- Color, where standard output is a terminal that wants it: paint.dim(text), paint.bold(text).
-- NO_COLOR (not empty) and TERM=dumb say that it does not; a pipe gets nothing but text.
local sys = require("resmoon.core").sys

local paint = {}

local none = sys.getenv "NO_COLOR"
paint.on = sys.isatty(1) and not (none and none ~= "") and (sys.getenv "TERM" or "dumb") ~= "dumb"

for name, code in next, {dim = "2", bold = "1", green = "32", cyan = "36"} do
  paint[name] = function(text) return paint.on and text ~= "" and ("\27[%sm%s\27[0m"):format(code, text) or text end
end

--- Columns of the terminal; 80 where there is none.
function paint.columns()
  local _, columns = sys.winsize()
  return sys.isatty(1) and columns or 80
end

--- 1234567 -> "1,234,567"
function paint.grouped(n)
  local text = ("%d"):format(n):reverse():gsub("(%d%d%d)", "%1,"):reverse()
  return (text:gsub("^,", ""))
end

--- 1536 -> "1.5 KiB"
function paint.bytes(n)
  if n < 1024 then return ("%d B"):format(n) end
  for _, unit in ipairs {"KiB", "MiB", "GiB"} do
    n = n / 1024
    if n < 1024 or unit == "GiB" then return ("%.1f %s"):format(n, unit) end
  end
end

return paint
