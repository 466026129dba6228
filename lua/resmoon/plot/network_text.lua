--- Networks of boxes and arrows in characters.
local layout = require "resmoon.plot.network_layout"
local text   = require "resmoon.base.text"

local MEASURES = {w = 25, h = 3, join = 11, join_h = 1, gap = 1, fork = 1, lane = 3, pad = 1, between = 1, letter = 1,
                  count = 4}
local NARROW = 17  -- a box where branches would not fit the screen otherwise

local UP, DOWN, LEFT, RIGHT = 1, 2, 4, 8
-- By the sum of the directions in which a cell is connected.
local STROKES = {[0] = " ", "╵", "╷", "│", "╴", "┘", "┐", "┤", "╶", "└", "┌", "├", "─", "┴", "┬", "┼"}

local Canvas = {}
Canvas.__index = Canvas

function Canvas:row(y)
  if not self.rows[y] then
    self.rows[y] = {}
    self.last = math.max(self.last, y)
  end
  return self.rows[y]
end

function Canvas:join(x, y, bits, dotted)
  local row = self:row(y)
  local cell = row[x]
  if type(cell) == "string" then return end  -- a letter stays
  row[x] = (cell or 0) | bits
  if dotted then self.dotted[y * 10000 + x] = true end
end

function Canvas:write(x, y, s)
  local row = self:row(y)
  for _, code in utf8.codes(s) do
    row[x], x = utf8.char(code), x + 1
  end
end

function Canvas:vertical(x, from, to, dotted)
  for y = from, to do self:join(x, y, UP | DOWN, dotted) end
end

function Canvas:horizontal(from, to, y, dotted)
  for x = from, to do
    self:join(x, y, (x > from and LEFT or 0) | (x < to and RIGHT or 0), dotted)
  end
end

function Canvas:line(y)
  local cells, row, widest = {}, self.rows[y] or {}, -1
  for x in pairs(row) do widest = math.max(widest, x) end
  for x = 0, widest do
    local cell = row[x] or " "
    if type(cell) == "number" then
      local dotted = self.dotted[y * 10000 + x]
      cell = dotted and (cell == UP | DOWN and "┊" or cell == LEFT | RIGHT and "┄") or STROKES[cell]
    end
    cells[#cells + 1] = cell
  end
  return table.concat(cells)
end

local draw = {}

function draw.box(c, s)
  local left, right = s.x - s.w // 2, s.x + s.w // 2
  if s.h == 1 then
    local label = text.cut(s.box.label .. (#s.box.more > 0 and " " .. table.concat(s.box.more, ",") or ""), s.w - 2)
    local x = s.x - text.width(label) // 2
    c:write(x - 1, s.y, "(" .. label .. ")")
    s.edge = x + text.width(label)
    return
  end
  c:horizontal(left, right, s.y)
  c:horizontal(left, right, s.y + 2)
  for _, x in ipairs {left, right} do
    c:join(x, s.y, DOWN)
    c:join(x, s.y + 1, UP | DOWN)
    c:join(x, s.y + 2, UP)
  end
  local label, room = s.box.label, s.w - 2
  if text.width(label) > room - 2 then label = label:gsub(", /", " /") end
  if text.width(label) < room then label = " " .. label end
  c:write(left + 1, s.y + 1, text.pad(text.cut(label, room), room))
end

function draw.down(c, s)
  if s.to <= s.y then return end
  c:vertical(s.x, s.y, s.to - 1)
  c:join(s.x, s.y - 1, DOWN)
  if s.arrow then c:join(s.x, s.to, UP) end
end

function draw.split(c, s)
  local low, high = s.x, s.x
  for _, x in ipairs(s.to) do
    low, high = math.min(low, x), math.max(high, x)
    c:join(x, s.y, DOWN)
  end
  c:horizontal(low, high, s.y)
  c:join(s.x, s.y, UP)
  c:join(s.x, s.y - 1, DOWN)
end

function draw.merge(c, s)
  local low, high = s.x, s.x
  for _, x in ipairs(s.from) do
    low, high = math.min(low, x), math.max(high, x)
    c:join(x, s.y, UP)
  end
  c:horizontal(low, high, s.y)
  c:join(s.x, s.y, DOWN)
end

function draw.arc(c, s)
  local top, bottom = s.y - 1, math.floor(s.to_y)
  c:horizontal(s.x, s.lane, top, s.dotted)
  c:join(s.lane, top, DOWN, s.dotted)
  c:vertical(s.lane, top + 1, bottom - 1, s.dotted)
  c:join(s.lane, bottom, UP, s.dotted)
  local row, edge = c:row(bottom), s.lane
  while edge > s.x and type(row[edge - 1]) ~= "string" do edge = edge - 1 end
  c:horizontal(edge, s.lane, bottom, s.dotted)
  if s.label then c:write(s.lane + 2, (top + bottom) // 2, s.label) end
end

-- A bracket at the right, with how often.
function draw.frame(c, s)
  for y = s.y, s.to - 1 do c:write(s.right + 1, y, y == s.y and "⎫" or y == s.to - 1 and "⎭" or "⎪") end
  c:write(s.right + 2, (s.y + s.to - 1) // 2, "×" .. s.times)
end

--- Lines of a drawing, `width` characters wide where that is possible: what is in each box stands in it, and what comes
-- out of it, by details(box), at the right.
return function(drawing, details, width)
  local shapes = layout(drawing.row, MEASURES)
  if shapes.width > width then
    local narrow = setmetatable({w = NARROW, join = 9, lane = 2}, {__index = MEASURES})
    shapes = layout(drawing.row, narrow)
  end
  local c = setmetatable({rows = {}, dotted = {}, last = 0}, Canvas)
  local notes, widest = {}, 0
  for _, order in ipairs {"box", "down", "split", "merge", "arc", "frame"} do
    for _, s in ipairs(shapes) do
      if s[1] == order then draw[order](c, s) end
    end
  end
  for _, s in ipairs(shapes) do
    if s[1] == "box" and s.h > 1 then
      local y = s.y + 1
      notes[y] = (notes[y] and notes[y] .. " | " or "") .. details(s.box)
    end
  end
  local lines = {("%s: %s"):format(drawing.title, drawing.about)}
  for y = 0, c.last do widest = math.max(widest, text.width(c:line(y))) end
  for y = 0, c.last do
    local line = c:line(y)
    lines[#lines + 1] = notes[y] and text.pad(line, widest + 2) .. notes[y] or line
  end
  return lines
end
