--- What modules are told apart by: a module is a Lua object of class Module, or a layer of the C core.
--
-- These stand apart from Module itself, so that what Module is made of (hooks, surgery, summaries) can ask too. Module
-- gives them to users: nn.Module.is_module, type_of, label.
local check = require "resmoon.base.check"
local is    = require "resmoon.base.is"

local kind = {}

--- The field by which the class Module marks itself; classes inherit fields that begin with two underscores.
kind.MARK = "__is_module"

function kind.is_module(v)
  if is.layer(v) then return true end
  local class = type(v) == "table" and getmetatable(v)
  return type(class) == "table" and rawget(class, kind.MARK) == true
end

check.kind("module", "a module", kind.is_module)

--- Whether v is a class of modules.
function kind.is_class(v) return type(v) == "table" and rawget(v, kind.MARK) == true end

function kind.type_of(module) return is.layer(module) and module.type or getmetatable(module).__name end

function kind.label(module)
  return type(module) == "table" and rawget(module, "name") or kind.type_of(module)
end

local held = setmetatable({}, {__mode = "k"})

--- Modules that stay in evaluation mode, whatever train says: frozen batch norms (nn/freeze.lua).
function kind.is_held(module) return held[module] == true end
function kind.hold(module, hold) held[module] = hold or nil end

return kind
