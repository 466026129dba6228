--- What a network computes, as a graph: layers, the operations between them, and who feeds whom.
--
--     local graph = trace(net, {3, 32, 32})
--     for _, unit in ipairs(graph) do print(unit.id, unit.path, unit.type, table.concat(unit.inputs, " ")) end
--
-- A forward may be any Lua, so it is run, and the tape is read: it has every operation, whatever it was written as.
-- Each call of a module takes aliases of its inputs and gives one of its result. These stand on the tape as marks, by
-- which operations are known to be inside of a call. A module without children is one unit, whatever it does inside; an
-- operation that is in none (relu, the addition of a block) is a unit of its own.
--
-- A unit is {id =, type = "Conv2d" or the operation's name, module = nil or it, path = as activations write it,
-- inputs = ids in the order of the arguments, shape = of the result, parameters = how many are its own, shared = true
-- where they were counted before, call = the module call in which it stands, a table {module =, path =, parent =,
-- depth =}}. Units stand in an order in which each comes after its inputs; the first is the image ("input"), and the
-- last one is the result. What does not lead from the image to the result is left out.
local core      = require "resmoon.core"
local fail      = require "resmoon.base.fail"
local is        = require "resmoon.base.is"
local kind      = require "resmoon.nn.kind"
local untouched = require "resmoon.nn.untouched"

