--- Where what builds a network of one's own comes from: the file, the name, the place in a script.
--
-- A function is known by where it was written; what a script gives to train.run and train.Trainer also by which of the
-- script's trainings it is, so that functions within functions and networks at hand are found again as well.
local definitions = require "resmoon.models.definitions"
local file        = require "resmoon.models.file"
local kind        = require "resmoon.nn.kind"
local source      = require "resmoon.runs.source"
local text        = require "resmoon.base.text"

local origin = {}

origin.FOLDER = "network"   -- of the copies, in a run's folder

-- own -> {[copy] = text}; own -> notes its files once more, with what was required since.
origin.texts = setmetatable({}, {__mode = "k"})
origin.renew = setmetatable({}, {__mode = "k"})

local calls = setmetatable({}, {__mode = "k"})   -- a script's main function -> trainings of own networks it asked for

-- --- where something was written ----------------------------------------------------------

local ours = debug.getinfo(1, "S").source:match "^(.*)runs/origin%.lua$"

-- The user's script that is running: its file and its main function; nil at the prompt. Of a script that runs another
-- it is the outer one.
local function running_script()
  local level, info, script, main = 2, debug.getinfo(2, "Sf"), nil, nil
  while info do
    local path = info.what == "main" and info.source:sub(1, #ours) ~= ours and info.source:match "^@(.+)$"
    if path then script, main = path, info.func end
    level = level + 1
    info = debug.getinfo(level, "Sf")
  end
  return script, main
end

-- The file in which what builds was defined, and the line; or nil and how its text is called otherwise.
local function place_of(value)
  local f = value
  if kind.is_class(value) then f = rawget(value, "init") or rawget(value, "forward") end
  if type(f) ~= "function" then return nil end
  local info = debug.getinfo(f, "S")
  return info.source:match "^@(.+)$", info.linedefined, info.short_src
end

-- Whether two functions have the same plain values around them: {width = 16}. Returns the name of one that differs.
local function lost_value(given, found)
  if type(given) ~= "function" or type(found) ~= "function" then return nil end
  for i = 1, 255 do
    local name, value = debug.getupvalue(given, i)
    if not name then return nil end
    local other_name, other = debug.getupvalue(found, i)
    local plain = type(value) ~= "table" and type(value) ~= "function" and type(value) ~= "userdata"
    if name ~= other_name or type(value) ~= type(other) or plain and value ~= other then return name, value end
  end
end

-- --- describing ---------------------------------------------------------------------------

local function basename(path) return path:match "[^/]*$" end

-- Files that a file requires, besides the library's and those of the system: {[name] = path}.
local function modules_of(names, itself)
  local list = {}
  for name in pairs(names) do
    local path = name:find "%.lua$" and name or package.searchpath(name, package.path)
    local theirs = path and (name:find "^resmoon" or path:find "^/usr/" or path:sub(1, #ours - 1) == ours:sub(2))
    if path and not theirs and path ~= itself then list[name] = path end
  end
  return list
end

-- Notes a file and those it requires in `own`, with what is to be copied. required() -> {[name] = path}: once more
-- after the network was built, since a function may require files when it is called.
local keep_files
function keep_files(own, path, content, required)
  origin.renew[own] = function() keep_files(own, path, content, required) end
  local files, copies, used, names = required(), {}, {}, {}
  local function copy(from, what)
    local name = basename(from)
    while used[name] do name = "_" .. name end
    used[name] = true
    local path_of_copy = origin.FOLDER .. "/" .. name
    copies[path_of_copy] = what
    return path_of_copy, file.digest(what)
  end
  own.file, own.path, own.modules = path, source.absolute(path), nil
  own.copy, own.sha256 = copy(path, content)
  for name in pairs(files) do names[#names + 1] = name end
  table.sort(names)
  for i, name in ipairs(names) do
    own.modules = own.modules or {}
    local copied, digest = copy(files[name], file.read(files[name]))
    own.modules[i] = {name = name, copy = copied, sha256 = digest}
  end
  origin.texts[own] = copies
end

-- The values that `find` of models/file.lua would look through, by the line of `value`: {name =, how =} or nil, reason.
local function found_by_line(path, content, value, line)
  local src, lost = {text = content, path = path}, nil
  local found = definitions.of(src, function(list)
    for _, each in ipairs(list) do
      if each.how ~= "offer" and each.how ~= "local" and definitions.line(each.value) == line then
        local name, was = lost_value(value, each.value)
        if not name then return each end
        lost = ("it depends on %s = %s, which its file does not say; give it as options (model_options)"):format(name,
                text.visible(tostring(was)))
      end
    end
  end)
  return found, lost, src.required or {}
end

-- Whether a value is what a module returned, or one of its fields, or a global that its file speaks of; and its name.
local function known_by_name(value, path, content)
  local names = {}
  for module, result in pairs(package.loaded) do
    if type(module) == "string" and module ~= "_G" and package.searchpath(module, package.path) == path then
      if result == value then return true, nil end
      for name, field in pairs(type(result) == "table" and result or {}) do
        if field == value and type(name) == "string" then names[#names + 1] = name end
      end
    end
  end
  for name, global in next, _G do
    if rawequal(global, value) and type(name) == "string" and name:find "^[%a_][%w_]*$"
       and content:find("%f[%w_]" .. name .. "%f[^%w_]") then names[#names + 1] = name end
  end
  table.sort(names)
  return names[1] ~= nil, names[1]
end

-- The name of the global that a value is, or nil.
local function global_name(value)
  local names = {}
  for name, global in next, _G do
    if rawequal(global, value) and type(name) == "string" and name ~= "_" then names[#names + 1] = name end
  end
  table.sort(names)
  return names[1]
end

local function given(own, reason)
  own.by, own.reason = "given", reason
  return own
end

-- All modules that have been loaded, by name.
local function loaded()
  local names = {}
  for name in pairs(package.loaded) do names[name] = true end
  return names
end

-- Of the running script: its call-th training.
local function by_call(own, script, main, defined_in)
  keep_files(own, script, file.read(script), function()
    local required = loaded()
    if defined_in and defined_in ~= script then required[defined_in] = true end
    local files = modules_of(required, script)
    for name, path in pairs(files) do   -- a module's file is known by its name
      if path == defined_in and name ~= defined_in then files[defined_in] = nil end
    end
    return files
  end)
  own.by, own.call, own.args = "call", calls[main], {}
  for i = 1, arg and arg[0] == script and #arg or 0 do own.args[i] = arg[i] end
  return own
end

--- What says how a function, class or network at hand is had again: the table `own` of a config.
-- Of the functions of a file that has come to its end the file is run once more, if nothing else tells where they are.
function origin.of(value)
  local own, script, main = {}, running_script()
  if script then calls[main] = (calls[main] or 0) + 1 end
  local path, line, said = place_of(value)
  own.line = line
  if path then
    local ok, content = pcall(file.read, path)
    if not ok then return given(own, ("%s cannot be read any more"):format(path)) end
    own.name = definitions.name_at(content, line)
    local known, name = known_by_name(value, path, content)
    if path ~= script and known then
      keep_files(own, path, content, function() return modules_of(loaded(), path) end)
      own.by, own.name = "name", name
      return own
    elseif path ~= script then
      local found, lost, required = found_by_line(path, content, value, line)
      if found then
        keep_files(own, path, content, function() return modules_of(required, path) end)
        own.by, own.name = "name", found.how ~= "return" and found.name or nil
        return own
      elseif not script then
        return given(own, lost or ("%s does not return it, nor define it as a global"):format(path))
      end
    end
  end
  if script then return by_call(own, script, main, path) end
  own.name = global_name(value)
  if said then return given(own, ("it was typed in, and no file holds it (%s)"):format(said)) end
  return given(own, "it was built at the prompt, and no file holds what builds it")
end

--- The same for a text like "nets.lua:senet"; also what builds the network, and its name.
-- Errors: raises where the file does not have it.
function origin.of_file(name)
  local path, wanted = file.parse(name)
  local content = file.read(path)
  local src = {text = content, path = path}
  local found = file.find(src, wanted)
  local own = {line = definitions.line(found.value), name = wanted or found.how == "field" and found.name or nil}
  keep_files(own, path, content, function() return modules_of(src.required or {}, path) end)
  own.by = "name"
  return own, found.value, found.name
end

-- What people read: "nets.lua:senet".
function origin.label(own, name)
  if own.file then
    local place = own.name or name or own.by == "call" and (own.line and "line " .. own.line or "network " .. own.call)
    return basename(own.file) .. (place and ":" .. place or "")
  end
  return (own.name or name or "network") .. " (own)"
end

--- The run's name, where nothing else was given.
function origin.name(own, found)
  return own.name or found or own.file and (basename(own.file):gsub("%.lua$", "")) or nil
end

return origin
