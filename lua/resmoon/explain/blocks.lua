--- The blocks of a network, and how one is taken out without changing the network: by hooks.
--
-- Of a residual network a block is what is added to a shortcut (tree.lua finds it, in any class). It is taken out by
-- giving zeros in the place of what its last layer returns: the shortcut alone goes on.
-- Of a network without shortcuts a block is a module of several layers that is no container (a plain
-- BasicBlock), or else a convolution with what follows it. It is taken out by giving its input back, which must have
-- the shape of its result.
--
-- A block is {path =, index =, kind = "residual" or "plain", from = shape, to = shape, stage = number of the size of
-- its result, module = the module that holds it all, or nil, hooks = {{module, "zero" or "same"}, ...}, enter = modules
-- in which the branch begins, or nil, why = nil or the reason for which it cannot be taken out}.
local core  = require "resmoon.core"
local fail  = require "resmoon.base.fail"
local kind  = require "resmoon.nn.kind"
local tree  = require "resmoon.explain.tree"
local untouched = require "resmoon.nn.untouched"

local blocks = {}

-- Operations that give zeros for zeros.
local KEEPS_ZERO = {relu = true, tanh = true, mul = true, alias = true, gelu = true, silu = true, neg = true,
                    leaky_relu = true, elu = true, relu6 = true, dropout = true, div = true}