-- Runs net(x) with marks. Returns the result and the marks: key of an alias -> {call =, entry = boolean}.
local function run(net, x)
  local marks, alive, handles, paths = {}, {}, {}, {}
  local root = {depth = 0, path = ""}
  local current = root
  local function mark(tensor, call, entry)
    if not (is.tensor(tensor) and tensor.requires_grad and core.is_grad_enabled()) then return tensor end
    local alias = core.alias(tensor)
    alive[#alive + 1] = alias  -- a key may come again once its operation is freed
    marks[core.tape_key(alias)] = {call = call, entry = entry, shape = alias.shape}
    return alias
  end
  local checkpoint = core.checkpoint
  local _ <close> = setmetatable({}, {__close = function()
    for _, handle in ipairs(handles) do handle:remove() end
    core.checkpoint = checkpoint
  end})
  core.checkpoint = function(f, ...) return f(...) end  -- its graph is what is wanted
  for path, module in net:named_modules() do
    paths[module] = path
    handles[#handles + 1] = module:register_forward_pre_hook(function(m, ...)
      current = {module = m, path = paths[m], parent = current, depth = current.depth + 1,
                 leaf = m:each_child()() == nil}
      local inputs = table.pack(...)
      for i = 1, inputs.n do inputs[i] = mark(inputs[i], current, true) end
      return table.unpack(inputs, 1, inputs.n)
    end)
    handles[#handles + 1] = module:register_forward_hook(function(_, _, y)
      local call = current
      current = call.parent
      return mark(y, call, false)
    end)
  end
  local y = untouched(net, function()
    net:eval()
    return core.enable_grad(net, x)
  end)
  marks.alive = alive
  return y, marks, root
end

-- The operations behind y, each after its inputs.
local function in_order(list)
  local by_key, sorted, state = {}, {}, {}
  for _, node in ipairs(list) do by_key[node.key] = node end
  local stack = {list[1]}
  while #stack > 0 do
    local node, waiting = stack[#stack], false
    for i = #node.inputs, 1, -1 do
      local behind = by_key[node.inputs[i]]
      if behind and not state[behind] then
        stack[#stack + 1], waiting = behind, true
      end
    end
    if not waiting then
      stack[#stack] = nil
      if not state[node] then state[node], sorted[#sorted + 1] = true, node end
    end
  end
  return sorted, by_key
end

-- The call that each operation stands in: that of its input which is deepest inside; marks lead in and out.
local function calls_of(sorted, by_key, marks, root)
  for _, node in ipairs(sorted) do
    local call = root
    for i, key in ipairs(node.inputs) do
      local behind = by_key[key]
      if behind then
        if behind.call.depth > call.depth then call = behind.call end
        behind.shape = node.shapes[i]
      end
    end
    local mark = marks[node.key]
    if mark then call = mark.entry and mark.call or mark.call.parent end
    node.call, node.mark = call, mark
    if mark then node.shape = mark.shape end
  end
end

-- Numbers in the parameters that are a module's own.
local function own_parameters(module)
  local n = 0
  local function add(m, sign)
    for _, p in m:named_parameters() do n = n + sign * p:numel() end
  end
  add(module, 1)
  for _, child in module:each_child() do add(child, -1) end
  return n
end

-- Makes units of operations: sorted, and the key of the image.
local function units_of(sorted, by_key, image, shape)
  local units, of_call, counted = {}, {}, {}
  local function new(unit)
    unit.id, unit.inputs = #units + 1, {}
    units[unit.id] = unit
    return unit
  end
  local input = new {type = "input", shape = shape, parameters = 0, path = ""}
  local function feed(unit, from)
    if from and from ~= unit then unit.inputs[#unit.inputs + 1] = from.id end
  end
  local function unit_for(node)
    local mark = node.mark
    local call = mark and mark.call or node.call
    if call.module and call.leaf then
      if not of_call[call] then
        local before = counted[call.module]
        counted[call.module] = true
        of_call[call] = new {type = kind.type_of(call.module), module = call.module, path = call.path,
                             call = call.parent, shared = before,
                             parameters = before and 0 or own_parameters(call.module)}
      end
      return of_call[call]
    end
    if mark then return nil end
    return new {type = node.op, path = call.path, call = call, parameters = 0, operation = true}
  end
  for _, node in ipairs(sorted) do
    local unit = unit_for(node)
    local passes  -- of a mark around a module with children: what stands behind it
    for i, key in ipairs(node.inputs) do
      local behind = by_key[key]
      local from = behind and behind.unit or node.leaves[i] == image and input or nil
      if unit then feed(unit, from) else passes = passes or from end
      local leaf = node.leaves[i]
      if unit and unit.operation and leaf and leaf ~= image and not counted[leaf] then
        counted[leaf] = true
        local numel = 1
        for _, n in ipairs(node.shapes[i]) do numel = numel * n end
        unit.parameters = unit.parameters + numel
      end
    end
    node.unit = unit or passes
    if unit then unit.shape = node.shape end
  end
  return units
end

-- Leaves out what does not come from the image or does not lead to the result, and numbers the rest.
local function connected(units, last)
  local from, to = {[1] = true}, {[last] = true}
  for id = 2, #units do
    for _, i in ipairs(units[id].inputs) do from[id] = from[id] or from[i] end
  end
  for id = #units, 1, -1 do
    for _, i in ipairs(to[id] and units[id].inputs or {}) do to[i] = true end
  end
  local kept, new = {}, {}
  for id, unit in ipairs(units) do
    if from[id] and to[id] then
      kept[#kept + 1] = unit
      new[id] = #kept
    end
  end
  for id, unit in ipairs(kept) do
    local inputs = {}
    for _, i in ipairs(unit.inputs) do
      if new[i] then inputs[#inputs + 1] = new[i] end
    end
    unit.id, unit.inputs = id, inputs
  end
  return kept
end

--- The graph of net on one image of a shape {C, H, W}, or on a tensor. The network is as it was afterwards.
-- Errors: raises where the shape does not fit, or where the result does not follow from the image by recorded
-- operations.
local function trace(net, x)
  if not kind.is_module(net) then fail("trace: argument 1 is %k, expected a network", net) end
  x = is.tensor(x) and x:detach():clone() or core.zeros(1, table.unpack(x))
  x:requires_grad_(true)
  local y, marks, root = run(net, x)
  if not is.tensor(y) then fail("trace: %s gives %k, expected a tensor", kind.label(net), y) end
  local list = core.tape_graph(y)
  if #list == 0 then fail("trace: nothing that %s computes was recorded", kind.label(net)) end
  local sorted, by_key = in_order(list)
  calls_of(sorted, by_key, marks, root)
  by_key[core.tape_key(y)].shape = y.shape
  local units = units_of(sorted, by_key, core.tensor_key(x), x.shape)
  local last = by_key[core.tape_key(y)].unit
  units = last and connected(units, last.id) or {}
  if #units < 2 then fail("trace: the result of %s does not follow from its input", kind.label(net)) end
  units.net, units.input = net, x.shape
  return units
end

return trace
