--- A figure: panels of layers, written as a gnuplot script, drawn to files or to the screen.
--
--     local f = figure.new({title = "x", size = {900, 500}})
--     local p = f:panel({xlabel = "epoch", ylabel = "loss"})
--     p:add({columns = {xs, ys}, style = "lines", title = "resnet20", colour = 1})
--     f:draw({file = "loss.png"})
--
-- On a screen of characters the panels come one below the other, each as large as the screen.
local gnuplot = require "resmoon.plot.gnuplot"

local figure = {}

--- Okabe and Ito's colours, told apart with any colour vision (jfly.uni-koeln.de/color); black and
-- the darker ones first, since yellow is hard to see on white.
figure.colours = {"#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000", "#999999"}

local function istensor(value) return type(value) == "userdata" and value.totable ~= nil end

--- A list of numbers from a list or a tensor.
function figure.numbers(op, value)
  if istensor(value) then value = value:flatten():totable() end
  if type(value) ~= "table" then
    error(("%s: expected a list of numbers or a tensor, got %s"):format(op, type(value)), 3)
  end
  for i = 1, #value do
    if type(value[i]) ~= "number" then
      error(("%s: element %d is a %s, expected a number"):format(op, i, type(value[i])), 3)
    end
  end
  return value
end

local Panel = {}
Panel.__index = Panel

--- Adds a layer: columns (lists of numbers of equal length), style (a gnuplot plotting style of
-- ours, never of the user), title, colour (a number or "#rrggbb"), dashed, width, faint, point (its
-- size), symbol (gnuplot's number of it; 7: a disc).
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

-- {{position, "label"}, ...}. A label is a format here, so its percent signs are doubled.
local function ticks(axis, list, step)
  if not list then return ("set %stics %s\n"):format(axis, step and step > 0 and number(step) or "autofreq") end
  local parts = {}
  for i, tick in ipairs(list) do
    parts[i] = gnuplot.quote((tostring(tick[2]):gsub("%%", "%%%%"))) .. " " .. number(tick[1])
  end
  return ("set %stics (%s)\n"):format(axis, table.concat(parts, ", "))
end

-- The place of the legend: words such as "top left", or false for none.
local function legend(place, text)
  if place == false then return "unset key\n" end
  place = place or "top right"
  if place:find("[^%a ]") then error(("plot: %q is no place for a legend"):format(place), 0) end
  if text then return ("set key %s\n"):format(place) end
  -- Below the axis it needs room of its own; inside, a ground that hides the grid.
  local below = place:find("bmargin", 1, true)
  return ("set key %s spacing 1.2 samplen 2.5 %s\n"):format(place, below and "\nset bmargin 5.5" or "opaque")
end

local function layer_options(layer, index, text)
  local colour = layer.colour or index
  if type(colour) == "number" then colour = figure.colours[(colour - 1) % #figure.colours + 1] end
  local parts = {"with " .. layer.style}
  if not layer.plain then
    if not colour:find("^#%x%x%x%x%x%x$") then error(("plot: %q is no colour like #0072b2"):format(colour), 0) end
    parts[#parts + 1] = ("lc rgb '#%s%s'"):format(layer.faint and "90" or "", colour:sub(2))
    if layer.style:find("line") then
      local width = layer.width or (layer.faint and 1.3 or 2.2)
      parts[#parts + 1] = ("lw %g dt %s"):format(width, layer.dashed and "'-'" or "1")
    end
    if layer.style:find("point") then
      parts[#parts + 1] = ("pt %d ps %g"):format(layer.symbol or 7, layer.point or 0.6)
    end
  end
  parts[#parts + 1] = layer.title and "title " .. gnuplot.quote(layer.title) or "notitle"
  return text and (parts[1] .. " " .. parts[#parts]) or table.concat(parts, " ")
end

-- The commands that draw one panel. `text`: on a screen of characters.
function Panel:script(prefix, text)
  local parts, plots = {}, {}
  for i, layer in ipairs(self.layers) do
    if not (text and layer.dashed) then
      local name = prefix .. i
      parts[#parts + 1] = data_block(name, layer.columns, layer.block)
      plots[#plots + 1] = ("$%s using %s %s"):format(name, layer.using or "1:2", layer_options(layer, i, text))
    end
  end
  if #plots == 0 then return "" end
  local function label(what, value)
    parts[#parts + 1] = ("set %s %s\n"):format(what, gnuplot.quote(value or ""))
  end
  local title = text and self.text_title or self.title
  if text and self.ylabel and not self.text_title then  -- it cannot be turned: it joins the title
    title = title and ("%s: %s"):format(title, self.ylabel) or self.ylabel
  end
  label("title", title)
  label("xlabel", self.xlabel)
  label("ylabel", not text and self.ylabel)
  parts[#parts + 1] = range("x", self.xrange) .. range("y", self.yrange)
  parts[#parts + 1] = ticks("x", self.xticks, self.xstep) .. ticks("y", self.yticks)
  for _, axis in ipairs {"x", "y"} do
    local log = self["log" .. axis]
    parts[#parts + 1] = ("%s logscale %s\nset format %s %s\n"):format(log and "set" or "unset", axis, axis,
                                                                      log and "'%g'" or "'% h'")
  end
  parts[#parts + 1] = legend(self.key, text)
  if not text then
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

-- All panels side by side, or in rows of self.columns.
function Figure:script(target)
  local parts, text = {}, target.kind == "text"
  if #self.panels > 1 and not text then
    local columns = math.min(self.columns or #self.panels, #self.panels)
    parts[1] = ("set multiplot layout %d,%d%s\n"):format(math.ceil(#self.panels / columns), columns,
      self.title and " title " .. gnuplot.quote(self.title) or "")
  elseif self.title and #self.panels == 1 then
    self.panels[1].title = self.panels[1].title or self.title
  end
  for i, panel in ipairs(self.panels) do parts[#parts + 1] = panel:script("p" .. i .. "_", text) end
  if #self.panels > 1 and not text then parts[#parts + 1] = "unset multiplot\n" end
  return table.concat(parts)
end

local warned = false

--- Draws to options.file (a name, or a list of names), or to the screen.
-- Returns the figure; or nil and the reason, which is also said on stderr (that gnuplot is missing, once).
function Figure:draw(options)
  options = options or {}
  local size = options.size or self.size
  local files = options.file
  if type(files) == "string" then files = {files} end
  local targets = {}
  for i, file in ipairs(files or {}) do targets[i] = gnuplot.file_target(file, size[1], size[2]) end
  local ok, reason = gnuplot.find()
  if ok and not files then targets[1] = gnuplot.screen_target(size[1], size[2]) end
  for _, target in ipairs(targets) do
    if not ok then break end
    if target.kind == "text" and self.as_text then
      self.as_text()
    else
      ok, reason = gnuplot.draw(self:script(target), target)
    end
  end
  if ok then return self end
  local missing = not gnuplot.find()
  if not (missing and warned) then io.stderr:write("plot: ", reason, "\n") end
  warned = warned or missing
  return nil, reason
end

--- A new figure. options: title, size {width, height} in pixels of a file or window, columns (panels in a row; all).
function figure.new(options)
  options = options or {}
  return setmetatable({title = options.title, size = options.size or {800, 500}, columns = options.columns,
                       panels = {}}, Figure)
end

return figure
