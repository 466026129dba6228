--- The hash of weights: one SHA-256 over the names, types, shapes and bytes of all parameters and buffers.
local core     = require "resmoon.core"
local protocol = require "resmoon.nn.protocol"

local hash = {}

--- Of tensors by name, whatever their order: those of a state_dict, or of a checkpoint's net.
function hash.of(tensors)
  local names, sum = {}, core.sha256()
  for name in pairs(tensors) do
    if type(name) == "string" then names[#names + 1] = name end
  end
  table.sort(names)
  for _, name in ipairs(names) do
    local t = tensors[name]
    sum:update(("%s %s (%s)\n"):format(name, t.dtype, table.concat(t.shape, ", "))):update(t)
  end
  return sum:digest()
end

--- The hash of a network: SHA-256 over names, types, shapes and bytes of its parameters and buffers, in the order of
-- their names. Whoever gets the same hash has the same network, to the last bit; and the same version, seed, data and
-- settings give it, on any processor that fuses multiply-adds, with any number of threads (help "reproducibility").
-- Call: net:hash() -> string
-- Units: 64 hexadecimal digits. `resmoon hash` gives the same of a run or a file.
-- Errors: none.
-- Example:
--   > net, other = nn.Linear(2, 1), nn.Linear(2, 1)
--   > net:hash() == other:hash()
--   false
--   > other:load_state_dict(net:state_dict());
--   > net:hash() == other:hash()
--   true
function protocol.methods:hash()
  protocol.called_on(self, "hash")
  return hash.of(self:state_dict())
end

return hash
