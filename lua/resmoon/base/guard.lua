--- Functions that look at how they are called, where Lua does not: a method at its self, so that one called with a dot,
-- or on something else, says so ("Log.add: self is nil, expected a Log"); and all at arguments that they do not take,
-- which Lua drops ("SGD: argument 3, a table, is one too many").
--
--     guard.all("data.Loader", Loader, is_loader)       every method of a table
--     method = guard.one("Log", "add", method, is_log)  one of them, or the value itself if it is no method
--     f = guard.call("train.load", f)                   a function without a self
--
-- A method is a function of the library whose first parameter is called self. What users define is left as it is: an
-- error in it names their line. base/class.lua guards the methods of all classes, base/library.lua the functions of all
-- parts; the look costs as much as a call of a function. An argument that is nil is none.
local check = require "resmoon.base.check"
local fail  = require "resmoon.base.fail"

local ours = debug.getinfo(1, "S").source:match "^(.*)base/guard%.lua$"
local guarded = setmetatable({}, {__mode = "k"})   -- guarded function -> what it calls

local function is_ours(value)
  return type(value) == "function" and not guarded[value] and debug.getinfo(value, "S").source:sub(1, #ours) == ours
end

local function is_method(key, value)
  return type(key) == "string" and key:sub(1, 2) ~= "__" and is_ours(value) and debug.getlocal(value, 1) == "self"
end

-- How many arguments a function takes; a great many for one with dots.
local function most_of(f)
  local info = debug.getinfo(f, "u")
  return info.isvararg and math.maxinteger or info.nparams
end

-- Raises where an argument behind the first `most` is not nil.
local function check_surplus(name, most, ...)
  for i = most + 1, select("#", ...) do
    local value = select(i, ...)
    if value ~= nil then fail("%s: argument %d, %k, is one too many", name, i, value) end
  end
end

local guard = {}

--- What a guarded function calls; any other value itself.
function guard.inner(f) return f ~= nil and guarded[f] or f end

function guard.one(title, key, method, is_one)
  if not is_method(key, method) then return method end
  local most = most_of(method) - 1
  local function looking(self, ...)
    if not is_one(self) then
      fail("%s.%s: self is %s, expected %s; it is called with a colon", title, key, check.shown(self),
        check.a(title))
    end
    if select("#", ...) > most then
      check_surplus(key == "init" and getmetatable(self).__name or title .. "." .. key, most, ...)
    end
    return method(self, ...)
  end
  guarded[looking] = method
  return looking
end

function guard.call(name, f)
  if not is_ours(f) or debug.getinfo(f, "u").isvararg then return f end
  local most = most_of(f)
  local function looking(...)
    if select("#", ...) > most then check_surplus(name, most, ...) end
    return f(...)
  end
  guarded[looking] = f
  return looking
end

--- Guards all functions of a part, which users call title.NAME. Returns the part.
function guard.part(title, functions)
  for name, f in next, functions do functions[name] = guard.call(title .. "." .. tostring(name), f) end
  return functions
end

function guard.all(title, methods, is_one)
  for key, method in next, methods do methods[key] = guard.one(title, key, method, is_one) end
  return methods
end

return guard
