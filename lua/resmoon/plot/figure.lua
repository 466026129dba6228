--- A figure: panels of layers, written as a gnuplot script, drawn to files or to the screen.
--
--     local f = figure.new({title = "x", size = {900, 500}})
--     local p = f:panel({xlabel = "epoch", ylabel = "loss"})
--     p:add({columns = {xs, ys}, style = "lines", title = "resnet20", color = 1})
--     f:draw({file = "loss.png"})
--
-- On a screen of characters the panels come one below the other, each as large as the screen.
local fail    = require "resmoon.base.fail"
local core    = require "resmoon.core"
local gnuplot = require "resmoon.plot.gnuplot"
local legend  = require "resmoon.plot.legend"
local text    = require "resmoon.base.text"
local options_of = require "resmoon.base.options"

local figure = {}

--- Okabe and Ito's colors, told apart with any color vision (jfly.uni-koeln.de/color); black and
-- the darker ones first, since yellow is hard to see on white.
figure.colors = {"#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000", "#999999"}

-- Gnuplot's dash patterns; with them more lines than there are colors are told apart.
local dashes = {"1", "'-'", "'.'", "'_.'"}

--- Checks a table of options: all figures take file, title and size, and each what `names` (words) says.
function figure.options(op, given, names)
  local list = {"file", "title", "size"}
  for name in (names or ""):gmatch "%S+" do list[#list + 1] = name end
  return options_of(op, given, list)
end

--- The least of 1, 2, 5, 10, 20, 50, ... that is not below x: steps at which people count.
function figure.round_step(x)
  local power = 10 ^ math.max(0, math.floor(math.log(math.max(x, 1), 10)))
  for _, factor in ipairs {1, 2, 5, 10} do
    if factor * power >= x then return math.floor(factor * power) end
  end
end

--- A list of numbers from a list or a tensor.
function figure.numbers(op, value)
  if core.is_tensor(value) then value = value:flatten():totable() end
  if type(value) ~= "table" then
    fail("%s: expected a list of numbers or a tensor, got %s", op, type(value))
  end
  for i = 1, #value do
    if type(value[i]) ~= "number" then
      fail("%s: element %d is a %s, expected a number", op, i, type(value[i]))
    end
  end
  return value
end

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
  local function limit(x) return x and number(x) or "*" end
  return ("set %srange [%s:%s]\n"):format(axis, limit(limits[1]), limit(limits[2]))
end

-- {{position, "label"}, ...}. A label is a format here, so its percent signs are doubled. `room`: letters for each.
local function ticks(axis, list, step, room)
  if not list then return ("set %stics %s\n"):format(axis, step and step > 0 and number(step) or "autofreq") end
  local parts, labels = {}, {}
  for i, tick in ipairs(list) do labels[i] = text.visible(tick[2]) end
  labels = text.distinct(labels, room or 60)  -- a longer one would take the whole figure
  for i, tick in ipairs(list) do
    parts[i] = gnuplot.quote((labels[i]:gsub("%%", "%%%%"))) .. " " .. number(tick[1])
  end
  return ("set %stics (%s)\n"):format(axis, table.concat(parts, ", "))
end

-- A line whose color was used up looks dash-dotted, then dotted.
local ROUNDS = {1, 4, 3, 2}

local function layer_options(layer, index, in_text)
  local color, round = layer.color or index, 0
  if type(color) == "number" then
    color, round = figure.colors[(color - 1) % #figure.colors + 1], (color - 1) // #figure.colors
  end
  local parts = {"with " .. layer.style}
  if not layer.plain then
    if not color:find("^#%x%x%x%x%x%x$") then error(("plot: %q is no color like #0072b2"):format(color), 0) end
    parts[#parts + 1] = ("lc rgb '#%s%s'"):format(layer.faint and "90" or "", color:sub(2))
    if layer.style:find("line") then
      local width = layer.width or (layer.faint and 1.3 or 2.2)
      local dash = layer.dashed == true and 2 or layer.dashed or ROUNDS[round % #ROUNDS + 1]
      parts[#parts + 1] = ("lw %g dt %s"):format(width, dashes[(dash - 1) % #dashes + 1])
    end
    if layer.style:find("point") then
      parts[#parts + 1] = ("pt %d ps %g"):format(layer.symbol or 7, layer.point or 0.6)
    end
  end
  parts[#parts + 1] = layer.title and "title " .. gnuplot.quote(layer.title) or "notitle"
  return in_text and (parts[1] .. " " .. parts[#parts]) or table.concat(parts, " ")
end

-- Dashed gray lines from the bottom to the top at the x of panel.marks, which say where something happened.
-- Returns the commands, and the entry of the legend: a line that is drawn nowhere.
local function marks(panel, in_text)
  local lines, look = {}, in_text and "" or "lw 1.2 dt '-' lc rgb '#777777'"
  for i, x in ipairs(panel.marks or {}) do
    lines[i] = ("set arrow %d from first %s, graph 0 to first %s, graph %g nohead %s\n"):format(i, number(x), number(x),
      in_text and 0.97 or 1, look)
  end
  local entry = lines[1] and panel.mark_title and not in_text
    and ("NaN with lines %s title %s"):format(look, gnuplot.quote(panel.mark_title))
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

-- The commands that draw one panel on a target that is width by height; of_figure: the figure's title, if it is to be
-- said here.
function Panel:script(prefix, width, height, in_text, of_figure)
  local parts, plots = {}, {}
  for i, layer in ipairs(self.layers) do
    if not (in_text and layer.aside) then
      local name = prefix .. i
      parts[#parts + 1] = data_block(name, layer.columns, layer.block)
      plots[#plots + 1] = ("$%s using %s %s"):format(name, layer.using or "1:2", layer_options(layer, i, in_text))
    end
  end
  if #plots == 0 then return "" end
  local function label(what, value)
    parts[#parts + 1] = ("set %s %s\n"):format(what, gnuplot.quote(value or ""))
  end
  label("title", in_text and text_title(self, of_figure) or not in_text and self.title)
  label("xlabel", self.xlabel)
  label("ylabel", not in_text and self.ylabel)
  parts[#parts + 1] = range("x", self.xrange) .. range("y", self.yrange)
  parts[#parts + 1] = ticks("x", self.xticks, self.xstep, in_text and (width - 10) // #(self.xticks or {1}) - 1)
                      .. ticks("y", self.yticks)
  for _, axis in ipairs {"x", "y"} do
    local log = self["log" .. axis]
    parts[#parts + 1] = ("%s logscale %s\nset format %s %s\n"):format(log and "set" or "unset", axis, axis,
                                                                      log and "'%g'" or "'% h'")
  end
  local arrows, entry = marks(self, in_text)
  plots[#plots + 1] = entry or nil
  parts[#parts + 1] = arrows .. legend.commands(self, width, height, in_text)
  if not in_text then
    parts[#parts + 1] = "set grid lt 1 lc rgb '#e4e4e4' lw 1\nset border 3 lc rgb '#555555'\nset tics nomirror\n"
  end
  parts[#parts + 1] = (self.settings or "") .. "plot " .. table.concat(plots, ", ") .. "\n"
  return table.concat(parts)
end

local Figure = {}
Figure.__index = Figure
Figure.prompt = false  -- the prompt does not print it: it has been seen

function Figure:panel(options)
  local panel = {layers = {}}
  for key, value in pairs(options or {}) do panel[key] = value end
  self.panels[#self.panels + 1] = setmetatable(panel, Panel)
  return panel
end

-- All panels side by side, or in rows of self.columns; of characters one below the other.
function Figure:script(target)
  local parts, in_text = {}, target.kind == "text"
  local columns = in_text and 1 or math.min(self.columns or #self.panels, #self.panels)
  local rows = in_text and 1 or math.ceil(#self.panels / columns)
  local width, height = target.width // columns, target.height // rows
  if #self.panels > 1 and not in_text then
    parts[1] = ("set multiplot layout %d,%d%s\n"):format(rows, columns,
      self.title and " title " .. gnuplot.quote(self.title) or "")
  elseif self.title and #self.panels == 1 then
    self.panels[1].title = self.panels[1].title or self.title
  end
  for i, panel in ipairs(self.panels) do
    local of_figure = i == 1 and #self.panels > 1 and self.title
    parts[#parts + 1] = panel:script("p" .. i .. "_", width, height, in_text, of_figure)
  end
  if #self.panels > 1 and not in_text then parts[#parts + 1] = "unset multiplot\n" end
  return table.concat(parts)
end

local warned = false

-- Says on stderr why there is no figure on the screen, and that gnuplot is missing, once.
local function say(reason)
  local missing = not gnuplot.find()
  if not (missing and warned) then io.stderr:write("plot: ", reason, "\n") end
  warned = warned or missing
  return nil, reason
end

-- Draws all files. One that cannot be drawn or written is an error: what was there before is there still.
local function write(self, files, size)
  local targets = {}
  for i, file in ipairs(files) do targets[i] = gnuplot.file_target(file, size[1], size[2]) end
  local found, missing = gnuplot.find()
  if not found then return say(missing) end
  for _, target in ipairs(targets) do
    local ok, reason = gnuplot.draw(self:script(target), target)
    if not ok then error("plot: " .. reason, 0) end
  end
  return self
end

--- Draws to options.file (a name, or a list of names), or to the screen.
-- Returns the figure; or, without gnuplot or for a screen that fails, nil and the reason, which is also said on stderr.
-- Errors: raises for a file that cannot be written, with its name and the reason.
function Figure:draw(options)
  options = options or {}
  local size = options.size or self.size
  local files = options.file
  if files then return write(self, type(files) == "string" and {files} or files, size) end
  local found, missing = gnuplot.find()
  if not found and not self.as_text then return say(missing) end
  local target = found and gnuplot.screen_target(size[1], size[2])
  if self.as_text and (not target or target.kind == "text") then  -- characters need no gnuplot
    self.as_text()
    return self
  end
  local ok, reason = gnuplot.draw(self:script(target), target)
  if ok then return self end
  return say(reason)
end

--- A new figure. options: title, size {width, height} in pixels of a file or window, columns (panels in a row; all).
function figure.new(options)
  options = options or {}
  return setmetatable({title = options.title, size = options.size or {800, 500}, columns = options.columns,
                       panels = {}}, Figure)
end

return figure
