--- Networks as boxes and arrows, as in figure 3 of the paper.
local fail    = require "resmoon.base.fail"
local figure  = require "resmoon.plot.figure"
local gnuplot = require "resmoon.plot.gnuplot"
local layout  = require "resmoon.plot.network_layout"
local in_text = require "resmoon.plot.network_text"
local text    = require "resmoon.base.text"

local MEASURES = {w = 216, h = 36, join = 64, join_h = 20, gap = 14, fork = 10, lane = 20, pad = 10, between = 14,
                  letter = 5.6, count = 34}
local TITLE, NOTE, APART = 44, 30, 36     -- pixels above, below, and between two networks
local LINE = "#444444"
-- Pale forms of colors that are told apart with any color vision, one for each size of the maps.
local TINTS = {"#d9e8f5", "#fbe0cc", "#d3eee2", "#f5e0ec", "#fbf0c8", "#dcf1fb"}
local KINDS = {pool = "#eeeeee", linear = "#ffffff", join = "#ffffff", input = "#ffffff", other = "#f6f6f6"}

-- "64×56×56": the shape of one image.
local function shape_text(shape) return table.concat(shape, "×", 2) end

-- The second line of a box.
local function details(box)
  local parts = {}
  if #box.more > 0 then parts[1] = table.concat(box.more, ", ") end
  parts[#parts + 1] = shape_text(box.shape)
  if box.parameters > 0 then parts[#parts + 1] = text.grouped(box.parameters) end
  return table.concat(parts, " · ")
end

local Drawing = {}
Drawing.__index = Drawing

local function new() return setmetatable({commands = {}, curves = {}, number = 0, tints = {}, tint = 0}, Drawing) end

function Drawing:say(form, ...) self.commands[#self.commands + 1] = form:format(...) .. "\n" end

function Drawing:tag()
  self.number = self.number + 1
  return self.number
end

function Drawing:label(s, x, y, how)
  self:say("set label %d %s at %g,%g %s", self:tag(), gnuplot.quote(s), x, -y, how)
end

function Drawing:line(x0, y0, x1, y1, head)
  self:say("set arrow %d from %g,%g to %g,%g %s back lc rgb '%s' lw 1.2", self:tag(), x0, -y0, x1, -y1,
    head and "head filled size 5,20 fixed" or "nohead", LINE)
end

-- The color of a box: that of the size of its maps.
function Drawing:color(box)
  local fixed = KINDS[box.kind]
  if fixed then return fixed end
  local size = table.concat(box.shape, "x", math.min(3, #box.shape))
  if not self.tints[size] then
    self.tint = self.tint + 1
    self.tints[size] = TINTS[(self.tint - 1) % #TINTS + 1]
  end
  return self.tints[size]
end

local draw = {}

function draw.box(self, s, x, y)
  local box = s.box
  self:say("set object %d rectangle from %g,%g to %g,%g front fc rgb '%s' fs solid border lc rgb '#555555' lw 1",
    self:tag(), x + s.x - s.w / 2, -(y + s.y), x + s.x + s.w / 2, -(y + s.y + s.h), self:color(box))
  if s.w == MEASURES.join then
    local more = #box.more > 0 and " " .. table.concat(box.more, ", ") or ""
    self:label(text.cut(box.label .. more, 12), x + s.x, y + s.y + s.h / 2, "center front font small")
  else
    self:label(text.cut(box.label, 26), x + s.x, y + s.y + 10.5, "center front")
    self:label(text.cut(details(box), 40), x + s.x, y + s.y + 26, "center front font small textcolor rgb '#444444'")
  end
end

function draw.down(self, s, x, y)
  if s.to > s.y then self:line(x + s.x, y + s.y, x + s.x, y + s.to, s.arrow) end
end

local function across(self, list, s, x, y)
  local low, high = s.x, s.x
  for _, at in ipairs(list) do low, high = math.min(low, at), math.max(high, at) end
  self:line(x + low, y, x + high, y)
end

function draw.split(self, s, x, y)
  self:line(x + s.x, y + s.y, x + s.x, y + s.y + MEASURES.fork)
  across(self, s.to, s, x, y + s.y + MEASURES.fork)
end

function draw.merge(self, s, x, y)
  across(self, s.from, s, x, y + s.y)
  self:line(x + s.x, y + s.y, x + s.x, y + s.y + MEASURES.fork)
end

-- Right, round a corner, down, round a corner, and back to the left.
function draw.arc(self, s, x, y)
  local r = math.min(14, (s.to_y - s.y) / 2, (s.lane - s.x) / 2)
  local xs, ys = {x + s.x}, {-(y + s.y)}
  local function corner(cx, cy, from)
    for step = 0, 6 do
      local a = math.rad(from + 15 * step)
      xs[#xs + 1], ys[#ys + 1] = x + cx + r * math.cos(a), -(y + cy) + r * math.cos(a - math.pi / 2) * -1
    end
  end
  corner(s.lane - r, s.y + r, -90)
  corner(s.lane - r, s.to_y - r, 0)
  xs[#xs + 1], ys[#ys + 1] = x + s.to_x, -(y + s.to_y)
  self.curves[#self.curves + 1] = {columns = {xs, ys}, style = "lines", color = LINE, width = s.dotted and 1.6 or 1.3,
                                   dashed = s.dotted and 3 or 1}
  self:line(x + s.to_x + 6, y + s.to_y, x + s.to_x, y + s.to_y, true)
  if s.label then
    self:label(s.label, x + s.lane + 5, y + (s.y + s.to_y) / 2, "left front font small textcolor rgb '#444444'")
  end
  self.dotted = self.dotted or s.dotted
end

function draw.frame(self, s, x, y)
  self:say("set object %d rectangle from %g,%g to %g,%g behind fc rgb '#fafafa' fs solid border lc rgb '#999999' lw 1 "
    .. "dt 2", self:tag(), x + s.left, -(y + s.y), x + s.right, -(y + s.to))
  self:label("×" .. s.times, x + s.right + 5, y + (s.y + s.to) / 2, "left front")
end

local function figure_of(list, options)
  local self, placed, width, height = new(), {}, APART, 0
  for i, each in ipairs(list) do
    local shapes = layout(each.row, MEASURES)
    local room = math.max(shapes.width, text.width(each.title) * 8.2, text.width(each.about) * 6.2)
    placed[i] = {shapes = shapes, x = width + (room - shapes.width) / 2, middle = width + room / 2}
    width, height = width + room + APART, math.max(height, shapes.height)
  end
  local top = TITLE + (options.title and 30 or 0)
  height = height + top + NOTE
  if options.title then self:label(options.title, width / 2, 18, "center") end
  for i, each in ipairs(list) do
    local p = placed[i]
    self:label(each.title, p.middle, top - 32, "center")
    self:label(each.about, p.middle, top - 14, "center font small")
    for _, s in ipairs(p.shapes) do draw[s[1]](self, s, p.x, top) end
  end
  if self.dotted then
    self:label("dotted: shortcuts that change the shape", 12, height - 12, "left font small textcolor rgb '#444444'")
  end
  local f = figure.new {size = options.size or {math.ceil(width), math.ceil(height)}}
  local p = f:panel {key = false, xrange = {0, width}, yrange = {-height, 0}}
  p.settings = "unset border\nunset tics\nunset grid\nset lmargin at screen 0\nset rmargin at screen 1\n"
    .. "set bmargin at screen 0\nset tmargin at screen 1\n" .. table.concat(self.commands)
  p:add {columns = {{-10}, {10}}, style = "points", color = LINE}  -- outside of what is seen: a plot needs something
  for _, curve in ipairs(self.curves) do p:add(curve) end
  return f
end

--- Draws networks as boxes and arrows, from the image down, beside one another: what draw(net) calls.
-- Shortcuts are arcs, dotted where they change the shape; equal pieces are drawn once, in a frame with their number.
-- Call: plot.network(drawings, {options}) -> true
-- Shapes: drawings is what draw gives, or a list of them.
-- Options: file   name ending in .png, .svg or .pdf, or a list of them; else the figure is shown
--  title  above it
--  size   {width, height} in pixels; without it what the boxes take
-- Errors: raises for what is no drawing. Without gnuplot it gives nil and the reason; in the terminal it needs none.
-- Source: He et al. 2016, arXiv:1512.03385, figure 3.
-- Example:
--   > drawing = draw(models.resnet20(), {show = false})
--   > plot.network(drawing, {file = "resnet20.svg"});
--   > rm.sys.exists "resnet20.svg"
--   true
-- See: draw
local function network(list, options)
  options = figure.options("plot.network", options)
  if type(list) == "table" and list.row then list = {list} end
  if type(list) ~= "table" or type(list[1]) ~= "table" or not list[1].row then
    fail("plot.network: argument 1 is %k, expected a drawing, as draw(net) gives it", list)
  end
  local f = figure_of(list, options)
  f.as_text = function()
    for _, each in ipairs(list) do
      io.stdout:write(table.concat(in_text(each, details, (gnuplot.text_size())), "\n"), "\n")
    end
    io.stdout:flush()
  end
  return f:draw(options)
end

return network
