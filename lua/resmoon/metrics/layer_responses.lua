--- How strongly each layer answers: the standard deviation of the outputs of its batch norm.
--
-- The response of a 3x3 layer is what its batch norm returns, before relu and addition. In residual networks it is
-- smaller than in plain ones, and the smaller the deeper: each layer changes the signal less.
-- Source: He et al. 2016, arXiv:1512.03385, section 4.2, "Analysis of layer responses", and fig. 7.
local check  = require "resmoon.base.check"
local core   = require "resmoon.core"
local fail   = require "resmoon.base.fail"
local Module = require "resmoon.nn.module"
local pcall = require("resmoon.base.catch").pcall
local shown = require "resmoon.base.shown"

local function is(module, kind) return Module.is_module(module) and Module.type_of(module) == kind end

-- The batch norms behind 3x3 convolutions, in order, by path: a convolution's is the next one among its siblings.
local function pairs_of(net)
  local list = {}
  local function visit(module, path)
    local conv
    for key, child in module:each_child() do
      local name = math.type(key) and ("%s[%d]"):format(path, key) or path == "" and key or path .. "." .. key
      if is(child, "Conv2d") then conv = child.kernel_size == 3 and name or nil
      elseif is(child, "BatchNorm2d") and conv then
        list[#list + 1], conv = {path = conv, norm = child}, nil
      end
      visit(child, name)
    end
  end
  visit(net, "")
  return shown.mark(list)
end

--- How strongly each layer answers: the standard deviation of what the batch norm behind each 3x3 convolution gives.
-- The network is in evaluation mode meanwhile.
-- Call: metrics.responses(net, x) -> list of {path =, std =}
-- Shapes: x (N, C, H, W), normalized as in training.
-- Errors: raises where there is no such layer.
-- Source: He et al. 2016, arXiv:1512.03385, section 4.2, "Analysis of layer responses", and fig. 7.
-- Example:
--   > list = metrics.responses(models.resnet20(), rm.zeros(2, 3, 32, 32))
--   > #list, list[2].path
--   19  layer1[1].conv1
local function responses(net, x)
  check("metrics.responses(net: module, x: tensor)", net, x)
  local layers = pairs_of(net)
  if #layers == 0 then fail("responses: the network has no 3x3 convolution with a batch norm behind it") end
  local training, remove = net.training, {}
  for i, layer in ipairs(layers) do
    remove[i] = layer.norm:register_forward_hook(function(_, _, y) layer.std = y:std():item() end)
  end
  net:eval()
  local ok, message = pcall(core.no_grad, function() net(x) end)
  net:train(training)
  for _, handle in ipairs(remove) do
    if type(handle) == "function" then handle() else handle:remove() end
  end
  if not ok then error(message, 0) end
  local result = {}
  for i, layer in ipairs(layers) do result[i] = {path = layer.path, std = layer.std} end
  return shown.mark(result)
end

return responses
