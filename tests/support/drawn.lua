--- drawn(f): what f draws in characters; what f gives must be true.
-- luacheck: globals io (its stream is replaced to see what is printed)
local sys = require("resmoon").sys

return function(f)
  local real, parts, wish = io.stdout, {}, sys.getenv "RESMOON_PLOT"
  io.stdout = {write = function(_, ...) parts[#parts + 1] = table.concat({...}) end, flush = function() end}
  sys.setenv("RESMOON_PLOT", "text")
  local ok, result = pcall(f)
  io.stdout = real
  sys.setenv("RESMOON_PLOT", wish)
  assert(ok, result)
  assert(result, "it drew nothing")
  return table.concat(parts)
end
