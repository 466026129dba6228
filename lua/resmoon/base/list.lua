--- Lists that hold nothing but their elements.
--
--     list.check("concat", sets, "data sets")
--
-- Options that are written into a list (Sequential {a, b, name = "x"}) stand in fields that nobody would look at. C has
-- the same rule for sizes, dimensions, tensors and their elements (bind_checklist).
local fail   = require "resmoon.base.fail"
local phrase = require "resmoon.base.phrase"

local list = {}

--- A key that is none of 1..#t, as an error names it, or nil where there is none.
function list.foreign(t)
  local n = #t
  for key in next, t do
    if math.type(key) ~= "integer" or key < 1 or key > n then
      return type(key) == "string" and phrase.of(key) or ("[%s]"):format(phrase.inline(key))
    end
  end
end

--- Raises for a table with other keys, and for a nil among its elements. what: what these are called.
function list.check(op, t, what)
  for i = 1, #t do
    if t[i] == nil then fail("%s: number %d in the list of %s is nil", op, i, what) end
  end
  local key = list.foreign(t)
  if key then fail("%s: the list of %s has a field %s; what else is given comes after the list", op, what, key) end
end

return list
