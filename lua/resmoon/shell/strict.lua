--- Reading a global that was never assigned is an error that names the nearest one.
--
-- At the prompt it holds for what is typed there, for functions that were defined there, and for the user's files that
-- are loaded and called from there (require, dofile); with `resmoon --strict` for scripts, too. Lua's own library, ours
-- and what is installed (in /usr, or by luarocks) may still ask for names that are not there, and files for the names
-- that other versions of Lua have (`table.unpack or unpack`). Only names that are missing get here, so nothing else is
-- slower.
--
--     strict.watch(scope)       scope: "prompt", "all" or "off"
--     strict.declare(name)      `x = nil` and `local x` make x a name
local core = require "resmoon.core"
local hint = require "resmoon.base.hint"

local strict = {}

local meta = getmetatable(_G)
local declared = {}
local scope = "off"

function strict.declare(name) declared[name] = true end

local keywords = {["and"] = true, ["or"] = true, ["not"] = true, ["nil"] = true, ["true"] = true, ["false"] = true}

-- All names that would have been right, those of the session's environment first.
local function known()
  local names = {}
  local session = package.loaded["resmoon.shell.session"]
  for _, set in ipairs {session and session.environment or {}, _G, meta.lazy, keywords} do
    for name in next, set do
      if type(name) == "string" and name ~= "_LOCAL" then names[#names + 1] = name end
    end
  end
  return names
end

-- Names of Lua 5.1 to 5.3 and of LuaJIT, which files for several versions ask for.
local of_others = {}
for name in ("unpack loadstring setfenv getfenv module bit32 bit jit newproxy"):gmatch "%a+" do
  of_others[name] = true
end

-- Whether the function that reads is the user's.
local function concerns(source, name)
  if source:find("^=prompt") then return true end
  if source == "=(command line)" or source == "=stdin" then return scope == "all" end
  return source:find("^@") and not source:find("^@/usr/") and not source:find("/lua/resmoon/", 1, true)
         and not source:find("/resmoon/scripts/", 1, true) and not source:find("/.luarocks/", 1, true)
         and not of_others[name]
end

--- ", did you mean 'rm.zeros'?" of a name that no variable has, or "".
function strict.meant(name)
  if rawget(core, name) ~= nil then return (", did you mean 'rm.%s'?"):format(name) end
  return #name > 1 and hint(name, known()) or ""
end

-- Levels: this function, __index in globals.lua, the reader.
local function missing(name)
  if type(name) ~= "string" or declared[name] then return nil end
  local reader = debug.getinfo(3, "S")
  if not reader or not concerns(reader.source, name) then return nil end
  error(("there is no variable '%s'%s"):format(name, strict.meant(name)), 3)
end

function strict.scope() return scope end

function strict.watch(new)
  scope = new
  meta.missing = new ~= "off" and missing or nil
end

return strict
