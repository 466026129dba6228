--- From names and values to entries. Built when help is first asked; all of the library is loaded.
local lazy = require "resmoon.base.lazy"
local rm   = require "resmoon"
local read = require "resmoon.shell.help.read"

local help = lazy "resmoon.shell.help"  -- which requires this file

local index = {}

-- What the names in front stand for, where they are no part of rm.
local roots = {
  tensor    = function() return getmetatable(rm.empty(0)).methods end,
  generator = function() return rm.random.init end,
  schedule  = lazy "resmoon.optim.schedule.schedule",
  hash      = function() return getmetatable(rm.sha256()).__index end,
  lock      = function() return debug.getregistry()["resmoon.Lock"].__index end,
}

--- The value of "nn.Conv2d", "tensor.reshape", "rm.sys.list"; nil if there is none.
function index.resolve(name)
  local value
  for part in name:gmatch "[^.]+" do
    local before = value
    local ok, found = pcall(function()
      if before ~= nil then return before[part] end
      if part == "rm" then return rm end
      if roots[part] then return roots[part]() end
      local there, member = pcall(function() return rm[part] end)   -- raises for what is not there
      if not there then member = rawget(_G, part) end
      if member == nil and part == "help" then return help() end
      local meta = getmetatable(_G)  -- what the prompt has besides
      if member == nil and meta and meta.prompt and meta.prompt[part] then return meta.prompt[part]() end
      return member
    end)
    if not ok or found == nil then return nil end
    value = found
  end
  return value
end

local function build()
  local entries = read.all()
  local by_name, by_value, topics = {}, {}, {}
  for _, entry in ipairs(entries) do
    if entry.topic then topics[entry.topic] = entry end
    for _, name in ipairs(entry.names) do
      by_name[name] = by_name[name] or entry
      local value = index.resolve(name)
      local kind = type(value)
      if kind == "function" or kind == "table" or kind == "userdata" then
        by_value[value] = by_value[value] or entry
      end
    end
  end
  by_value[rm.layer_methods.forward] = by_name["nn.Module.forward"]  -- all other methods of layers are a module's own
  return {entries = entries, by_name = by_name, by_value = by_value, topics = topics}
end

local built

--- {entries = list, by_name = , by_value = , topics = by name}.
function index.get()
  built = built or build()
  return built
end

--- The entry of a value: of a function or class itself, of an object that of its class.
function index.of(value)
  local docs = index.get()
  local kind = type(value)
  if kind == "userdata" then
    local name = (getmetatable(value) or {}).__name
    if name == "resmoon.Tensor" then return docs.topics.tensors end
    if name == "resmoon.Layer" then return docs.by_name["nn." .. value.type] end
    if name == "resmoon.Generator" then return docs.by_name["rm.generator"] end
  end
  if kind ~= "function" and kind ~= "table" and kind ~= "userdata" then return nil end
  if docs.by_value[value] then return docs.by_value[value] end
  local class = kind == "table" and (rawget(value, "__name") and rawget(value, "super") or getmetatable(value))
  while type(class) == "table" do
    if docs.by_value[class] then return docs.by_value[class] end
    class = rawget(class, "super")
  end
  return nil
end

local function plain(name) return (name:lower():gsub("_", "")) end

--- All entries that a word may mean: the one of that full name, or those whose last part it is
-- (case and underscores count only if several differ by them).
function index.named(word)
  local docs = index.get()
  local name = read.name((word:gsub("%s*%(%s*%)%s*$", "")))
  local exact = docs.by_name[name] or docs.by_name["rm." .. name] or docs.by_name[(name:gsub("^rm%.", ""))]
  if exact then return {exact} end
  -- rm.conv2d and Sequential.parameters are other names of a documented value
  local value = name:find(".", 1, true) and index.resolve(name)
  if value and docs.by_value[value] then return {docs.by_value[value]} end
  local same, alike = {}, {}
  for _, entry in ipairs(docs.entries) do
    for _, full in ipairs(entry.names) do
      local last = full:match "[^.]+$"
      if last == name or full:sub(-#name - 1) == "." .. name then
        if same[#same] ~= entry then same[#same + 1] = entry end
      elseif plain(last) == plain(name) and alike[#alike] ~= entry then
        alike[#alike + 1] = entry
      end
    end
  end
  return #same > 0 and same or alike
end

--- The name nearest to a word that means nothing, or nil.
function index.nearest(word)
  local docs, names = index.get(), {}
  for name in pairs(docs.by_name) do
    names[#names + 1] = name
    names[#names + 1] = name:match "[^.]+$"
  end
  table.sort(names)
  return rm.nearest(word, names)
end

-- What functions take that stands in another entry.
local takes = {["train.run"] = "train.config"}

--- Lines that belong to an entry and are made from data, by the `__help` of what it is of: the settings of
-- train.config, which are rows of a table and no comment.
function index.made(entry)
  local value = entry.names[1] and index.resolve(takes[entry.names[1]] or entry.names[1])
  local meta = type(value) == "table" and getmetatable(value)
  return type(meta) == "table" and rawget(meta, "__help") and meta.__help() or {}
end

--- All entries with `word` in their names or text: those that have it in their name first.
function index.search(word)
  word = word:lower()
  local first, second = {}, {}
  for _, entry in ipairs(index.get().entries) do
    local names = table.concat(entry.names, " "):lower()
    if names:find(word, 1, true) then first[#first + 1] = entry
    else
      local text = table.concat(entry.calls, " ") .. " " .. table.concat(entry.body, " ") .. " "
                   .. table.concat(index.made(entry), " ")
      for _, lines in pairs(entry.tags) do text = text .. " " .. table.concat(lines, " ") end
      if text:lower():find(word, 1, true) then second[#second + 1] = entry end
    end
  end
  return table.move(second, 1, #second, #first + 1, first)
end

--- Other entries of the same name, such as nn.Conv2d for tensor.conv2d.
function index.related(entry)
  local wanted, names = {}, {}
  if entry.topic then return names end
  for _, name in ipairs(entry.names) do wanted[plain(name:match "[^.]+$")] = true end
  for _, other in ipairs(index.get().entries) do
    for _, name in ipairs(other.names) do
      if other ~= entry and wanted[plain(name:match "[^.]+$")] and #names < 6 then names[#names + 1] = name end
    end
  end
  return names
end

return index
