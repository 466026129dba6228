--- The running statistics of batch norms, taken anew from images for the weights as they are.
local core   = require "resmoon.core"
local Module = require "resmoon.nn.module"

local running = {}

--- Has each batch norm of the network take mean and variance of these images, all batches weighing alike. Everything
-- else stays in evaluation mode.
-- Source: as torch.optim.swa_utils.update_bn does; Izmailov et al. 2018, "Averaging Weights Leads to Wider Optima and
-- Better Generalization", section 3.2.
function running.recompute(net, images)
  local norms = {}
  net:eval()
  for _, module in net:named_modules() do
    local kind = Module.type_of(module)
    if kind == "BatchNorm2d" or kind == "BatchNorm1d" then
      norms[#norms + 1] = {module = module, momentum = module.momentum}
      module.training = true
    end
  end
  if #norms == 0 then return end
  local k = 0
  core.no_grad(function()
    for x in images:epoch() do
      k = k + 1
      for _, norm in ipairs(norms) do norm.module.momentum = 1 / k end
      local _ = net(x) + 0   -- a result that nobody looks at is not computed
    end
  end)
  for _, norm in ipairs(norms) do norm.module.momentum, norm.module.training = norm.momentum, false end
end

return running
