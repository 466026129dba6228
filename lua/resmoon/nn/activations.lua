--- Everything a network computes on the way to its result, by the path of the module that computed it.
local core   = require "resmoon.core"
local fail   = require "resmoon.base.fail"
local is     = require "resmoon.base.is"
local Module = require "resmoon.nn.module"
local options_of = require "resmoon.base.options"
local text       = require "resmoon.base.text"
local untouched  = require "resmoon.nn.untouched"

local Activations = {__name = "Activations"}

-- What printing needs of each result, apart from it, since its keys are the paths.
local about = setmetatable({}, {__mode = "k"})

local function shape_text(tensor) return "(" .. table.concat(tensor.shape, ", ") .. ")" end

-- "%.4g", and short for what is exactly zero or one.
local function number(v) return ("%.3g"):format(v) end

local function statistics(tensor)
  if tensor.dtype ~= "float32" or tensor:numel() == 0 then return "", "", "" end
  tensor = tensor:detach()
  local mean = tensor:mean():item()
  local std = math.sqrt(math.max(0, ((tensor - mean) * (tensor - mean)):mean():item()))
  local zeros = tensor:eq(0):float():mean():item()
  return number(mean), number(std), zeros > 0 and ("%.0f%%"):format(100 * zeros) or ""
end

function Activations:__tostring()
  local more = about[self]
  local lines = {{"path", "type", "shape", "mean", "std", "zeros"}}
  local gradients = next(self.grad) ~= nil
  if gradients then table.insert(lines[1], "grad std") end
  for _, path in ipairs(self) do
    local tensor = self[path]
    local line = {path, more.types[path], shape_text(tensor), statistics(tensor)}
    if gradients then
      local _, std = statistics(self.grad[path] or core.zeros(1))
      line[7] = self.grad[path] and std or "none"
    end
    lines[#lines + 1] = line
  end
  return ("%s on %s\n"):format(more.net, more.input) .. table.concat(text.columns(lines, {left = 3}), "\n")
end

--- What every module and layer of a network returns for x, by path, in the order it is computed.
--
-- The result is a table: acts[1], acts[2], ... are the paths, acts["layer1.0.conv2"] is a tensor;
-- printed, it is a list with shapes, mean, standard deviation and the share of zeros. A module that is
-- called twice has its second result at "path:2". With grad, a backward from y fills acts.grad, the
-- gradients by path. The network is as it was afterwards: running statistics, mode, generator.
--
-- Call: activations(net, x, {match = nil, grad = false}) -> acts, y
-- Shapes: x as net takes it; y as net returns it.
-- Options: match  a Lua pattern that paths must match, as in "^layer1%."
--          grad   true: results stay on the tape and their gradients are kept
-- Errors: raises where net is not a module or x does not fit it.
-- Example:
--   > net = nn.Sequential {nn.Linear(2, 3), nn.ReLU()}
--   > acts, y = activations(net, rm.ones(4, 2))
--   > acts[2], acts["1"].shape
--   1  {4, 3}
local function activations(net, x, options)
  if not Module.is_module(net) then fail("activations: argument 1 is %k, expected a module", net) end
  if not is.tensor(x) then fail("activations: argument 2 is %k, expected a tensor", x) end
  options = options_of("activations", options, {"match", "grad"})
  local acts, types = setmetatable({grad = {}}, Activations), {}
  about[acts] = {net = Module.label(net), input = shape_text(x), types = types}
  local paths, handles = {}, {}
  local function keep(module, _, y)
    local path = paths[module]
    if not is.tensor(y) then return end
    if rawget(acts, path) then
      local n = 2
      while rawget(acts, path .. ":" .. n) do n = n + 1 end
      path = path .. ":" .. n
    end
    acts[#acts + 1] = path
    acts[path], types[path] = y, Module.type_of(module)
    if options.grad and y.requires_grad then
      local grad = acts.grad  -- a hook that held `acts` would keep the results, and they the hook
      y:register_hook(function(gradient) grad[path] = gradient end)
    end
  end
  local _ <close> = setmetatable({}, {__close = function()
    for _, handle in ipairs(handles) do handle:remove() end
  end})
  for path, module in net:named_modules() do
    if module ~= net and (not options.match or path:find(options.match)) then
      paths[module] = path
      handles[#handles + 1] = module:register_forward_hook(keep)
    end
  end
  local y = untouched(net, function()
    return (options.grad and core.enable_grad or core.no_grad)(net, x)
  end)
  return acts, y
end

return activations
