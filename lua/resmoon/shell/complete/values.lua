--- Values as completion may look at them: raw, without a call of the user's code.
--
-- A chain of steps (context.lua) is followed through raw fields and through metatables whose
-- __index is a table; tensors and layers of the core are asked, since their answers are ours. What a
-- call would return is not known; it is taken for a tensor, and what models and nn build for a module.
local core = require "resmoon.core"
local lazy = require "resmoon.base.lazy"

local Module = lazy "resmoon.nn.module"

local values = {}

local tensor_meta = debug.getmetatable(core.empty(0))

-- Stand for values that are not there.
local SOME_TENSOR, SOME_MODULE = {}, {}

local function is_layer(value) return core.layer_fields(value) ~= nil end

local function layer_methods()
  Module()  -- has them all
  return core.layer_methods
end

-- A class of ours or of the user's: what a field is looked up in, one after the other.
local function sources(value)
  local list = {value}
  local step = value
  while #list < 20 do
    local meta = type(step) ~= "string" and debug.getmetatable(step)
    local index = type(meta) == "table" and rawget(meta, "__index")
    if type(index) == "function" and rawget(meta, "__name") then index = meta end
    if type(index) ~= "table" or rawequal(index, step) then break end
    list[#list + 1] = index
    step = index
  end
  return list
end

local function is_part(table, key) return rawequal(table, core) and getmetatable(_G).lazy[key] ~= nil end

-- A field of a table, along its classes.
local function lookup(value, key)
  for _, source in ipairs(sources(value)) do
    local found = type(source) == "table" and rawget(source, key)
    if found ~= nil and found ~= false then return found end
  end
  if is_part(value, key) then return core[key] end
end

local function method_of(value, name)
  if rawequal(value, SOME_TENSOR) or core.is_tensor(value) then return rawget(tensor_meta.methods, name) end
  if rawequal(value, SOME_MODULE) then return lookup(Module(), name) end
  if type(value) == "string" then return rawget(string, name) end
  if is_layer(value) then return layer_methods()[name] end
  return lookup(value, name)
end

local function field_of(value, key)
  if rawequal(value, SOME_TENSOR) or rawequal(value, SOME_MODULE) then return nil end
  if core.is_tensor(value) then
    if math.type(key) == "integer" or key == "grad" then return SOME_TENSOR end
    return method_of(value, key)
  end
  local fields = core.layer_fields(value)
  if fields then
    for _, name in ipairs(fields) do
      if name == key then return value[key] end
    end
    return method_of(value, key)
  end
  if type(value) == "table" and math.type(key) == "integer" then return rawget(value, key) end
  return lookup(value, key)
end

local function global(name, environment)
  local value = rawget(environment, name)
  if value == nil then value = rawget(_G, name) end
  if value ~= nil then return value end
  local load = getmetatable(_G).lazy[name]
  return load and load()
end

-- What the functions of a part build: a class, or one of the stand-ins.
local built = {
  models = function() return SOME_MODULE end,
  nn     = function() return SOME_MODULE end,
  data   = lazy "resmoon.data.dataset",
  optim  = lazy "resmoon.optim.optimizer",
}

-- What a call gives, by where its function comes from. What the user's own functions return is most
-- likely a tensor.
local function result_of(chain, callee)
  if type(callee) == "table" and rawget(callee, "__name") then return callee end  -- a class
  for i = 1, 2 do
    local step = chain[i]
    local name = step and (step.root or step.field)
    if built[name] then return built[name]() end
    if name and name ~= "rm" and (getmetatable(_G).lazy[name] or getmetatable(_G).standard[name]) then return nil end
  end
  return SOME_TENSOR
end

--- The value at the end of a chain; nil if it cannot be known.
function values.resolve(chain, environment)
  local value
  for _, step in ipairs(chain) do
    if step.root then value = global(step.root, environment)
    elseif step.literal then value = step.literal
    elseif value == nil then return nil
    elseif step.call then value = result_of(chain, value)
    elseif step.method then value = method_of(value, step.method)
    else value = field_of(value, step.field) end
  end
  return value
end

local function add_keys(list, source, only_functions)
  for key, value in next, source do
    if type(key) == "string" and key:find("^[%a_][%w_]*$")
       and not (only_functions and type(value) ~= "function") then
      list[#list + 1] = key
    end
  end
end

local function add_all(list, more)
  for _, name in ipairs(more) do list[#list + 1] = name end
  return list
end

--- Whether a value stands for what a call is only likely to return.
function values.is_guess(value) return rawequal(value, SOME_TENSOR) end

function values.is_module(value) return rawequal(value, SOME_MODULE) end

--- Names behind `value.`, or, for methods, behind `value:`.
function values.names(value, methods)
  local list = {}
  if type(value) == "string" then
    if methods then add_keys(list, string) end
  elseif rawequal(value, SOME_TENSOR) or core.is_tensor(value) then
    if methods then add_keys(list, tensor_meta.methods) else add_all(list, tensor_meta.fields) end
  elseif rawequal(value, SOME_MODULE) then
    if methods then return values.names(Module(), true) end
  elseif is_layer(value) then
    if methods then add_keys(list, layer_methods()) else add_all(list, core.layer_fields(value)) end
  elseif type(value) == "table" or type(value) == "userdata" then
    local all = sources(value)
    -- Behind a dot an object has its own fields; a library or a class all there is.
    local object = #all > 1 and not (type(value) == "table" and rawget(value, "__name"))
    local last = object and not methods and 1 or #all
    for i = 1, last do
      if type(all[i]) == "table" then add_keys(list, all[i], methods) end
    end
    if rawequal(value, core) then add_keys(list, getmetatable(_G).lazy) end
  end
  return list
end

return values
