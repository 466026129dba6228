--- The names the shell gives to the user as globals: rm and the parts of the library.
-- A part is loaded when its name is first used.
--
-- The metatable of _G is the place to add to this:
--     lazy[name]      a function that gives the value when it is first read
--     prompt[name]    the same, of what only the prompt has: it joins `lazy` when the prompt begins
--     missing(name)   called for any other name that is not there (strict.lua sets it)
--     standard        the set of names that are Lua's and ours
local lazy = require "resmoon.base.lazy"
local rm   = require "resmoon"

local course = lazy "resmoon.shell.course"
local reload = lazy "resmoon.shell.reload"
local system = lazy "resmoon.shell.system"
local who    = lazy "resmoon.shell.who"

rawset(_G, "rm", rm)

local meta = {lazy = {}, standard = {}}
for _, name in ipairs(rm.parts) do
  meta.lazy[name] = function() return rm[name] end
end
meta.lazy.help = lazy "resmoon.shell.help"

meta.prompt = {
  check  = function() return course().check end,
  edit   = function() return system().edit end,
  lessons = function() return course().lessons end,
  mem    = function() return who().mem end,
  reload = function() return reload().reload end,
  who    = function() return who().who end,
}
for name in next, _G do meta.standard[name] = true end

function meta.__index(globals, name)
  local load = meta.lazy[name]
  if load then
    local value = load()
    rawset(globals, name, value)
    return value
  end
  local missing = meta.missing
  if not missing then return nil end
  local value = missing(name)  -- no tail call: strict.lua counts the frames
  return value
end

setmetatable(_G, meta)
