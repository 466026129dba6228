--- A network's weights, moved in place along directions and put back bit for bit.
--
--     local weights <close> = Weights.hold(net)
--     weights:put(d1, 0.5, d2, -1)           -- theta + 0.5 d1 - d2
--
-- A direction is a list with a tensor, or false for zero, for each of weights.list. What no direction reaches is never
-- written. Closing puts back the parameters, the buffers, and the mode of each module.
local class = require "resmoon.base.class"
local core  = require "resmoon.core"
local held  = require "resmoon.base.held"

local Weights = class("Weights")

function Weights:init(net)
  self.net, self.list, self.buffers, self.modes = net, {}, {}, {}
  for name, p in net:named_parameters() do
    self.list[#self.list + 1] = {name = name, tensor = p:detach(), saved = p:detach():clone()}
  end
  for name, b in net:named_buffers() do
    self.buffers[#self.buffers + 1] = {name = name, tensor = b:detach(), saved = b:detach():clone()}
  end
  for _, module in net:named_modules() do self.modes[#self.modes + 1] = {module, module.training} end
end

--- The weights of a network, to be closed.
function Weights.hold(net) return Weights(net) end

--- theta + a d1 + b d2. Nothing of what was there before enters, so the bits are the same whatever was put before.
function Weights:put(d1, a, d2, b)
  for i, p in ipairs(self.list) do
    if d1[i] or d2[i] then
      p.tensor:copy_(p.saved)
      if d1[i] and a ~= 0 then p.tensor:add_(d1[i], a) end
      if d2[i] and b ~= 0 then p.tensor:add_(d2[i], b) end
    end
  end
end

--- Everything as it was when it was held.
function Weights:restore()
  local _ <close> = held()   -- all of it, whatever is pressed
  core.no_grad(function()
    for _, list in ipairs {self.list, self.buffers} do
      for _, each in ipairs(list) do each.tensor:copy_(each.saved) end
    end
  end)
  for _, mode in ipairs(self.modes) do
    local module, training = mode[1], mode[2]
    if type(module) == "table" then rawset(module, "training", training) else module.training = training end
  end
end

function Weights:__close() Weights.restore(self) end

return Weights
