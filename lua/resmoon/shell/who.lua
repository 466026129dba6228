--- The user's variables, and where memory went.
local core  = require "resmoon.core"
local paint = require "resmoon.shell.paint"

local who = {}

-- --- the variables ----------------------------------------------------------------------

-- Calls visit(name, value) for what the user has assigned, in order of names.
local function each_variable(visit)
  local session = package.loaded["resmoon.shell.session"]
  local environment = session and session.environment or {}
  local meta = getmetatable(_G)
  local standard = meta and meta.standard or {}
  local names, values = {}, {}
  local function add(name, value)
    if type(name) == "string" and not name:find("^_") and values[name] == nil then
      names[#names + 1], values[name] = name, value
    end
  end
  for name, value in next, environment do add(name, value) end
  for name, value in next, _G do
    if not (standard[name] or meta and meta.lazy[name]) then add(name, value) end
  end
  table.sort(names)
  for _, name in ipairs(names) do visit(name, values[name]) end
  return environment
end

-- --- tensors behind a value -------------------------------------------------------------

local function is_module(value)
  local module = package.loaded["resmoon.nn.module"]
  return module ~= nil and module.is_module(value)
end

local function is_optimizer(value)
  local optimizer = package.loaded["resmoon.optim.optimizer"]
  return optimizer ~= nil and type(optimizer) == "table" and optimizer.is ~= nil and optimizer.is(value)
end

-- What a module's own tensors are; what else it keeps (a table of results) is left to the walk.
local function visit_module(module, visit)
  for _, p in module:named_parameters() do
    visit("parameters", p)
    if p.grad then visit("gradients", p.grad) end
  end
  for _, b in module:named_buffers() do visit("buffers", b) end
end

-- Calls visit(kind, tensor) for every tensor that can be reached from value, without a call of the
-- user's code: through tables, modules and what functions have caught. It keeps a list of what is to
-- be looked at, since data may be nested deeper than calls can.
local function walk(root, kind, visit, seen)
  local todo, kinds, n = {}, {}, 0
  local function push(value, of)
    local t = type(value)
    if t == "table" or t == "userdata" or t == "function" then
      n = n + 1
      todo[n], kinds[n] = value, of
    end
  end
  local function look(value, of)
    local t = type(value)
    if t == "userdata" and core.is_tensor(value) then
      visit(value.requires_grad and value.is_leaf and "parameters" or of, value)
      if value.grad then visit("gradients", value.grad) end
      return
    end
    if seen[value] then return end
    seen[value] = true
    if is_module(value) then visit_module(value, visit) end
    if t == "table" then
      if is_optimizer(value) then of = "optimizer" end
      for key, item in next, value do
        push(key, of)
        push(item, of)
      end
    elseif t == "function" then
      for i = 1, 255 do
        local name, caught = debug.getupvalue(value, i)
        if not name then break end
        if name ~= "_ENV" then push(caught, of) end
      end
    end
  end
  push(root, kind)
  while n > 0 do
    local value, of = todo[n], kinds[n]
    todo[n], n = nil, n - 1
    look(value, of)
  end
end

-- Tables that lead everywhere.
local function outside()
  local session = package.loaded["resmoon.shell.session"]
  local seen = {[_G] = true, [package.loaded] = true, [core] = true}
  for _, value in next, package.loaded do
    if type(value) == "table" or type(value) == "function" then seen[value] = true end
  end
  if session then seen[session.environment] = true end
  return seen
end

-- --- who ---------------------------------------------------------------------------------

-- Bytes of all that is reached from value, each storage counted once; and how many tensors.
local function bytes_of(value)
  local counted, bytes, n = {}, 0, 0
  walk(value, "tensors", function(_, tensor)
    local id, size = core.storage(tensor)
    if counted[id] then return end
    counted[id] = true
    bytes, n = bytes + size, n + 1
  end, outside())
  return bytes, n
end

local function describe(value)
  local kind = type(value)
  if kind == "userdata" and core.is_tensor(value) then
    return value.dtype .. " (" .. table.concat(value.shape, ", ") .. ")"
      .. (value.requires_grad and ", requires_grad" or "")
  elseif is_module(value) then
    local n = 0
    for _, p in value:named_parameters() do n = n + p:numel() end
    return ("%s, %s parameters"):format(package.loaded["resmoon.nn.module"].label(value), paint.grouped(n))
  elseif kind == "table" then
    local meta = debug.getmetatable(value)
    local name = type(meta) == "table" and rawget(meta, "__name")
    local n = 0
    for _ in next, value do n = n + 1 end
    return type(name) == "string" and name or ("table of %d"):format(n)
  elseif kind == "string" then
    local text = ("%q"):format(#value > 40 and value:sub(1, 40) or value):gsub("\\\n", "\\n")
    return #value > 40 and text .. "..." or text
  end
  return kind == "number" and tostring(value) or kind == "boolean" and tostring(value) or kind
end

local List = {__name = "List"}

function List:__tostring()
  if #self == 0 then return "no variables yet" end
  local name, what = 0, 0
  for _, row in ipairs(self) do
    name, what = math.max(name, #row.name), math.max(what, #row.what)
  end
  local lines = {}
  for i, row in ipairs(self) do
    lines[i] = ("%s  %s"):format(paint.cyan(row.name) .. (" "):rep(name - #row.name), row.what)
    if row.bytes > 0 then
      lines[i] = lines[i] .. (" "):rep(what - #row.what) .. ("  %10s"):format(paint.bytes(row.bytes))
    end
  end
  return table.concat(lines, "\n")
end

--- The user's variables: what each is, and the memory that the tensors behind it stand on.
--
--     > x, net = rm.zeros(16, 16), models.lenet5()
--     > who()
--     net  lenet5, 62,006 parameters   242.2 KiB
--     x    float32 (16, 16)              1.0 KiB
--
-- Memory is counted once for each variable, gradients included; two that share it both show it. The
-- result prints as a table, and is a list of {name =, what =, bytes =}.
--
-- Call: who() -> list
-- Units: bytes of tensors; Lua's own values are not counted.
-- Errors: none.
function who.who()
  local list = setmetatable({}, List)
  each_variable(function(name, value)
    list[#list + 1] = {name = name, what = describe(value), bytes = (bytes_of(value))}
  end)
  return list
end

-- --- mem ---------------------------------------------------------------------------------

local Memory = {__name = "Memory"}

local kinds = {"parameters", "gradients", "buffers", "optimizer", "tensors", "results"}
local meaning = {
  parameters = "of modules, and tensors that require a gradient", gradients = "x.grad",
  buffers = "running statistics", optimizer = "momentum and the like", tensors = "in variables",
  results = "_, _2, _3",
  other = "the tape, temporaries, what the library holds",
}

function Memory:__tostring()
  local lines = {}
  local function add(name, bytes, remark)
    lines[#lines + 1] = ("%-12s%10s  %s"):format(name, paint.bytes(bytes), paint.dim(remark or "")):gsub("%s+$", "")
  end
  add("live", self.live, "tensors in use")
  for _, kind in ipairs(kinds) do
    if self[kind] > 0 then add("  " .. kind, self[kind], meaning[kind]) end
  end
  if self.other > 0 then add("  other", self.other, meaning.other) end
  add("cached", self.cached, "freed, kept to be used again; rm.trim_memory() gives it back")
  add("peak", self.peak, "the most in use so far")
  add("Lua", self.lua, "tables, strings, functions")
  return table.concat(lines, "\n")
end

--- Where memory went: tensors by kind, what is kept for reuse, the peak, and Lua's own.
--
--     > mem().gradients
--     1078888
--
-- Collects garbage first, so that only what is in use counts. Each storage is counted once, for the first
-- of the kinds parameters, gradients, buffers, optimizer, tensors and results (_, _2, _3) that it is
-- found as; `other` is the rest. The result prints as a table, and has the fields live, cached, peak, lua,
-- other and one for each kind.
--
-- Call: mem() -> table
-- Units: bytes.
-- Errors: none.
function who.mem()
  collectgarbage()
  collectgarbage()
  local stats = core.memory()
  local result = setmetatable({live = stats.live, cached = stats.cached, peak = stats.peak,
                               lua = math.floor(collectgarbage("count") * 1024)}, Memory)
  local found = {}
  for _, kind in ipairs(kinds) do
    result[kind], found[kind] = 0, {}
  end
  local seen = outside()
  local function visit(kind, tensor)
    local id, bytes = core.storage(tensor)
    found[kind][id] = bytes
  end
  local environment = each_variable(function(_, value) walk(value, "tensors", visit, seen) end)
  for _, name in ipairs {"_", "_2", "_3"} do walk(rawget(environment, name), "results", visit, seen) end
  local counted, sum = {}, 0
  for _, kind in ipairs(kinds) do
    for id, bytes in next, found[kind] do
      if not counted[id] then
        counted[id] = true
        result[kind], sum = result[kind] + bytes, sum + bytes
      end
    end
  end
  result.other = math.max(0, result.live - sum)
  return result
end

return who
