--- ", did you mean 'width'?" for the name of a list that is nearest to the one given; "" if none is near.
local core = require "resmoon.core"

return function(given, names)
  local nearest = core.nearest(tostring(given), names)
  return nearest and nearest ~= "" and (", did you mean '%s'?"):format(nearest) or ""
end
