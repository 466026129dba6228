--- Reading a global that was never assigned is an error that names the nearest one.
--
-- At the prompt it holds for what is typed there, and for functions that were defined there; with
-- `resmoon --strict` for all of the user's files, too. Lua's own library and ours may still ask
-- for names that are not there. Only names that are missing get here, so nothing else is slower.
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

-- Whether the function that reads is the user's.
local function concerns(source)
  if source:find("^=prompt") then return true end
  if scope ~= "all" then return false end
  if source == "=(command line)" or source == "=stdin" then return true end
  return source:find("^@") and not source:find("^@/usr/") and not source:find("/lua/resmoon/", 1, true)
         and not source:find("/resmoon/scripts/", 1, true)
end

-- Levels: this function, __index in globals.lua, the reader.
local function missing(name)
  if type(name) ~= "string" or declared[name] then return nil end
  local reader = debug.getinfo(3, "S")
  if not reader or not concerns(reader.source) then return nil end
  local meant = rawget(core, name) ~= nil and (", did you mean 'rm.%s'?"):format(name)
                or #name > 1 and hint(name, known()) or ""
  error(("there is no variable '%s'%s"):format(name, meant), 3)
end

function strict.scope() return scope end

function strict.watch(new)
  scope = new
  meta.missing = new ~= "off" and missing or nil
end

return strict
