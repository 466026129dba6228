--- Results that are plain tables print what is in them: print(x.shape), print(result.last), "mean " .. ds.mean.
--
--     return shown.mark {loss = loss, error = error}
--
-- Such a table is one to `type`, `#`, pairs, ipairs and rm.json; it only has a metatable, by which print, tostring and
-- `..` show it as the prompt does. Tables of the core have it already (bind/shown.c); a function of the Lua library
-- marks what it returns to users. Shapes are compared by value: x.shape == y.shape.
local lazy = require "resmoon.base.lazy"

local contents = lazy "resmoon.base.contents"

local shown = {}

local registry = debug.getregistry()
local plain, shape = registry["ResMoon: shown"], registry["ResMoon: shape"]

local function text(value) return type(value) == "table" and contents()(value) or tostring(value) end

--- Gives a metatable the metamethods by which a table shows what is in it.
function shown.give(meta)
  meta.__tostring = function(t) return contents()(t) end
  meta.__concat = function(a, b) return text(a) .. text(b) end
end

shown.give(plain)
shown.give(shape)

function shape.__eq(a, b)
  if rawlen(a) ~= rawlen(b) then return false end
  for i = 1, rawlen(a) do
    if rawget(a, i) ~= rawget(b, i) then return false end
  end
  return true
end

--- What a module is called as an element of a table, nil for what is no module; nn/module.lua gives it.
function shown.module() return nil end

--- Whether a table is plain to users: it has no metatable, or one of those by which it is shown.
function shown.is_plain(t)
  local meta = debug.getmetatable(t)
  return type(t) == "table" and (meta == nil or meta == plain or meta == shape or meta.shown == true)
end

local function mark(t, depth)
  if type(t) ~= "table" or debug.getmetatable(t) ~= nil then return end
  setmetatable(t, plain)
  if depth == 0 then return end
  for _, value in next, t do mark(value, depth - 1) end
end

--- Marks a table, and the plain tables in it, as results. Returns it; what is no table, or has a metatable, as it is.
function shown.mark(t, ...)
  mark(t, 5)
  return t, ...
end

--- Marks what stands in the fields of an object. Returns the object.
function shown.fields(object)
  for _, value in next, object do mark(value, 4) end
  return object
end

return shown
