--- Legends: in the emptiest corner of a panel, or outside of it, where they cover nothing.
--
-- A legend outside is drawn here, with gnuplot's labels and arrows at places in pixels: its own key below a plot is
-- placed by what each terminal thinks of its font (in SVG it came to lie on the name of the axis), grows into the plot
-- without limit, and stands once under each panel, however alike these are.
local gnuplot = require "resmoon.plot.gnuplot"
local look    = require "resmoon.plot.look"
local words   = require "resmoon.base.text"

local text_width = words.width

local legend = {}

local corners = {"top right", "top left", "bottom right", "bottom left"}  -- of equally empty ones the first

local SAMPLE, GAP, BETWEEN = 34, 8, 22   -- pixels of a sample, from it to its text, from there to the next sample
local LETTER, LINE = 8.4, 21             -- pixels of a letter (a wide one takes two columns) and of a row
legend.LINE = LINE
local MARGIN = 12                        -- above and below a legend

local function finite(v) return v == v and math.abs(v) ~= math.huge end

-- Lowest and highest of what the layers have in column c, where `limits` does not say it.
local function extent(panel, c, limits, log)
  local low, high = math.huge, -math.huge
  for _, layer in ipairs(panel.layers) do
    for _, v in ipairs(layer.columns[c]) do
      if finite(v) and (not log or v > 0) then low, high = math.min(low, v), math.max(high, v) end
    end
  end
  low, high = limits and limits[1] or low, limits and limits[2] or high
  if log then low, high = math.log(low), math.log(high) end
  return low, high > low and high or low + 1
end

