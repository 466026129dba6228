--- Parameters and buffers by name: what checkpoints hold. Methods of modules and layers (nn/protocol.lua).
local options_of = require "resmoon.base.options"
local check    = require "resmoon.base.check"
local core     = require "resmoon.core"
local fail     = require "resmoon.base.fail"
local is       = require "resmoon.base.is"
local kind     = require "resmoon.nn.kind"
local protocol = require "resmoon.nn.protocol"
local shown    = require "resmoon.base.shown"

local methods = protocol.methods

--- All parameters and buffers: the list of their names in order, and the tensors by name.
-- The tensors share memory with the module; rm.save takes the table as it is.
-- Call: net:state_dict(prefix = "") -> table
-- Shapes: those of the parameters and buffers.
-- Errors: none.
-- Example:
--   > net = nn.Linear(2, 1)
--   > rm.save("fc.safetensors", net:state_dict())
--   > net:state_dict()[1], net:state_dict().weight.shape
--   weight  {1, 2}
function methods:state_dict(prefix)
  protocol.called_on(self, "state_dict")
  check("state_dict(prefix: string?)", prefix)
  local state = {}
  protocol.each_tensor(self, prefix or "", function(name, tensor)
    state[#state + 1] = name
    state[name] = tensor:detach()
  end)
  return shown.mark(state)
end

--- Copies tensors by name out of a state_dict, or of what rm.load returns.
-- options.strict (true): every name must be on both sides. Otherwise returns the lists of
-- missing and of unexpected names.
-- Errors: raises before anything is copied, naming all that does not fit.
-- Call: net:load_state_dict(state, {strict = true}) -> missing, unexpected
-- Shapes: of each name the same on both sides, and the same type.
-- Example:
--   > a, b = nn.Linear(2, 1), nn.Linear(2, 1)
--   > b:load_state_dict(a:state_dict())
--   {}  {}
--   > a.weight:eq(b.weight):all():item()
--   1
function methods:load_state_dict(state, options)
  protocol.called_on(self, "load_state_dict")
  if type(state) ~= "table" then
    fail("load_state_dict: expected a table of tensors by name, got a %s", is.tensor(state) and "tensor" or type(state))
  end
  local strict = options_of("load_state_dict", options, {"strict"}).strict ~= false
  local missing, unexpected, wrong, copies = {}, {}, {}, {}
  local known = {}
  protocol.each_tensor(self, "", function(name, own)
    known[name] = true
    local given = state[name]
    if given == nil then missing[#missing + 1] = name return end
    if not is.tensor(given) then fail("load_state_dict: %s is %s, expected a tensor", name, check.shown(given)) end
    local a, b = table.concat(own.shape, ", "), table.concat(given.shape, ", ")
    if a ~= b or own.dtype ~= given.dtype then
      wrong[#wrong + 1] = ("%s is %s (%s), expected %s (%s)"):format(name, given.dtype, b, own.dtype, a)
    end
    copies[#copies + 1] = {own, given}
  end)
  for name in pairs(state) do
    if type(name) == "string" and not known[name] then unexpected[#unexpected + 1] = name end
  end
  table.sort(unexpected)
  local problems = {}
  local function report(title, names)
    if #names == 0 then return end
    local more = #names > 8 and (", and %d more"):format(#names - 8) or ""
    problems[#problems + 1] = ("  %s: %s%s"):format(title, table.concat(names, ", ", 1, math.min(8, #names)), more)
  end
  report("do not fit", wrong)
  if strict then
    report("missing", missing)
    report("unexpected", unexpected)
  end
  if #problems > 0 then
    fail("load_state_dict: %s\n%s", kind.label(self), table.concat(problems, "\n"))
  end
  core.no_grad(core.copy_all, copies)
  return shown.mark(missing), shown.mark(unexpected)
end

return methods
