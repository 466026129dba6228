--- Classes with single inheritance: class("Name", Base) is called to make an object.
--
--     local Point = class("Point")
--     function Point:init(x, y) self.x, self.y = x, y end
--     function Point:__tostring() return ("(%g, %g)"):format(self.x, self.y) end
--     print(Point(1, 2))
--
-- A class is the metatable of its objects. Metamethods that the base has when the class
-- is made are inherited, since Lua looks for them in the metatable itself. `Class.super`
-- is the base, `Class.__name` the name; `Class.is(v)` tells whether v is such an object.
-- Methods of the library's own classes look at self (base/guard.lua).
--
-- Call: nn.class(name, base = nil) -> class
-- Errors: raises unless name is a string and base nil or a class.
-- Example:
--   > Point = nn.class("Point")
--   > function Point:init(x, y) self.x, self.y = x, y end
--   > function Point:__tostring() return ("(%g, %g)"):format(self.x, self.y) end
--   > Point(1, 2), Point.is(Point(1, 2))
--   (1, 2)  true
local fail  = require "resmoon.base.fail"
local guard = require "resmoon.base.guard"

local function inherits(metatable, cls)
  while type(metatable) == "table" do
    if rawequal(metatable, cls) then return true end
    metatable = rawget(metatable, "super")
  end
  return false
end

local function new(cls, ...)
  local object = setmetatable({}, cls)
  local init = cls.init
  if init then init(object, ...) end
  return object
end

-- What a class gets: a method, guarded.
local function define(cls, key, value)
  rawset(cls, key, guard.one(cls.__name, key, value, function(v) return getmetatable(v) == cls or cls.is(v) end))
end

--- A new class.
-- Errors: raises unless name is a string and base nil or a class.
local function class(name, base)
  if type(name) ~= "string" then
    fail("class: name is %k, expected a string", name)
  end
  if base ~= nil and not (type(base) == "table" and rawget(base, "__name")) then
    fail("class: the base of %s is %k, expected a class", name, base)
  end
  local cls = {}
  for key, value in pairs(base or {}) do
    if type(key) == "string" and key:sub(1, 2) == "__" then cls[key] = value end
  end
  cls.__name, cls.super = name, base
  if type(cls.__index) ~= "function" then cls.__index = cls end
  function cls.is(v) return type(v) == "table" and inherits(getmetatable(v), cls) end
  return setmetatable(cls, {
    __index = base,
    __newindex = define,
    __call = new,
    __tostring = function() return "class " .. name end,
  })
end

return class
