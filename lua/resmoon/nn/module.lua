--- What every network and block is made of: parameters, buffers, children, train and eval mode.
--
--     local Block = class("Block", nn.Module)
--     function Block:init(n) self.fc = nn.Linear(n, n) end
--     function Block:forward(x) return x + self.fc(x):relu() end
--     y = Block(8)(rm.randn(4, 8))
--
-- Assigning a module or a layer of the core to a field makes it a child, assigning a tensor
-- that requires a gradient makes it a parameter; both keep their order of assignment, which is
-- the order of parameters() and of checkpoints. Names are joined by dots; positions of a
-- Sequential count from 1 in Lua (`net.layer1[1]`) and, as in PyTorch's files, from 0 in names
-- ("layer1.0.conv1.weight").
-- A layer of the core (Conv2d, ...) is a userdata that answers the same methods: nn/protocol.lua has them for both.
--
-- Call: nn.Module
-- Call: nn.class(name, nn.Module) -> class
-- Shapes: as forward takes and gives them; batches of images are (N, C, H, W).
-- Errors: raised inside a module say where: "at resnet20.layer2[1].conv1". A plain table of modules, a module inside
--  itself and a computed tensor in the place of a parameter are refused, when they are assigned or when parameters are
--  next asked for. A module that shall be no part of the network (a teacher) is kept by a local variable or a function.
-- Example:
--   > nn.Module.label(models.resnet20())
--   resnet20
local check    = require "resmoon.base.check"
local class    = require "resmoon.base.class"
local fail     = require "resmoon.base.fail"
local is       = require "resmoon.base.is"
local hooks    = require "resmoon.nn.hooks"
local kind     = require "resmoon.nn.kind"
local path     = require "resmoon.nn.path"
local protocol = require "resmoon.nn.protocol"
local shown    = require "resmoon.base.shown"
local surgery  = require "resmoon.nn.surgery"

require "resmoon.nn.state"
require "resmoon.nn.clone"
require "resmoon.nn.freeze"
require "resmoon.nn.hash"

for name, method in pairs(hooks) do protocol.methods[name] = method end
protocol.methods.get_submodule = surgery.get_submodule

local Module = class("Module")

protocol.give(Module)
for name, method in pairs(surgery) do Module[name] = method end  -- replace, insert, remove: parts that layers have not

Module.training = true

--- Whether v is a Lua module or a layer of the core.
-- Call: nn.Module.is_module(v) -> boolean
-- Errors: none.
-- Example:
--   > nn.Module.is_module(nn.ReLU()), nn.Module.is_module {}
--   true  false
Module.is_module = kind.is_module

--- "BasicBlock", "Conv2d": the class of a module, the type of a layer.
-- Call: nn.Module.type_of(module) -> string
-- Errors: raises for what is not a module.
-- Example:
--   > nn.Module.type_of(nn.ReLU()), nn.Module.type_of(models.mlp())
--   ReLU  MLP
function Module.type_of(module)
  check("nn.Module.type_of(module: module)", module)
  return kind.type_of(module)
end

--- What a message calls a module: the name that its builder gave it ("resnet18"), or its class.
-- Call: nn.Module.label(module) -> string
-- Errors: raises for what is not a module.
-- Example:
--   > nn.Module.label(models.resnet20())
--   resnet20
function Module.label(module)
  check("nn.Module.label(module: module)", module)
  return kind.label(module)
end

-- --- fields -----------------------------------------------------------------------------