-- Calls visit(x, y), both from 0 to 1 within the panel, along all that the layers draw.
local function trace(panel, visit)
  local x_low, x_high = extent(panel, 1, panel.xrange, panel.logx)
  local y_low, y_high = extent(panel, 2, panel.yrange, panel.logy)
  local function place(x, y)
    if panel.logx then x = math.log(x) end
    if panel.logy then y = math.log(y) end
    return (x - x_low) / (x_high - x_low), (y - y_low) / (y_high - y_low)
  end
  for _, layer in ipairs(panel.layers) do
    local xs, ys = layer.columns[1], layer.columns[2]
    local pieces = layer.style:find "line" and math.max(1, 400 // #xs) or 1
    local x0, y0
    for i = 1, #xs do
      local x1, y1 = place(xs[i], ys[i])
      if finite(x1) and finite(y1) then
        for k = x0 and 1 or pieces, pieces do
          local part = k / pieces
          visit(x0 and x0 + part * (x1 - x0) or x1, y0 and y0 + part * (y1 - y0) or y1)
        end
        x0, y0 = x1, y1
      else
        x0, y0 = nil, nil
      end
    end
  end
end

--- What the legend of a panel has: a list of {title =, look =, layer =, index =}, in order of the layers.
function legend.entries(panel, in_text)
  local list = {}
  for i, layer in ipairs(panel.layers) do
    if layer.title and not (in_text and layer.aside) then
      local own = look.of(layer, i)
      own.marked = layer.marked
      list[#list + 1] = {title = words.visible(layer.title), look = own, layer = layer, index = i}
    end
  end
  if not in_text and panel.marks and panel.marks[1] and panel.mark_title then
    list[#list + 1] = {title = words.visible(panel.mark_title),
                       look = {color = "#777777", rgb = "#777777", width = 1.2, dash = "'-'", line = true}}
  end
  return list
end

-- The corner in which a box of that width and height (parts of the panel) covers nothing, or nil.
local function empty_corner(panel, width, height)
  if width > 0.7 or height > 0.7 then return nil end
  local covered = {}
  trace(panel, function(x, y)
    for _, corner in ipairs(corners) do
      local across = corner:find "right" and 1 - x or x
      local down = corner:find "top" and 1 - y or y
      if across <= width and down <= height then covered[corner] = true end
    end
  end)
  for _, corner in ipairs(corners) do
    if not covered[corner] then return corner end
  end
end

--- Where the legend of a panel goes on a target that is width by height pixels: words of gnuplot for a corner, "below",
-- or nil for none. panel.key: such words, false for none, nil for the best place.
function legend.place(panel, width, height, target)
  local key = panel.key
  if key == false then return nil end
  if key and key:find("[^%a ]") then error(("plot: %q is no place for a legend"):format(key), 0) end
  local list, longest = legend.entries(panel), 0
  if #list == 0 then return nil end
  if key then return key end
  for _, entry in ipairs(list) do longest = math.max(longest, text_width(entry.title)) end
  -- What gnuplot's own key takes, by the metrics that the terminal has of its font; and what stands around the panel.
  local letter, line = target and target.letter or 8, target and target.line or 20
  local inside = math.max(1, width - 90)
  local high = (#list + 1) * line / math.max(1, height - 100)
  return empty_corner(panel, (longest * letter + 60) / inside, high) or "below"
end

--- gnuplot's commands for a legend in a corner.
function legend.corner(place) return ("set key %s spacing 1.2 samplen 2.5 opaque\n"):format(place) end

-- Whether two lists of entries look alike.
local function alike(a, b)
  if #a ~= #b then return false end
  for i, one in ipairs(a) do
    local l, m = one.look, b[i].look
    if one.title ~= b[i].title or l.rgb ~= m.rgb or l.dash ~= m.dash or l.symbol ~= m.symbol then return false end
  end
  return true
end

--- The entries that all of some panels have in common, if they have the same; else nil.
function legend.shared(panels, in_text)
  local first
  for _, panel in ipairs(panels) do
    local list = legend.entries(panel, in_text)
    if first and not alike(first, list) then return nil end
    first = first or list
  end
  return first
end

--- How entries stand in rows `width` pixels wide and, if `most` is given, at most so many rows: {columns =, rows =,
-- titles =, cell = pixels, height = pixels, entries =}. Titles that are wider than the rows are cut so that they still
-- differ; what does not fit into the rows is counted in the last entry.
function legend.layout(entries, width, most)
  local room = math.max(4, math.floor((width - SAMPLE - GAP - 2 * MARGIN) / LETTER))
  local titles, longest = {}, 0
  for i, entry in ipairs(entries) do titles[i] = entry.title end
  titles = words.distinct(titles, math.min(room, 60))
  for _, title in ipairs(titles) do longest = math.max(longest, text_width(title)) end
  local cell = SAMPLE + GAP + longest * LETTER + BETWEEN
  local columns = math.max(1, math.min(#entries, math.floor((width - 2 * MARGIN + BETWEEN) / cell)))
  local rows = math.ceil(#entries / columns)
  columns = math.ceil(#entries / rows)
  local shown = #entries
  if most and rows > most then
    rows = math.max(1, most)
    shown = rows * columns
    titles[shown] = ("and %d more"):format(#entries - shown + 1)
  end
  return {columns = columns, rows = rows, titles = titles, shown = shown, hidden = shown < #entries, cell = cell,
          height = rows * LINE + 2 * MARGIN, entries = entries}
end

--- Commands that draw a layout in the middle of x0 to x1, its lower edge at y0, all in pixels from the left bottom of a
-- target of width by height. tag: the first of gnuplot's numbers for labels, arrows and objects that are free.
function legend.draw(layout, x0, x1, y0, width, height, tag)
  local commands = {}
  local wide = layout.columns * layout.cell - BETWEEN
  local left = math.max(x0 + MARGIN, (x0 + x1 - wide) / 2)
  for i = 1, layout.shown do
    local x = left + ((i - 1) // layout.rows) * layout.cell
    local y = y0 + layout.height - MARGIN - ((i - 1) % layout.rows + 0.5) * LINE
    if not (layout.hidden and i == layout.shown) then
      commands[#commands + 1] = look.sample(layout.entries[i].look, tag + 2 * i, x, y, SAMPLE, width, height)
    end
    commands[#commands + 1] = ("set label %d %s at screen %.5f,%.5f left front\n"):format(tag + 2 * i + 1,
      gnuplot.quote(layout.titles[i]), (x + SAMPLE + GAP) / width, y / height)
  end
  return table.concat(commands)
end

--- Lines of a legend in characters, no wider than `width`: samples with their names, three blanks apart.
function legend.lines(entries, width, in_color)
  local titles, lines, line, used = {}, {}, "", 0
  for i, entry in ipairs(entries) do titles[i] = entry.title end
  titles = words.distinct(titles, width - 8)
  for i, entry in ipairs(entries) do
    local plain = text_width(look.text_sample(entry.layer, entry.index, false)) + 1 + text_width(titles[i])
    if used > 0 and used + 3 + plain > width - 2 then
      lines[#lines + 1], line, used = "  " .. line, "", 0
    end
    local sample = look.text_sample(entry.layer, entry.index, in_color)
    line = (used > 0 and line .. "   " or "") .. sample .. " " .. titles[i]
    used = (used > 0 and used + 3 or 0) + plain
  end
  if used > 0 then lines[#lines + 1] = "  " .. line end
  return lines
end

return legend
