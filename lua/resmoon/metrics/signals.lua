--- What happens to signals on their way through a network, and to the gradients on their way back.
--
-- Of each layer that has weights (Conv2d, Linear), in the order of the network: mean and standard deviation of what
-- arrives at it, the share of units (channels) of that which are dead, and the norm of the gradient of its weight. A
-- unit is dead if it is 0 for every image and everywhere; of what arrives at the first layer, the images, none is.
--
--     local signals <close> = Signals.watch(net)
--     net(x):cross_entropy(y):backward()
--     for _, layer in ipairs(signals:rows()) do print(layer.path, layer.std, layer.gradient) end
--
-- Only looked at, nothing is changed: the bits of a training are the same with it.
local class  = require "resmoon.base.class"
local core   = require "resmoon.core"
local Module = require "resmoon.nn.module"
local text   = require "resmoon.base.text"

local Signals = class("Signals")

local weighted = {Conv2d = true, Linear = true}

-- Adds what arrives at a layer to what arrived in earlier calls.
local function add(layer, x, first)
  x = x:detach()
  local n, mean = x:numel(), x:mean():item()
  local variance = x:var({unbiased = false}):item()
  layer.count = layer.count + n
  layer.sum, layer.squares = layer.sum + n * mean, layer.squares + n * (variance + mean * mean)
  if first or x:dim() < 2 then return end
  local others = {}
  for d = 1, x:dim() do
    if d ~= 2 then others[#others + 1] = d end
  end
  local most = x:abs():max(others)
  layer.most = layer.most and layer.most:maximum(most) or most
end

--- Begins to look at a network's calls, until it is closed.
function Signals.watch(net)
  local self = setmetatable({layers = {}, handles = {}}, Signals)
  for path, module in net:named_modules() do
    if weighted[Module.type_of(module)] then
      local layer = {path = path, module = module, count = 0, sum = 0, squares = 0}
      self.layers[#self.layers + 1] = layer
      local first = #self.layers == 1
      self.handles[#self.handles + 1] = module:register_forward_pre_hook(function(_, x)
        core.no_grad(function() add(layer, x, first) end)
      end)
    end
  end
  return self
end

function Signals:close()
  for _, handle in ipairs(self.handles) do handle:remove() end
  self.handles = {}
end

function Signals:__close() Signals.close(self) end

--- A list of {path =, mean =, std =, dead = share or NaN, gradient = norm or NaN}: gradients as they are now.
-- std is that of all numbers, divided by their count.
function Signals:rows()
  local rows = {}
  for i, layer in ipairs(self.layers) do
    local mean = layer.sum / layer.count
    local variance = math.max(0, layer.squares / layer.count - mean * mean)
    local row = {path = layer.path, mean = mean, std = math.sqrt(variance)}
    if layer.count == 0 then row.mean, row.std = text.NAN, text.NAN end
    row.dead = layer.most and layer.most:eq(0):float():mean():item() or text.NAN
    local gradient = layer.module.weight.grad
    row.gradient = gradient and gradient:norm():item() or text.NAN
    rows[i] = row
  end
  return rows
end

return Signals
