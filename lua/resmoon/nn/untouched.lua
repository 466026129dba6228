--- Looking at a network without changing it.
--
--     untouched(net, function() net(x) end)
--
-- Runs f and puts back what a forward changes besides its result: running statistics, and the generator that
-- dropout draws from; and the mode (train or eval) of every module. Also after an error, which goes on.
local core = require "resmoon.core"

return function(net, f)
  local modes, buffers = {}, {}
  for _, module in net:named_modules() do modes[#modes + 1] = {module, module.training} end
  for _, buffer in net:named_buffers() do buffers[#buffers + 1] = {buffer, buffer:clone()} end
  local dropout = core.random.dropout:get_state()
  local _ <close> = setmetatable({}, {__close = function()
    for _, was in ipairs(modes) do
      if type(was[1]) == "table" then rawset(was[1], "training", was[2]) else was[1]:train(was[2]) end
    end
    core.no_grad(function()
      -- Only what moved: a write would make backward refuse a buffer that it needs.
      for _, was in ipairs(buffers) do
        if was[1]:ne(was[2]):any():item() ~= 0 then was[1]:copy_(was[2]) end
      end
    end)
    core.random.dropout:set_state(dropout)
  end})
  return f()
end