local function last_units(row)
  local item = row[#row]
  return item and item.box and item.box.units
end

-- How often each module is called.
local function calls(graph)
  local n = {}
  for _, unit in ipairs(graph) do
    if unit.module then n[unit.module] = (n[unit.module] or 0) + 1 end
  end
  return n
end

-- What is to be hooked so that the branch of `item` gives zeros; or nil and the reason.
local function zeroing(item, count)
  local units = last_units(item.branches[1])
  for i = units and #units or 0, 1, -1 do
    local unit = units[i]
    if unit.module then
      if count[unit.module] > 1 then return nil, ("%s is called more than once"):format(unit.path) end
      return {{unit.module, "zero"}}
    end
    if not KEEPS_ZERO[unit.type] then return nil, ("its branch ends with %s"):format(unit.type) end
  end
  return nil, "its branch has no single last layer"
end

-- The modules that take what the block takes, in its branch; nil where an operation does.
local function entrance(item, graph)
  local list, inside = {}, {}
  local function gather(row)
    for _, each in ipairs(row) do
      for _, unit in ipairs(each.box and each.box.units or {}) do inside[unit.id] = true end
      for _, branch in ipairs(each.branches or {}) do gather(branch) end
      gather(each.tangle or {})
    end
  end
  gather(item.branches[1])
  for _, unit in ipairs(graph) do
    for _, from in ipairs(inside[unit.id] and unit.inputs or {}) do
      if from == item.from then
        if not unit.module then return nil end
        list[#list + 1] = unit.module
      end
    end
  end
  return list
end

local function residual(graph)
  local list, count = {}, calls(graph)
  local function visit(row)
    for _, item in ipairs(row) do
      for _, branch in ipairs(item.branches or {}) do visit(branch) end
      if item.shortcut then
        local call = graph[item.to].call
        local hooks, why = zeroing(item, count)
        list[#list + 1] = {kind = "residual", path = call.path, from = graph[item.from].shape,
                           to = graph[item.to].shape, module = call.module ~= graph.net and call.module or nil,
                           hooks = hooks, why = why,
                           enter = entrance(item, graph), at = item.to, dotted = item.shortcut.dotted}
      end
    end
  end
  visit(tree(graph, false))
  table.sort(list, function(a, b) return a.at < b.at end)
  local held = {}
  for _, block in ipairs(list) do  -- a module with several blocks is none of them
    if block.module then held[block.module] = (held[block.module] or 0) + 1 end
  end
  for _, block in ipairs(list) do
    if held[block.module] and held[block.module] > 1 then block.module = nil end
  end
  return list
end

local CONTAINERS = {Sequential = true, ModuleList = true}

local function same(a, b) return table.concat(a, "x") == table.concat(b, "x") end

local function resizes(from, to)
  if same(from, to) then return nil end
  return ("it makes %s of %s"):format(table.concat(to, "×", 2), table.concat(from, "×", 2))
end

-- Modules with convolutions that are no containers and hold no such module, in the order in which they are called.
local function composites(net, shape)
  local chosen, handles, list = {}, {}, {}
  local function visit(module)
    local convolutions, inner = 0, false
    for _, child in module:each_child() do
      local n, has = visit(child)
      convolutions, inner = convolutions + n, inner or has
    end
    if kind.type_of(module) == "Conv2d" then convolutions = 1 end
    local chosen_now = module ~= net and convolutions > 0 and not inner and module:each_child()() ~= nil
      and not CONTAINERS[kind.type_of(module)]
    chosen[module] = chosen_now
    return convolutions, inner or chosen_now
  end
  visit(net)
  local _ <close> = setmetatable({}, {__close = function()
    for _, handle in ipairs(handles) do handle:remove() end
  end})
  for path, module in net:named_modules() do
    if chosen[module] then
      handles[#handles + 1] = module:register_forward_hook(function(m, x, y)
        list[#list + 1] = {kind = "plain", path = path, from = x.shape, to = y.shape, module = m,
                           hooks = {{m, "same"}}, why = resizes(x.shape, y.shape)}
      end)
    end
  end
  untouched(net, function()
    net:eval()
    core.no_grad(net, core.zeros(1, table.unpack(shape)))
  end)
  return list
end

-- Convolutions with what follows them.
local function layers(graph)
  local list, count = {}, calls(graph)
  local function visit(row)
    for _, item in ipairs(row) do
      for _, branch in ipairs(item.branches or {}) do visit(branch) end
      local box = item.box
      if box and box.kind == "conv" and box.unit.module then
        local from = graph[box.unit.inputs[1]].shape
        local block = {kind = "plain", path = box.unit.path, from = from, hooks = {}}
        for _, unit in ipairs(box.units) do
          if #unit.shape ~= #from then break end  -- what flattens the maps is no part of it
          block.to = unit.shape
          if unit.module then
            block.hooks[#block.hooks + 1] = {unit.module, "same"}
            if count[unit.module] > 1 then block.why = ("%s is called more than once"):format(unit.path) end
          end
        end
        block.why = resizes(from, block.to) or block.why
        list[#list + 1] = block
      end
    end
  end
  visit(tree(graph, false))
  return list
end

--- The blocks of a network, from its graph. Raises where there is none.
function blocks.of(op, graph)
  local net = graph.net
  local list = residual(graph)
  if #list == 0 then
    list = composites(net, {table.unpack(graph.input, 2)})
    if #list < 2 then list = layers(graph) end
  end
  if #list == 0 then fail("%s: %s has neither shortcuts nor convolutions", op, kind.label(net)) end
  local stage, size = 0, nil
  for i, block in ipairs(list) do
    local now = table.concat(block.to, "x", 2)
    if now ~= size then stage, size = stage + 1, now end
    block.index, block.stage = i, stage
  end
  return list
end

local instead = {zero = function(_, _, y) return core.zeros_like(y) end, same = function(_, x) return x end}

--- Calls f while some blocks are taken out.
function blocks.without(list, f, ...)
  local handles = {}
  local _ <close> = setmetatable({}, {__close = function()
    for _, handle in ipairs(handles) do handle:remove() end
  end})
  for _, block in ipairs(list) do
    for _, hook in ipairs(block.hooks) do handles[#handles + 1] = hook[1]:register_forward_hook(instead[hook[2]]) end
  end
  return f(...)
end

--- Calls f while two blocks stand in each other's place: a call of one runs the other.
function blocks.swapped(a, b, f, ...)
  local m, n = a.module, b.module
  local own_m, own_n = rawget(m, "forward"), rawget(n, "forward")
  local forward_m, forward_n = m.forward, n.forward
  local _ <close> = setmetatable({}, {__close = function()
    rawset(m, "forward", own_m)
    rawset(n, "forward", own_n)
  end})
  rawset(m, "forward", function(_, ...) return forward_n(n, ...) end)
  rawset(n, "forward", function(_, ...) return forward_m(m, ...) end)
  return f(...)
end

--- Whether two blocks can stand in each other's place.
function blocks.can_swap(a, b)
  return a.module and b.module and a.module ~= b.module and same(a.from, b.from) and same(a.to, b.to)
end

return blocks
