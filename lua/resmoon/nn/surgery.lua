--- Changing a living network: parts found, replaced, inserted and removed by path.
--
--     net:replace("layer1.0.conv2", nn.Conv2d(16, 16, 5, {padding = 2, bias = false}))
--     net:insert("layer1.1", nn.Dropout(0.1))          -- in front of what was layer1.1
--     net:insert("conv1", nn.Tanh(), "after")
--     net:remove("layer3.2")
--     optimizer:follow(net)                            -- train.Trainer does it by itself
--
-- A path is written as in checkpoints, where positions count from 0 ("layer1.0.conv2"), or as Lua says it and as
-- printed networks and errors do, from 1 ("layer1[1].conv2"). Both mean net.layer1[1].conv2.
--
-- In a Sequential the modules behind an inserted or removed one move by a place, and their names with
-- them. Where a module is a field that forward calls by name (conv1), it cannot be given neighbors: the field then
-- becomes a Sequential of both ("conv1.0" and "conv1.1"); and what is removed leaves an Identity.
-- What comes in takes over the mode (train or eval) of what it stands in.
local core = require "resmoon.core"
local fail = require "resmoon.base.fail"
local hint = require "resmoon.base.hint"
local kind = require "resmoon.nn.kind"
local protocol = require "resmoon.nn.protocol"

local surgery = {}

local function is_list(module) return type(module) == "table" and rawlen(module) > 0 end

