--- What a file of Lua defines: functions and modules by name, found by running it without training
-- (base/rehearsal.lua).
--
-- A network is what a file returns, or a field of the table it returns, or a global function or class of that name; of
-- a script that trains also a local, or what it gives to train.run and train.Trainer. The file has globals of its own,
-- says nothing, and leaves generators and threads as they were.
local core      = require "resmoon.core"
local kind      = require "resmoon.nn.kind"
local quiet     = require "resmoon.models.quiet"
local rehearsal = require "resmoon.base.rehearsal"

local definitions = {}

local streams = {"init", "shuffle", "augment", "dropout"}

-- What is put back afterwards.
local function untouched()
  local states, threads = {}, core.num_threads()
  for _, name in ipairs(streams) do states[name] = core.random[name]:get_state() end
  return setmetatable({}, {__close = function()
    for _, name in ipairs(streams) do core.random[name]:set_state(states[name]) end
    if core.num_threads() ~= threads then core.set_num_threads(threads) end
  end})
end

--- Whether a value can build a network: a function, a class, or a network itself.
function definitions.builds(value)
  if type(value) == "function" or kind.is_module(value) then return true end
  return kind.is_class(value)
end

--- The line on which what builds was defined; nil of a network, and of functions of C.
function definitions.line(value)
  local f = value
  if kind.is_class(value) then f = rawget(value, "init") or rawget(value, "forward") end
  local info = type(f) == "function" and debug.getinfo(f, "S")
  return info and info.what ~= "C" and info.linedefined or nil
end

--- The name under which a line of a text defines a function or class, where it says so.
function definitions.name_at(text, line)
  if not line then return nil end
  local at = 0
  for content in (text .. "\n"):gmatch "(.-)\n" do
    at = at + 1
    if at == line then
      return content:match "function%s+([%a_][%w_]*)" or content:match "([%a_][%w_]*)%s*=%s*function"
    end
  end
end

-- The locals of the chunk in a coroutine that waits.
local function locals_of(co, chunk)
  local list, level = {}, 0
  local info = debug.getinfo(co, level, "f")
  while info and info.func ~= chunk do
    level = level + 1
    info = debug.getinfo(co, level, "f")
  end
  local i = 1
  local name, value
  if info then name, value = debug.getlocal(co, level, i) end
  while name do
    list[name] = value
    i = i + 1
    name, value = debug.getlocal(co, level, i)
  end
  return list
end

-- The globals of a file: those of the program, quiet ones (quiet.lua), and what the file adds; files that it requires
-- come from `source`, where they are there.
local function globals_of(source, load_text)
  local env, loaded = quiet(), {}
  local library = env.rm
  env.rm = nil   -- a global of the prompt alone
  env._G = env
  env.arg = source.args and table.move(source.args, 0, #source.args, 0, {}) or {[0] = source.path}
  function env.require(name)
    if name == "resmoon" then return library end
    local part = name:match "^resmoon%.(%l+)$"
    if part == "data" or part == "plot" or part == "train" then return library[part] end
    local kept = source.modules and source.modules[name]
    if not kept then
      source.required[name] = true
      return require(name)   -- late: the user's own file asks for it
    end
    if loaded[name] == nil then loaded[name] = load_text(kept.text, kept.path, env)(name, kept.path) or true end
    return loaded[name]
  end
  function env.dofile(path)
    local kept = source.modules and source.modules[path]
    if kept then return load_text(kept.text, kept.path, env)() end
    local f, reason = loadfile(path, "t", env)
    if not f then error(reason, 0) end
    source.required[path] = true
    return f()
  end
  return setmetatable(env, {__index = function(_, name)
    local value = rawget(_G, name)   -- where the program looks for globals that nobody has set, it may raise
    if name == "rm" and (value == nil or value == core) then return library end
    for _, part in ipairs(core.parts or {}) do
      if part == name and (value == nil or value == core[name]) then return library[name] end
    end
    return value
  end})
end

local function sorted_names(values)
  local names = {}
  for name in pairs(values) do
    if type(name) == "string" then names[#names + 1] = name end
  end
  table.sort(names)
  return names
end

local function load_text(text, path, env)
  local chunk, reason = load(text:gsub("^#[^\n]*", ""), "@" .. path, "t", env)
  if not chunk then error(reason, 0) end
  return chunk
end

--- Runs a file and shows what it defines.
-- source: {text =, path = as messages name it, args = of the script or nil, modules = {[name] = {text =, path =}}}.
-- see(list, met): called with the values that can build a network, as {{value =, name =, how = "return", "field",
-- "global", "local" or "offer"}, ...}, where the file would train (met: {kind =, text =, model =, name =}) and at its
-- end; whatever it returns but nil ends the search.
-- Returns what `see` did; or nil, and why the file did not come to its end.
function definitions.of(source, see)
  local _ <close> = untouched()
  source.required = source.required or {}
  local env = globals_of(source, load_text)
  local chunk = load_text(source.text, source.path, env)
  local found
  local own = {}
  for name, value in pairs(env) do own[name] = value end
  local function seen(met, locals, returned)
    local list = {}
    local function add(value, name, how)
      if definitions.builds(value) then list[#list + 1] = {value = value, name = name, how = how} end
    end
    local function add_all(values, how)
      for _, name in ipairs(sorted_names(values)) do
        local value = rawget(values, name)
        if how == "field" or value ~= own[name] and value ~= rawget(_G, name) then add(value, name, how) end
      end
    end
    if met and met.kind == "offer" then add(met.model, met.name, "offer") end
    add(returned, definitions.name_at(source.text, definitions.line(returned)), "return")
    if type(returned) == "table" and not definitions.builds(returned) then add_all(returned, "field") end
    add_all(env, "global")
    add_all(locals or {}, "local")
    return see(list, met)
  end
  local what, result = rehearsal.run(chunk, function(met, co)
    found = seen(met, locals_of(co, chunk))
    return found ~= nil or met.kind == "step"
  end)
  if what == "failed" then return nil, tostring(result) end
  if what == "returned" and found == nil then found = seen(nil, nil, result) end
  return found
end

return definitions
