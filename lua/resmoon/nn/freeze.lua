--- Parts of a network that are not trained: net:freeze("conv1", "layer1"), and net:unfreeze.
local check   = require "resmoon.base.check"
local fail    = require "resmoon.base.fail"
local hint    = require "resmoon.base.hint"
local shown = require "resmoon.base.shown"
local kind    = require "resmoon.nn.kind"
local options_of = require "resmoon.base.options"
local protocol = require "resmoon.nn.protocol"

local methods = protocol.methods

-- "layer1[1].conv2" as checkpoints have it: "layer1.0.conv2".
local function plain(path)
  return (path:gsub("%[(%d+)%]", function(n) return "." .. math.tointeger(tonumber(n)) - 1 end):gsub("^%.", ""))
end

-- A path with * for any letters but dots, as a pattern of Lua.
local function pattern_of(path)
  return "^" .. plain(path):gsub("[%^%$%(%)%%%.%[%]%+%-%?]", "%%%0"):gsub("%*", "[^.]*") .. "$"
end

-- Modules and parameters below net, by name: {{name =, module =} or {name =, tensor =}}, and the names in a list.
local function parts(net)
  local list, names = {}, {}
  for name, module in net:named_modules() do
    name = tostring(name)
    if name ~= "" then list[#list + 1], names[#names + 1] = {name = name, module = module}, name end
  end
  for name, tensor in net:named_parameters() do
    list[#list + 1], names[#names + 1] = {name = tostring(name), tensor = tensor}, tostring(name)
  end
  return list, names
end

-- What the paths mean: modules and single parameters. Raises for a path that leads nowhere.
local function chosen(op, net, paths)
  if #paths == 0 then return {{name = "", module = net}} end
  local list, names = parts(net)
  local found = {}
  for _, path in ipairs(paths) do
    if type(path) ~= "string" then fail("%s: a path is %k, expected a string like \"layer1.0\"", op, path) end
    local pattern, any = pattern_of(path), false
    for _, each in ipairs(list) do
      if each.name:find(pattern) then found[#found + 1], any = each, true end
    end
    if not any then
      local children = {}
      for name in net:named_children() do children[#children + 1] = name end
      local near = hint(plain(path), names)
      fail("%s: %s has no '%s'%s it has %s%s", op, kind.label(net), path, near == "" and ";" or near,
           table.concat(children, ", ", 1, math.min(#children, 12)), #children > 12 and ", ..." or "")
    end
  end
  return found
end

local function is_batch_norm(module) return kind.type_of(module):find "^BatchNorm" ~= nil end

-- Arguments of freeze and unfreeze: paths, or a list of them, and options at the end.
local function arguments(op, ...)
  local paths, options = {}, nil
  for i = 1, select("#", ...) do
    local given = select(i, ...)
    if type(given) == "table" and given[1] ~= nil then
      for _, path in ipairs(given) do paths[#paths + 1] = path end
    elseif type(given) == "table" and i == select("#", ...) then options = given
    else paths[#paths + 1] = given == nil and false or given end
  end
  return paths, options_of(op, options, {batchnorm = "boolean"})
end

local function set(op, net, trains, ...)
  protocol.called_on(net, op)
  local paths, options = arguments(op, ...)
  local found = chosen(op, net, paths)   -- raises before anything is changed
  for _, each in ipairs(found) do
    if each.tensor then each.tensor:requires_grad_(trains)
    else
      each.module:requires_grad_(trains)
      for _, module in each.module:named_modules() do
        if is_batch_norm(module) then
          local hold = not trains and options.batchnorm == true
          if trains and kind.is_held(module) then
            kind.hold(module, false)
            module:train(net.training)
          elseif hold then
            kind.hold(module, true)
            module:train(false)
          end
        end
      end
    end
  end
  return net
end

--- Has parts of the network stay as they are: their parameters require no gradient, and optimizers pass them over.
-- A path is written as in checkpoints ("layer1.0.conv2") or as in Lua ("layer1[1].conv2"), may name a single parameter
-- ("fc.weight"), and may have * for a part of a name ("layer*", "*.bn1"). Without a path all is meant.
--
-- The running statistics of a batch norm still move with each batch in training mode; with batchnorm = true they are
-- held as well: those batch norms stay in evaluation mode, whatever net:train() says, until they are unfrozen.
-- Checkpoints of training keep what is frozen; net:summary{...} says so.
--
--     net:freeze()                                  all
--     net:unfreeze "fc"                             but for the last layer
--     net:freeze("conv1", "bn1", "layer1", {batchnorm = true})
--
-- Call: net:freeze(path, ..., {batchnorm = false}) -> net
-- Call: net:unfreeze(path, ...) -> net
-- Errors: raises where a path leads nowhere, and names the nearest; nothing is changed then.
-- Example:
--   > net = models.resnet20():freeze("conv1", "layer*", {batchnorm = true})
--   > net.layer1[1].conv1.weight.requires_grad, net.fc.weight.requires_grad
--   false  true
--   > net:train().layer1[1].bn1.training, net.bn1.training
--   false  true
function methods:freeze(...) return set("freeze", self, false, ...) end

function methods:unfreeze(...) return set("unfreeze", self, true, ...) end

--- What is frozen of a network, by name, as checkpoints keep it: {parameters = names, held = names}; nil for nothing.
-- Call: net:frozen() -> {parameters =, held =} or nil
-- Errors: none.
-- Example:
--   > nn.Sequential {nn.Linear(2, 1)}:freeze("0.bias"):frozen().parameters
--   {"0.bias"}
function methods:frozen()
  protocol.called_on(self, "frozen")
  local parameters, held = {}, {}
  for name, p in self:named_parameters() do
    if not p.requires_grad then parameters[#parameters + 1] = name end
  end
  for name, module in self:named_modules() do
    if kind.is_held(module) then held[#held + 1] = name end
  end
  if #parameters + #held > 0 then return shown.mark {parameters = parameters, held = held} end
end

--- Freezes exactly what a list by net:frozen names (nil: nothing), and trains all else.
-- Call: net:set_frozen(frozen) -> net
-- Errors: raises for names that the network does not have.
-- Example:
--   > net = nn.Sequential {nn.Linear(2, 1)}:freeze()
--   > net:set_frozen(nil):frozen() == nil
--   true
function methods:set_frozen(frozen)
  protocol.called_on(self, "set_frozen")
  frozen = options_of("set_frozen", frozen, {parameters = "table", held = "table"})
  check("set_frozen(parameters: string[]?, held: string[]?)", frozen.parameters, frozen.held)
  local wanted = {}
  for _, part in ipairs {"parameters", "held"} do
    for _, name in ipairs(frozen[part] or {}) do wanted[name] = part end
  end
  local left, parameters, modules = {}, {}, {}
  for name in pairs(wanted) do left[name] = true end
  for name, p in self:named_parameters() do
    parameters[#parameters + 1] = {p, wanted[name] == "parameters"}
    left[name] = nil
  end
  for name, module in self:named_modules() do
    if is_batch_norm(module) then modules[#modules + 1] = {module, wanted[name] == "held"} end
    left[name] = nil
  end
  local unknown = next(left)
  if unknown then fail("set_frozen: %s has no '%s'", kind.label(self), unknown) end
  for _, each in ipairs(parameters) do each[1]:requires_grad_(not each[2]) end
  for _, each in ipairs(modules) do
    if kind.is_held(each[1]) ~= each[2] then
      kind.hold(each[1], each[2])
      each[1]:train(self.training)
    end
  end
  return self
end

return methods