-- "layer1.0.conv2" or "layer1[1].conv2" -> {"layer1", 1, "conv2"}: keys as Lua has them.
local function keys_of(op, text)
  if type(text) ~= "string" then
    fail("%s: the path is %k, expected a string like \"layer1.0.conv2\"", op, text)
  end
  local keys = {}
  local plain = text:gsub("%[(%d+)%]", function(n) return "." .. math.tointeger(tonumber(n)) - 1 end):gsub("^%.", "")
  for part in (plain .. "."):gmatch "(.-)%." do
    if part == "" then fail("%s: '%s' is not a path like \"layer1.0.conv2\"", op, text) end
    local n = part:find "^%d+$" and math.tointeger(tonumber(part))
    keys[#keys + 1] = n and n + 1 or part
  end
  return keys
end

local function names(module)
  local list = {}
  for name in module:named_children() do list[#list + 1] = name end
  return list
end

local function label(net, path) return path == "" and kind.label(net) or path end

-- Raises: `module`, which stands at `path`, has no child `key`.
local function no_child(op, net, path, module, key)
  local all, name = names(module), type(key) == "number" and tostring(key - 1) or key
  if #all == 0 then fail("%s: %s is a %s, which has no parts", op, label(net, path), kind.type_of(module)) end
  fail("%s: %s has no '%s'%s; it has %s%s", op, label(net, path), name,
    type(key) == "string" and hint(name, all) or "", table.concat(all, ", ", 1, math.min(#all, 12)),
    #all > 12 and ", ..." or "")
end

-- The child at `key` that is there now, whatever a Sequential holds at its places (functions as well).
local function child_at(module, key)
  if type(module) ~= "table" then return nil end
  local child = rawget(module, key)
  if kind.is_module(child) or (type(key) == "number" and type(child) == "function") then return child end
end

-- Walks to the last step: parent, key, and the parent's path in words. `key` may be missing in the parent.
local function locate(op, net, path)
  local keys, parent, at = keys_of(op, path), net, ""
  for i = 1, #keys - 1 do
    local child = child_at(parent, keys[i])
    if not kind.is_module(child) then no_child(op, net, at, parent, keys[i]) end
    at = (at == "" and "" or at .. ".") .. (type(keys[i]) == "number" and keys[i] - 1 or keys[i])
    parent = child
  end
  return parent, keys[#keys], at
end

local function must_be_there(op, net, path)
  local parent, key, at = locate(op, net, path)
  local child = child_at(parent, key)
  if child == nil then no_child(op, net, at, parent, key) end
  return parent, key, child
end

local function check_new(op, layer, parent, in_list)
  if not kind.is_module(layer) and not (in_list and type(layer) == "function") then
    fail("%s: expected a module or layer, got %k", op, layer)
  end
  if kind.is_module(layer) then
    for _, inner in layer:named_modules() do
      if inner == parent then fail("%s: the module that would come in holds the place where it would stand", op) end
    end
    layer:train(parent.training)
  end
end

--- The module or layer at a path.
--
-- "layer1.0.conv2" as in checkpoints, where positions count from 0, or "layer1[1].conv2" as in Lua; "" is net
-- itself.
--
-- Call: net:get_submodule(path) -> module
-- Errors: raises where the path leads nowhere, and says what is there.
-- Example:
--   > net = models.resnet20()
--   > net:get_submodule("layer1.0.conv2") == net.layer1[1].conv2
--   true
function surgery:get_submodule(path)
  protocol.called_on(self, "get_submodule")
  if path == "" then return self end
  local _, _, child = must_be_there("get_submodule", self, path)
  return child
end

--- Puts another layer in the place of the one at a path.
--
-- The shapes must fit when the network is called next. The new one takes over the mode (train or eval) of what it
-- stands in; the old one's hooks go with it. Then optimizer:follow(net); train.Trainer does that by itself.
--
-- Call: net:replace(path, layer) -> old layer
-- Shapes: must fit when the network is called next.
-- Errors: raises where the path leads nowhere, and where `layer` is not a module; nothing is changed then.
-- Example:
--   > net = nn.Sequential {nn.Linear(2, 3), nn.ReLU()}
--   > net:replace("1", nn.Tanh())
--   ReLU()
function surgery:replace(path, layer)
  local parent, key, old = must_be_there("replace", self, path)
  check_new("replace", layer, parent, type(key) == "number")
  rawset(parent, key, layer)
  return old
end

--- Puts one more layer "before" (the default) or "after" the one at a path.
--
-- In a Sequential those behind it move on by a place; position n of n modules (from 0) appends. A module that is
-- a field of a network becomes a Sequential of both, and its names in checkpoints get a position ("conv1.0.weight").
--
-- Call: net:insert(path, layer, where = "before") -> net
-- Errors: raises where the path leads nowhere, and where `layer` is not a module; nothing is changed then.
-- Example:
--   > net = nn.Sequential {nn.Linear(2, 3), nn.Linear(3, 2)}
--   > net:insert("0", nn.ReLU(), "after")[2]
--   ReLU()
function surgery:insert(path, layer, where)
  where = where or "before"
  if where ~= "before" and where ~= "after" then
    fail("insert: the third argument is %s, expected \"before\" or \"after\"", where)
  end
  local parent, key, at = locate("insert", self, path)
  local old = child_at(parent, key)
  local in_list = type(key) == "number"
  if old == nil and not (in_list and where == "before" and is_list(parent) and key == rawlen(parent) + 1) then
    no_child("insert", self, at, parent, key)
  end
  check_new("insert", layer, parent, in_list)
  if not in_list then
    -- late: a Sequential is a Module, whose methods these are.
    local both = require "resmoon.nn.sequential" (where == "before" and {layer, old} or {old, layer})
    both:train(parent.training)
    rawset(parent, key, both)
    return self
  end
  if where == "after" then key = key + 1 end
  local last = rawlen(parent)
  parent[last + 1] = last >= key and rawget(parent, last) or layer  -- this one makes the new place known
  for i = last, key + 1, -1 do rawset(parent, i, rawget(parent, i - 1)) end
  rawset(parent, key, layer)
  return self
end

--- Takes away the layer at a path.
--
-- In a Sequential those behind it move up. A field of a network gets an Identity, which returns what it is given.
--
-- Call: net:remove(path) -> old layer
-- Shapes: must fit when the network is called next.
-- Errors: raises where the path leads nowhere.
-- Example:
--   > net = nn.Sequential {nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 2)}
--   > net:remove("1")
--   ReLU()
--   > #net
--   2
function surgery:remove(path)
  local parent, key, old = must_be_there("remove", self, path)
  if type(key) == "number" then
    local last = rawlen(parent)
    for i = key, last - 1 do rawset(parent, i, rawget(parent, i + 1)) end
    rawset(parent, last, nil)
  else
    rawset(parent, key, core.Identity())
  end
  return old
end

return surgery
