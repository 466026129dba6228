--- Where the parts of a drawn network stand: boxes, lines and arcs, for a figure and for characters.
--
--     local placed = layout(row, {w =, h =, gap =, ...})
--
-- A row is what explain/tree.lua gives. Measures: w and h of a box, join and join_h of one in which ways meet, gap
-- above a box, fork (the height of a fork), lane (between a box and an arc beside it), pad (around a repeated piece),
-- letter (width of a letter at a shortcut), between (branches), count (room for the number of repeats). x grows to the
-- right and y down; both are whole numbers where the measures are, so that they can be columns and rows of characters.
-- The result is a list of shapes:
--     {"box", x = its middle, y = its top, w =, h =, box =}    {"down", x =, y =, to =, arrow = a box follows}
--     {"split", x =, y =, to = {x, ...}}    {"merge", x =, y =, from = {x, ...}}
--     {"arc", x =, y =, lane = x, to_x =, to_y =, dotted =, label =}    {"frame", left =, right =, y =, to =, times =}
-- with width and height.
local text = require "resmoon.base.text"

local Layout = {}
Layout.__index = Layout

local function is_join(box) return box.kind == "join" and box.label ~= "concat" end

-- Width and height of a box.
function Layout:size(box)
  if is_join(box) then return self.m.join, self.m.join_h end
  return self.m.w, self.m.h
end

local function label_width(self, short) return short.label and text.width(short.label) * self.m.letter or 0 end

-- How many arcs stand beside a tangle: one for each edge that passes a box.
local function lanes(item)
  local n = 0
  for _, edge in ipairs(item.edges) do n = n + (edge[2] - edge[1] > 1 and 1 or 0) end
  return n
end

-- What a row takes to the left and to the right of its middle.
function Layout:sides(row)
  local left, right = 0, 0
  for _, item in ipairs(row) do
    local l, r = self:item_sides(item)
    left, right = math.max(left, l), math.max(right, r)
  end
  return left, right
end

-- The middles of branches, from the left edge of the first, and their width.
function Layout:columns(item)
  local at, x = {}, 0
  for i, branch in ipairs(item.branches) do
    local l, r = self:sides(branch)
    l, r = math.max(l, self.m.lane), math.max(r, self.m.lane)
    at[i] = x + l
    x = x + l + r + self.m.between
  end
  return at, x - self.m.between
end

function Layout:item_sides(item)
  local m = self.m
  if item.box then
    local w = self:size(item.box)
    return w // 2, w // 2
  elseif item.times then
    local l, r = self:sides(item.row)
    return l + m.pad, r + m.pad + m.count
  elseif item.tangle then
    return m.w // 2, m.w // 2 + m.lane * (lanes(item) + 1)
  elseif item.shortcut then
    local l, r = self:sides(item.branches[1])
    return l, r + 2 * m.lane + label_width(self, item.shortcut)
  end
  local _, width = self:columns(item)
  return width // 2, width - width // 2
end

