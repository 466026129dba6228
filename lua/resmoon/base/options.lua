--- Checks a table of options: options("gradcheck", given, {"step", "rtol"}) -> given, or {} for nil.
-- Raises for what is no table, and for a name that is not in the list, naming the nearest.
local core = require "resmoon.core"
local fail = require "resmoon.base.fail"

local function options(op, given, names)
  if given == nil then return {} end
  if type(given) ~= "table" then fail("%s: options are a %s, expected a table", op, type(given)) end
  local known = {}
  for _, name in ipairs(names) do known[name] = true end
  for name in pairs(given) do
    if not known[name] then
      local nearest = core.nearest(tostring(name), names)
      fail("%s: unknown option '%s'%s; it takes %s", op, tostring(name),
        nearest and (", did you mean '%s'?"):format(nearest) or "", table.concat(names, ", "))
    end
  end
  return given
end

return options
