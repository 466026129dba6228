--- A panel of a figure: layers, axes and a legend, as commands of gnuplot.
--
-- panel.settings are further commands, a text or a function of the names' prefix that gives one: $PREFIX1 is the data
-- of the first layer. panel.splot has the layers drawn in three dimensions. A layer with `source` has no columns: its
-- data are $PREFIX followed by that, which the settings make.
local fail    = require "resmoon.base.fail"
local gnuplot = require "resmoon.plot.gnuplot"
local legend  = require "resmoon.plot.legend"
local look    = require "resmoon.plot.look"
local markers = require "resmoon.plot.markers"
local ticks   = require "resmoon.plot.ticks"

local cut = require("resmoon.base.text").cut

local Panel = {}
Panel.__index = Panel

--- Adds a layer: columns (lists of numbers of equal length), style (a gnuplot plotting style of
-- ours, never of the user), title, color (a number or "#rrggbb"), dashed (true, or the number of a pattern, 1 to 4:
-- solid, dashed, dotted, dash-dot), aside (true: left out in characters, where lines look alike), width, faint, point
-- (its size), symbol (gnuplot's number of it; 7: a disc).
function Panel:add(layer)
  self.layers[#self.layers + 1] = layer
  return self
end

local function number(x)
  if x ~= x or x == math.huge or x == -math.huge then return "NaN" end
  return ("%.9g"):format(x)
end

-- "$d1 << EOD ... EOD": a line for each element. A blank line ends each `block` of lines.
local function data_block(name, columns, block)
  local lines = {("$%s << EOD"):format(name)}
  for i = 1, #columns[1] do
    local fields = {}
    for c = 1, #columns do fields[c] = number(columns[c][i]) end
    lines[#lines + 1] = table.concat(fields, " ")
    if block and i % block == 0 then lines[#lines + 1] = "" end
  end
  lines[#lines + 1] = "EOD\n"
  return table.concat(lines, "\n")
end

local function range(axis, limits)
  if not limits then return ("set %srange [*:*]\n"):format(axis) end
  local function limit(x)
    if not x then return "*" end
    if type(x) ~= "number" then fail("plot: a limit of %srange is %k, expected a number", axis, x) end
    return number(x)
  end
  return ("set %srange [%s:%s]\n"):format(axis, limit(limits[1]), limit(limits[2]))
end

-- Dashed gray lines from the bottom to the top at the x of panel.marks, which say where something happened.
-- Returns the commands, and the entry of the legend: a line that is drawn nowhere.
local function marks(panel, in_text)
  local lines, how = {}, in_text and "" or "lw 1.2 dt '-' lc rgb '#777777'"
  for i, x in ipairs(panel.marks or {}) do
    lines[i] = ("set arrow %d from first %s, graph 0 to first %s, graph %g nohead %s\n"):format(i, number(x), number(x),
      in_text and 0.97 or 1, how)
  end
  local entry = lines[1] and panel.mark_title and not in_text
    and ("NaN with lines %s title %s"):format(how, gnuplot.quote(panel.mark_title))
  return "unset arrow\n" .. table.concat(lines), entry
end

-- The title of a panel in characters: there the name of the axis cannot be turned, and joins it, as does what the marks
-- mean, and what the whole figure is called.
local function text_title(panel, of_figure)
  local title = panel.text_title or panel.title and panel.ylabel and ("%s: %s"):format(panel.title, panel.ylabel)
    or panel.title or panel.ylabel
  if of_figure then title = title and ("%s: %s"):format(of_figure, title) or of_figure end
  if panel.marks and panel.marks[1] and panel.mark_title then
    title = ("%s (| %s)"):format(title or "", panel.mark_title)
  end
  return title
end

--- Finds the markers that tell curves apart (markers.lua); again each time, since layers may have come.
function Panel:mark(in_text)
  local letter = 0
  for _, layer in ipairs(self.layers) do
    layer.marked = nil
    if in_text and layer.title and not layer.aside then  -- letters in order, whatever the colors are
      letter = letter + 1
      layer.text_number = letter
    end
  end
  self.marking = markers.of(self, in_text)
  return self
end

-- Data blocks and plots of all layers: points of lines that have no neighbor, then, on top, markers.
local function layers(panel, prefix, in_text)
  local parts, plots = {}, {}
  local function add(layer, index, more)
    local name = prefix .. (layer.source or #plots + 1)
    if not layer.source then parts[#parts + 1] = data_block(name, layer.columns, layer.block) end
    plots[#plots + 1] = ("$%s using %s %s notitle"):format(name, layer.using or "1:2",
      in_text and look.text_words(layer, index) or look.words(layer, index) .. (more or ""))
  end
  for i, layer in ipairs(panel.layers) do
    if not (in_text and layer.aside) then
      add(layer, i)
      local alone = markers.alone(layer, i)
      if alone then add(alone, i) end
    end
  end
  for i, layer in ipairs(panel.marking or {}) do add(layer, i) end
  return parts, plots
end

-- Ranges, ticks and scales of both axes. room: letters for each name at the x axis.
local function axes(panel, area, in_text, room)
  -- The panel before may have had a logarithmic axis, on which a range from 0 is none.
  local parts = {"unset logscale\n" .. range("x", panel.xrange), range("y", panel.yrange), panel.inset and not in_text
                 and "set offsets graph 0.04, graph 0.04, graph 0.05, graph 0.05\n" or "set offsets\n"}
  if not in_text then parts[4] = "set xtics norotate\n" end
  local across, up = math.max(1, area.width - (in_text and 10 or 90)), math.max(1, area.height - (in_text and 5 or 100))
  parts[#parts + 1] = ticks.commands(panel, "x", across, in_text, room)
  parts[#parts + 1] = ticks.commands(panel, "y", up, in_text)
  for _, axis in ipairs {"x", "y"} do
    local log = panel["log" .. axis]
    parts[#parts + 1] = ("%s logscale %s\nset format %s %s\n"):format(log and "set" or "unset", axis, axis,
                                                                      log and "'%g'" or "'% h'")
  end
  return table.concat(parts)
end

local function label(what, value) return ("set %s %s\n"):format(what, gnuplot.quote(value or "")) end

-- The panel's own settings, and the command that draws.
local function drawing(panel, prefix)
  local settings = panel.settings or ""
  if type(settings) == "function" then settings = settings(prefix) end
  return settings .. (panel.splot and "splot " or "plot ")
end

--- The commands that draw a panel in an area {width =, height = (pixels), place = of its legend} of a file or a window.
-- extra: commands for labels and the like that stand outside of it.
function Panel:script(prefix, area, extra)
  local parts, plots = layers(self, prefix, false)
  if #plots == 0 then return "" end
  local corner = area.place and area.place ~= "below"
  for i, layer in ipairs(corner and self.layers or {}) do  -- what only the legend shows
    if layer.title then
      local sample = layer.marked and setmetatable({style = "linespoints"}, {__index = layer}) or layer
      plots[#plots + 1] = ("NaN %s title %s"):format(look.words(sample, i), gnuplot.quote(layer.title))
    end
  end
  local arrows, entry = marks(self)
  if corner then plots[#plots + 1] = entry or nil end
  parts[#parts + 1] = label("title", self.title) .. label("xlabel", self.xlabel) .. label("ylabel", self.ylabel)
  parts[#parts + 1] = axes(self, area, false)
  parts[#parts + 1] = "unset label\nunset object\n" .. arrows .. (extra or "")
  parts[#parts + 1] = corner and legend.corner(area.place) or "unset key\n"
  parts[#parts + 1] = "set grid lt 1 lc rgb '#e4e4e4' lw 1\nset border 3 lc rgb '#555555'\nset tics nomirror\n"
  parts[#parts + 1] = drawing(self, prefix) .. table.concat(plots, ", ") .. "\n"
  return table.concat(parts)
end

--- The same in characters, without the legend. of_figure: the figure's title, if it is to be said here.
function Panel:text_script(prefix, area, of_figure)
  local parts, plots = layers(self, prefix, true)
  if #plots == 0 then return "" end
  parts[#parts + 1] = label("title", cut(text_title(self, of_figure) or "", area.width - 4))
  parts[#parts + 1] = label("xlabel", self.xlabel) .. label("ylabel")
  parts[#parts + 1] = axes(self, area, true, (area.width - 10) // #(self.xticks or {1}) - 1)
  parts[#parts + 1] = (marks(self, true)) .. "unset key\n"
  parts[#parts + 1] = drawing(self, prefix) .. table.concat(plots, ", ") .. "\n"
  return table.concat(parts)
end

return Panel
