--- reload "my_module": the module's file is read again, and what was made with it goes on.
--
-- Objects have their class as metatable, so a class keeps its identity: the old table gets the new
-- methods, and the new code's own references to the class are turned to the old table. So all networks
-- made before have the new methods and keep their parameters, and `is` and `super` hold for both.
-- A class is found again by its place in the module's result, or, if it is local, by the name of
-- the variable that its functions have caught.
local fail = require "resmoon.base.fail"
local guard = require "resmoon.base.guard"

local function is_class(value) return type(value) == "table" and type(rawget(value, "__name")) == "string" end

-- Calls visit(function, index, name, value) for all that functions of one file have caught, from
-- `value` on: through tables, classes, and other functions of the file.
local function each_upvalue(value, source, visit, seen)
  value = guard.inner(value)
  if seen[value] then return end
  if type(value) == "table" then
    seen[value] = true
    for _, item in next, value do
      if type(item) == "function" or is_class(item) then each_upvalue(item, source, visit, seen) end
    end
  elseif type(value) == "function" then
    local info = debug.getinfo(value, "S")
    if info.what == "C" or info.source ~= source then return end
    seen[value] = true
    for i = 1, 255 do
      local name, caught = debug.getupvalue(value, i)
      if not name then break end
      visit(value, i, name, caught)
      if type(caught) == "function" or is_class(caught) then each_upvalue(caught, source, visit, seen) end
    end
  end
end

-- The classes that belong to a module: by a key that is the same after it was read again. A class of
-- another module is the same table before and after, and drops out.
local function classes_of(result, source)
  local classes = {}
  if is_class(result) then classes["result"] = result end
  if type(result) == "table" then
    for key, value in next, result do
      if is_class(value) and key ~= "super" then classes["field " .. tostring(key)] = value end
    end
  end
  each_upvalue(result, source, function(_, _, name, caught)
    if is_class(caught) then classes["local " .. name] = classes["local " .. name] or caught end
  end, {})
  return classes
end

-- old becomes new: its keys, and its metatable (the base, the call). `is` was made by class(), for the
-- table that it belongs to.
local function replace(old, new, source)
  local is = is_class(old) and rawget(old, "is")
  if is and type(rawget(new, "is")) == "function" and debug.getinfo(new.is, "S").source ~= source then
    rawset(new, "is", is)
  end
  for key in next, old do
    if rawget(new, key) == nil then rawset(old, key, nil) end
  end
  for key, value in next, new do rawset(old, key, value) end
  if rawequal(rawget(new, "__index"), new) then rawset(old, "__index", old) end
  setmetatable(old, debug.getmetatable(new))
end

local function file_of(name)
  local path, tried = package.searchpath(name, package.path)
  if not path then fail("reload: there is no module '%s'\n\t%s", name, tried) end
  return path
end

-- Variables at the prompt that hold what the old module gave get what the new one gives.
local function rename(old, new)
  local session = package.loaded["resmoon.shell.session"]
  for _, scope in ipairs {_G, session and session.environment or {}} do
    for name, value in next, scope do
      if rawequal(value, old) then rawset(scope, name, new) end
    end
  end
end

--- Reads a module again after its file was changed: networks that were made with its classes have the new
-- methods and keep their parameters. Variables at the prompt that hold its functions get the new ones.
--
--     > net = require "mynet" ()
--     > $ vi mynet.lua
--     > reload "mynet"
--
-- If the file has an error it is raised, and everything stays as it was.
--
-- Call: reload(name) -> the module
-- Errors: raises for a module that require does not find, or whose file fails.
local function reload(name)
  if type(name) ~= "string" then fail("reload: expected the name of a module, as for require, got %k", name) end
  local old = package.loaded[name]
  if old == nil then
    if not (package.preload[name] or package.searchpath(name, package.cpath)) then file_of(name) end   -- there is one
    return require(name)  -- late: a module of the user's
  end
  local path = file_of(name)
  local source = "@" .. path
  local chunk, message = loadfile(path, "t")
  if not chunk then error(message, 0) end
  local new = chunk(name, path)
  if new == nil then new = true end

  local before, after = classes_of(old, source), classes_of(new, source)
  local same = {}  -- from the new class to the old
  for key, class in next, after do
    if before[key] and not rawequal(before[key], class) then same[class] = before[key] end
  end
  each_upvalue(new, source, function(f, i, _, caught)
    if same[caught] then debug.setupvalue(f, i, same[caught]) end
  end, {})
  for class, former in next, same do replace(former, class, source) end
  for _, former in next, same do
    local base = rawget(former, "super")
    if same[base] then
      rawset(former, "super", same[base])
      local meta = debug.getmetatable(former)
      if type(meta) == "table" and rawequal(rawget(meta, "__index"), base) then rawset(meta, "__index", same[base]) end
    end
  end
  if same[new] then return same[new] end

  if type(new) == "table" and type(old) == "table" then
    for key, value in next, new do
      if same[value] then rawset(new, key, same[value]) end
      local former = rawget(old, key)
      if type(former) == "function" then rename(former, value) end
    end
    replace(old, new, source)
    return old
  end
  rename(old, new)
  package.loaded[name] = new
  return new
end

return {reload = reload}