local function add(self, kind, shape)
  shape[1] = kind
  self.shapes[#self.shapes + 1] = shape
end

-- Arcs that end at the next box.
local function land(self, x, y, w, h)
  for _, arc in ipairs(self.pending) do
    arc.to_x, arc.to_y = x + w // 2, y + h / 2
    add(self, "arc", arc)
  end
  self.pending = {}
end

function Layout:place_box(box, x, y, first)
  local w, h = self:size(box)
  if not first then
    add(self, "down", {x = x, y = y, to = y + self.m.gap, arrow = true})
    y = y + self.m.gap
  end
  add(self, "box", {x = x, y = y, w = w, h = h, box = box})
  land(self, x, y, w, h)
  return y + h
end

function Layout:place_tangle(item, x, y)
  local m, tops, bottoms, n = self.m, {}, {}, #item.tangle
  add(self, "down", {x = x, y = y, to = y + m.fork})
  y = y + m.fork
  bottoms[0] = y
  local arrives = {}
  for _, edge in ipairs(item.edges) do
    if edge[2] - edge[1] == 1 then arrives[edge[2]] = true end
  end
  for i = 1, n do
    if arrives[i] then add(self, "down", {x = x, y = y, to = y + m.gap, arrow = true}) end
    tops[i] = y + m.gap
    local w, h = self:size(item.tangle[i].box)
    add(self, "box", {x = x, y = tops[i], w = w, h = h, box = item.tangle[i].box})
    y = tops[i] + h
    add(self, "down", {x = x, y = y, to = y + m.fork})
    bottoms[i] = y + m.fork
    y = bottoms[i]
  end
  local lane = 0
  for _, edge in ipairs(item.edges) do
    if edge[2] - edge[1] > 1 then
      lane = lane + 1
      local arc = {x = x, y = bottoms[edge[1]], lane = x + m.w // 2 + m.lane * lane}
      if edge[2] > n then
        self.pending[#self.pending + 1] = arc
      else
        local w, h = self:size(item.tangle[edge[2]].box)
        arc.to_x, arc.to_y = x + w // 2, tops[edge[2]] + h / 2
        add(self, "arc", arc)
      end
    end
  end
  return y
end

function Layout:place_branches(item, x, y)
  local m = self.m
  local at, width = self:columns(item)
  local left, bottoms, lowest = x - width // 2, {}, y + m.fork
  for i in ipairs(at) do at[i] = left + at[i] end
  add(self, "split", {x = x, y = y, to = at})
  for i, branch in ipairs(item.branches) do
    bottoms[i] = self:place(branch, at[i], y + m.fork)
    if #self.pending > 0 then  -- what would go past the end of the branch joins it there
      add(self, "down", {x = at[i], y = bottoms[i], to = bottoms[i] + m.fork})
      land(self, at[i], bottoms[i], 0, m.fork)
      bottoms[i] = bottoms[i] + m.fork
    end
    lowest = math.max(lowest, bottoms[i])
  end
  lowest = lowest + m.fork
  for i, bottom in ipairs(bottoms) do add(self, "down", {x = at[i], y = bottom, to = lowest}) end
  add(self, "merge", {x = x, y = lowest, from = at})
  return lowest + m.fork
end

function Layout:place_shortcut(item, x, y)
  local m = self.m
  local _, r = self:sides(item.branches[1])
  add(self, "down", {x = x, y = y, to = y + m.fork})
  local arc = {x = x, y = y + m.fork, lane = x + r + m.lane, dotted = item.shortcut.dotted, label = item.shortcut.label}
  y = self:place(item.branches[1], x, y + m.fork)
  self.pending[#self.pending + 1] = arc
  return y
end

function Layout:place_repeat(item, x, y)
  local m = self.m
  local l, r = self:sides(item.row)
  local top = y + m.pad // 2
  add(self, "down", {x = x, y = y, to = y + m.pad})
  y = self:place(item.row, x, y + m.pad)
  add(self, "down", {x = x, y = y, to = y + m.pad})
  add(self, "frame", {left = x - l - m.pad, right = x + r + m.pad, y = top, to = y + m.pad - m.pad // 2,
                      times = item.times})
  return y + m.pad
end

-- Places a row below (x, y), where a line comes in; first: none does. Returns where its own line goes out.
function Layout:place(row, x, y, first)
  for i, item in ipairs(row) do
    if item.box then y = self:place_box(item.box, x, y, first and i == 1)
    elseif item.times then y = self:place_repeat(item, x, y)
    elseif item.tangle then y = self:place_tangle(item, x, y)
    elseif item.shortcut then y = self:place_shortcut(item, x, y)
    else y = self:place_branches(item, x, y) end
  end
  return y
end

return function(row, measures)
  local self = setmetatable({m = measures, shapes = {}, pending = {}}, Layout)
  local left, right = self:sides(row)
  self.shapes.height = self:place(row, left, 0, true)
  self.shapes.width = left + right + 1
  self.shapes.middle = left
  return self.shapes
end
