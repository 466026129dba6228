--- Methods that look at self, so that one called with a dot, or on something else, says so:
-- "Log.add: self is nil, expected a Log".
--
--     guard.all("data.Loader", Loader, is_loader)       every method of a table
--     method = guard.one("Log", "add", method, is_log)  one of them, or the value itself if it is no method
--
-- A method is a function of the library whose first parameter is called self. What users define is left as it is: an
-- error in it names their line. base/class.lua guards the methods of all classes; the look costs as much as a call of
-- a function.
local check = require "resmoon.base.check"
local fail  = require "resmoon.base.fail"

local ours = debug.getinfo(1, "S").source:match "^(.*)base/guard%.lua$"
local guarded = setmetatable({}, {__mode = "k"})

local function is_method(key, value)
  return type(value) == "function" and type(key) == "string" and key:sub(1, 2) ~= "__" and not guarded[value]
     and debug.getlocal(value, 1) == "self" and debug.getinfo(value, "S").source:sub(1, #ours) == ours
end

local guard = {}

function guard.one(title, key, method, is_one)
  if not is_method(key, method) then return method end
  local function looking(self, ...)
    if not is_one(self) then
      fail("%s.%s: self is %s, expected %s; it is called with a colon", title, key, check.shown(self),
        check.a(title))
    end
    return method(self, ...)
  end
  guarded[looking] = true
  return looking
end

function guard.all(title, methods, is_one)
  for key, method in next, methods do methods[key] = guard.one(title, key, method, is_one) end
  return methods
end

return guard