-- `_order` lists the fields as they were first assigned; `_kinds[key]` is "parameter" or "buffer" for tensors that are,
-- or were when somebody last asked, true for all other fields.
local function register(self, key, role)
  local order, kinds = rawget(self, "_order"), rawget(self, "_kinds")
  if not order then
    order, kinds = {}, {}
    rawset(self, "_order", order)
    rawset(self, "_kinds", kinds)
  end
  if not kinds[key] then order[#order + 1] = key end
  kinds[key] = role
end

-- Called for fields that are not there yet; of others nn/protocol.lua asks later what stands in them.
function Module:__newindex(key, value)
  if type(value) == "table" then protocol.check_field(self, key, value) end
  register(self, key, is.tensor(value) and protocol.is_parameter(value) and "parameter" or true)
  rawset(self, key, value)
end

--- A tensor that is saved with the module but not trained.
-- Call: net:register_buffer(name, tensor) -> nothing
-- Shapes: any; the tensor is net[name].
-- Errors: raises unless it is a tensor.
-- Example:
--   > net = nn.Sequential {}
--   > net:register_buffer("seen", rm.zeros(1))
--   > net:state_dict()
--   {"seen", seen = [0.]  float32 (1)}
function Module:register_buffer(name, tensor)
  protocol.called_on(self, "register_buffer")
  check("register_buffer(name: string|whole)", name)
  if not is.tensor(tensor) then
    fail("register_buffer: %s is %k, expected a tensor", name, tensor)
  end
  register(self, name, "buffer")
  rawset(self, name, tensor)
end

--- A parameter, whether or not it requires a gradient now.
-- A tensor that requires a gradient becomes one by plain assignment, net.scale = tensor.
-- Call: net:register_parameter(name, tensor) -> nothing
-- Shapes: any; the tensor is net[name].
-- Errors: raises unless it is a leaf tensor.
-- Example:
--   > net = nn.Sequential {}
--   > net:register_parameter("scale", rm.ones(1))
--   > #net:parameters()
--   1
function Module:register_parameter(name, tensor)
  protocol.called_on(self, "register_parameter")
  check("register_parameter(name: string|whole)", name)
  if not is.tensor(tensor) or not tensor.is_leaf then
    fail("register_parameter: %s is %s, expected a leaf tensor", name,
      is.tensor(tensor) and "computed" or "a " .. type(tensor))
  end
  register(self, name, "parameter")
  rawset(self, name, tensor)
end

-- --- calling ----------------------------------------------------------------------------

--- What the module computes; a class defines it, and users call the module itself.
-- Call: net:forward(...) -> anything
-- Call: net(...) -> anything
-- Shapes: as the class says.
-- Errors: raises where the class has none. Hooks run when the module itself is called, not for net:forward(x).
-- Example:
--   > nn.ReLU()(rm.tensor {-1, 1})
--   [0., 1.]  float32 (2)
function Module:forward(...)  -- luacheck: ignore 212
  fail("%s has no forward(x)", getmetatable(self).__name)
end

local function results(...) return ... end

-- While forward runs this call stays on the stack, where path.lua finds it: no tail call.
function Module:__call(...)
  local hooked = rawget(self, "_hooks")
  if hooked then return results(hooked.run(self, ...)) end
  return results(self:forward(...))
end

path.watch(Module.__call)

-- --- looking ----------------------------------------------------------------------------

--- What stands behind the class name in the printed tree; classes override it.
-- Call: net:describe() -> string
-- Errors: none.
-- Example:
--   > nn.BasicBlock(8, 8, {shortcut = "none"}):describe()
--    (plain)
function Module:describe() return "" end

local function tree(module, indent, lines)
  for key, child in module:each_child() do
    local label = indent .. (math.type(key) and ("[%d]"):format(key) or key) .. ": "
    if is.layer(child) then
      lines[#lines + 1] = label .. tostring(child)
    else
      lines[#lines + 1] = label .. Module.type_of(child) .. child:describe()
      tree(child, indent .. "  ", lines)
    end
  end
  return lines
end

function Module:__tostring()
  local name, title = rawget(self, "name"), Module.type_of(self) .. self:describe()
  return table.concat(tree(self, "  ", {name and name .. ": " .. title or title}), "\n")
end

-- Its name, unless its class prints it in a way of its own.
function shown.module(value)
  if not Module.is_module(value) then return nil end
  if is.layer(value) then return tostring(value) end
  return getmetatable(value).__tostring == Module.__tostring and Module.label(value) or nil
end

return Module
