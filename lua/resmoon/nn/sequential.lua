--- A list of modules, each fed with what the one before returned.
--
--     net = nn.Sequential {nn.Linear(784, 100), nn.ReLU(), nn.Linear(100, 10)}
--     net[1], net[-1], #net; net:append(nn.Softmax())
--     for i, m in ipairs(net) do ... end
--
-- A plain function may stand where a module may; it is called, and has nothing to save.
--
-- Call: nn.Sequential {modules} -> module
-- Call: seq[i] -> module
-- Shapes: what the first module takes; what the last one gives.
-- Errors: raises for an element that is neither module nor function, where it is put in or, in the place of another
--   one, when the list is called; and for one that would leave a gap.
-- Example:
--   > net = nn.Sequential {nn.Flatten(), nn.Linear(12, 5), nn.Linear(5, 2)}
--   > net(rm.zeros(8, 3, 2, 2)).shape, #net
--   {8, 2}  3
--   > net[-1]
--   Linear(5, 2)  weight (2, 5), bias (2)
local class  = require "resmoon.base.class"
local fail   = require "resmoon.base.fail"
local kind   = require "resmoon.nn.kind"
local lists  = require "resmoon.base.list"
local Module = require "resmoon.nn.module"

local Sequential = class("Sequential", Module)

--- modules: one table of them.
function Sequential:init(modules, ...)   -- so that what is written as in PyTorch is answered below
  if modules == nil then return end
  if type(modules) ~= "table" or Module.is(modules) then
    fail("Sequential: expected a table of modules, got %k", modules)
  end
  if select("#", ...) > 0 then fail("Sequential: argument 2, %k, is one too many: one table has all modules", (...)) end
  lists.check(getmetatable(self).__name, modules, "modules")
  for i = 1, #modules do self:append(modules[i]) end
end

--- Adds a module at the end. Returns the Sequential.
-- Call: seq:append(module) -> seq
-- Errors: raises for what is neither module nor function.
-- Example:
--   > #nn.Sequential {nn.ReLU()}:append(nn.Flatten())
--   2
function Sequential:append(module)
  if not Sequential.is(self) then
    fail("append: expected a Sequential; it is called with a colon: net:append(layer)")
  end
  self[rawlen(self) + 1] = module
  return self
end

local function check_element(self, i, element)
  if type(element) ~= "function" and not kind.is_module(element) then
    fail("%s: element %d is %k, expected a module or function", kind.label(self), i, element)
  end
end

-- Elements that were checked: a call of a network asks for each.
local checked = setmetatable({}, {__mode = "k"})

function Sequential:__newindex(key, value)
  if math.type(key) == "integer" then
    check_element(self, key, value)
    if key ~= rawlen(self) + 1 then
      fail("%s: there is no place %d yet: the next one is %d", kind.label(self), key, rawlen(self) + 1)
    end
  end
  Module.__newindex(self, key, value)
end

function Sequential:__index(key)
  if math.type(key) == "integer" then return rawget(self, key < 0 and rawlen(self) + 1 + key or key) end
  return getmetatable(self)[key]
end

function Sequential:__len() return rawlen(self) end

function Sequential:forward(x)
  for i = 1, rawlen(self) do
    local element = rawget(self, i)
    if not checked[element] then
      check_element(self, i, element)
      checked[element] = true
    end
    x = element(x)
  end
  return x
end

return Sequential
