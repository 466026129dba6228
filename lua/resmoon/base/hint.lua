--- ", did you mean 'width'?" for the name of a list that is nearest to the one given; "" if none is near.
-- front: what stands in front of each name where it is written ("nn.").
local core = require "resmoon.core"

return function(given, names, front)
  local nearest = core.nearest(tostring(given), names)
  return nearest and nearest ~= "" and (", did you mean '%s%s'?"):format(front or "", nearest) or ""
end
