--- What can be found out about a network without looking at its code.
local core = require "resmoon.core"

local facts = {}

--- The number of numbers in its parameters.
function facts.parameters(net)
  local n = 0
  for _, p in ipairs(net:parameters()) do n = n + p:numel() end
  return n
end

--- The weights of convolutions and linear layers, in order.
function facts.weights(net)
  local list = {}
  for _, p in ipairs(net:parameters()) do
    if p:dim() >= 2 then list[#list + 1] = p end
  end
  return list
end

--- "8x3x3x3".
function facts.shape(t) return table.concat(t.shape, "x") end

--- The shapes of these tensors, sorted: which layers there are, in whatever order they were made.
function facts.shapes(list)
  local shapes = {}
  for i, t in ipairs(list) do shapes[i] = facts.shape(t) end
  table.sort(shapes)
  return table.concat(shapes, " ")
end

--- Whether two tensors have the same shape, and nearly the same numbers.
function facts.close(a, b, tolerance)
  if not core.is_tensor(a) or not core.is_tensor(b) or facts.shape(a) ~= facts.shape(b) then return false end
  if a:numel() == 0 then return true end
  local scale = math.max(1, b:detach():float():abs():max():item())
  return (a:detach():float() - b:detach():float()):abs():max():item() <= (tolerance or 1e-4) * scale
end

--- Sets parameters to a number; which(p) chooses, without it all.
function facts.fill(net, value, which)
  core.no_grad(function()
    for _, p in ipairs(net:parameters()) do
      if not which or which(p) then p:fill_(value) end
    end
  end)
end

--- Names of the weights that a loss of net(x) gives no gradient.
function facts.unreached(net, x)
  local y = net(x)
  net:zero_grad()
  local loss = (y * core.randn(table.unpack(y.shape))):sum()
  if not loss.requires_grad then return {"all"} end
  loss:backward()
  local names = {}
  for name, p in net:named_parameters() do
    if p:dim() >= 2 and not (p.grad and p.grad:abs():max():item() > 0) then names[#names + 1] = name end
  end
  net:zero_grad()
  return names
end

--- Whether f(x) is a linear function of x and a constant, which no network with an activation is.
function facts.is_linear(f, shape)
  local a, b, zero = core.randn(table.unpack(shape)), core.randn(table.unpack(shape)), core.zeros(table.unpack(shape))
  return facts.close(3 * f(a) - 2 * f(b), f(3 * a - 2 * b), 1e-3) and facts.close(f(a) + f(-a), 2 * f(zero), 1e-3)
end

return facts
