--- A graph (trace.lua) taken apart into what is drawn: boxes in a row, branches beside each other, shortcuts, repeats.
--
-- A row is a list of items, from the image down:
--     {box = box}                                 boxes.lua
--     {branches = {row, ...}, from =, to =}       several ways from one box to another; an empty row is the value
--     {branches = {row}, shortcut = {row =, dotted =, label =}, ...}     the same, where one of two ways to an addition
--                                                 is much shorter: dotted where it changes the shape
--     {tangle = {item, ...}, edges = {{i, k}}}    boxes in order whose ways cannot be taken apart so
--     {times = n, row = row}                      n equal pieces, drawn once
-- Between two boxes through which everything passes lie the ways that do not meet: those are the branches.
local boxes = require "resmoon.explain.boxes"

local build  -- a row for the units of a list between two others

-- The pieces of `list` that are not connected with one another, each in order.
local function components(list, graph)
  local group, inside = {}, {}
  for _, id in ipairs(list) do inside[id], group[id] = true, id end
  local function root(id)
    while group[id] ~= id do id = group[id] end
    return id
  end
  for _, id in ipairs(list) do
    for _, from in ipairs(graph[id].inputs) do
      if inside[from] then group[root(id)] = root(from) end
    end
  end
  local found, result = {}, {}
  for _, id in ipairs(list) do
    local r = root(id)
    if not found[r] then
      found[r] = {}
      result[#result + 1] = found[r]
    end
    table.insert(found[r], id)
  end
  return result
end

local function count(row)
  local n, acts = 0, 0
  for _, item in ipairs(row) do
    if not item.box then return math.huge, 0 end
    n = n + 1
    for _, unit in ipairs(item.box.units) do
      local text = boxes.attachment(unit)
      if text and not text:find "^[bgli]n$" and text ~= "drop" and text ~= "dropout" then acts = acts + 1 end
    end
  end
  return n, acts
end

local function same_shape(a, b)
  if #a ~= #b then return false end
  for i = 1, #a do
    if a[i] ~= b[i] then return false end
  end
  return true
end

-- What is written at a shortcut that is not the value itself.
local function label_of(row)
  local texts = {}
  for i, item in ipairs(row) do texts[i] = item.box.label end
  return #texts > 0 and table.concat(texts, ", ") or nil
end

-- Of two branches that are added, the shorter one is a shortcut if it holds no activation.
local function find_shortcut(item, graph)
  if #item.branches ~= 2 or graph[item.to].type ~= "add" then return item end
  local n, acts = count(item.branches[1])
  local m, other = count(item.branches[2])
  local short, long = item.branches[1], item.branches[2]
  if m < n then short, long, n, acts, m = long, short, m, other, n end
  if acts > 0 or n > 3 or m <= n then return item end
  local dotted = not same_shape(graph[item.from].shape, graph[item.to].shape)
  return {branches = {long}, from = item.from, to = item.to,
          shortcut = {row = short, dotted = dotted, label = label_of(short)}}
end

-- How many units take the result of each.
local function uses(graph)
  local n = {}
  for _, unit in ipairs(graph) do
    for _, from in ipairs(unit.inputs) do n[from] = (n[from] or 0) + 1 end
  end
  return n
end

-- Boxes in order, and who feeds whom: 0 is what stands above, #items + 1 what stands below.
local function tangle(list, u, v, graph)
  local place, item, used = {[u] = 0}, {tangle = {}, edges = {}}, uses(graph)
  for _, id in ipairs(list) do
    local from = graph[id].inputs[1]
    local before = item.tangle[place[from]]
    if before and used[from] == 1 and boxes.join(before.box, graph[id]) then
      place[id] = place[from]
    else
      item.tangle[#item.tangle + 1] = {box = boxes.new(graph[id])}
      place[id] = #item.tangle
    end
  end
  place[v] = #item.tangle + 1
  local function edges(id)
    for _, from in ipairs(graph[id].inputs) do
      if place[from] and place[from] ~= place[id] and not (from == u and id == v) then
        item.edges[#item.edges + 1] = {place[from], place[id]}
      end
    end
  end
  for _, id in ipairs(list) do edges(id) end
  edges(v)
  return item
end

local function push(row, unit)
  local last = row[#row]
  if last and last.box and boxes.join(last.box, unit) then return end
  row[#row + 1] = {box = boxes.new(unit)}
end

-- The units of `list` through which every way from u to v passes. inner: the way from u straight to v is not ours.
local function cuts(list, u, v, graph, inner)
  local place, jumps = {[u] = 0, [v] = #list + 1}, {}
  for i, id in ipairs(list) do place[id], jumps[i] = i, 0 end
  jumps[#list + 1], jumps[#list + 2] = 0, 0
  local function note(id)
    for _, from in ipairs(graph[id].inputs) do
      if place[from] and not (inner and from == u and id == v) and place[id] - place[from] > 1 then
        jumps[place[from] + 1] = jumps[place[from] + 1] + 1
        jumps[place[id]] = jumps[place[id]] - 1
      end
    end
  end
  for _, id in ipairs(list) do note(id) end
  note(v)
  local result, over = {}, 0
  for i = 1, #list do
    over = over + jumps[i]
    if over == 0 then result[#result + 1] = i end
  end
  return result
end

-- What lies between two units a and b with nothing in between through which all ways pass.
local function between(row, interior, a, b, graph, inner)
  local direct = 0
  for _, from in ipairs(graph[b].inputs) do direct = direct + (from == a and 1 or 0) end
  if inner then direct = 0 end
  local parts = components(interior, graph)
  if #parts + direct <= 1 then
    if #parts == 1 then row[#row + 1] = tangle(interior, a, b, graph) end
    return
  end
  local item = {branches = {}, from = a, to = b}
  for i, part in ipairs(parts) do item.branches[i] = build(part, a, b, graph, true) end
  for _ = 1, direct do item.branches[#item.branches + 1] = {} end
  row[#row + 1] = find_shortcut(item, graph)
end

function build(list, u, v, graph, inner)
  local row, a, first = {}, u, 1
  local at = cuts(list, u, v, graph, inner)
  at[#at + 1] = #list + 1
  for _, i in ipairs(at) do
    local b = list[i] or v
    between(row, table.move(list, first, i - 1, 1, {}), a, b, graph, inner and a == u and b == v)
    if list[i] then push(row, graph[b]) end
    a, first = b, i + 1
  end
  return row
end

-- --- repeats ------------------------------------------------------------------------------------------

local signature

local function of_row(row)
  local texts = {}
  for i, item in ipairs(row) do texts[i] = signature(item) end
  return table.concat(texts, ";")
end

function signature(item)
  if item.box then return boxes.signature(item.box) end
  if item.times then return ("%d*[%s]"):format(item.times, of_row(item.row)) end
  local texts = {}
  for i, row in ipairs(item.branches or {}) do texts[i] = of_row(row) end
  for _, inner in ipairs(item.tangle or {}) do texts[#texts + 1] = signature(inner) end
  for _, edge in ipairs(item.edges or {}) do texts[#texts + 1] = edge[1] .. ">" .. edge[2] end
  local short = item.shortcut
  if short then texts[#texts + 1] = (short.dotted and "dotted " or "shortcut ") .. of_row(short.row) end
  return ("(%s)"):format(table.concat(texts, " / "))
end

local function size(item)
  local n = item.box and 1 or #(item.tangle or {})
  for _, row in ipairs(item.branches or {}) do
    for _, inner in ipairs(row) do n = n + size(inner) end
  end
  return n
end

-- How often the p items from i stand one behind the other.
local function repeats(signs, i, p)
  local n = 1
  while true do
    for k = 0, p - 1 do
      if signs[i + n * p + k] == nil or signs[i + n * p + k] ~= signs[i + k] then return n end
    end
    n = n + 1
  end
end

-- Two boxes at least are saved by writing a piece once.
local function collapse(row)
  local signs, result, i = {}, {}, 1
  for k, item in ipairs(row) do
    for b, branch in ipairs(item.branches or {}) do item.branches[b] = collapse(branch) end
    signs[k] = signature(item)
  end
  while i <= #row do
    local best, period, saved = 1, 1, 1
    local joins = row[i].box and row[i].box.kind == "join"  -- a piece does not begin with the end of a block
    for p = 1, joins and 0 or (#row - i + 1) // 2 do
      local n, boxes_in = repeats(signs, i, p), 0
      for k = i, i + p - 1 do boxes_in = boxes_in + size(row[k]) end
      if n > 1 and (n - 1) * boxes_in > saved then best, period, saved = n, p, (n - 1) * boxes_in end
    end
    if best > 1 then
      result[#result + 1] = {times = best, row = table.move(row, i, i + period - 1, 1, {})}
      i = i + best * period
    else
      result[#result + 1] = row[i]
      i = i + 1
    end
  end
  return result
end

--- The row of a graph, from the image to the result.
local function tree(graph, folded)
  local list = {}
  for id = 2, #graph - 1 do list[#list + 1] = id end
  local row = build(list, 1, #graph, graph)
  table.insert(row, 1, {box = boxes.new(graph[1])})
  push(row, graph[#graph])
  if folded ~= false then row = collapse(row) end
  return row
end

return tree
