--- Curves that grow while a loop of your own runs.
--
--     local live <close> = plot.live {title = "my net"}
--     for step = 1, 1000 do
--       ...
--       live:add {loss = loss:item(), error = {train = a, test = b}}
--     end
--
-- Each name has a panel of its own; the numbers of a table are curves in one panel. In a terminal the curves are drawn
-- over themselves in characters, which needs no gnuplot; where there is a window (help "plot"), one gnuplot
-- draws it anew; a file is rewritten now and then. Where the output is no terminal nothing is seen before close,
-- which shows the figure. Close it, or let it be a `<close>` variable, so that the last values are drawn.
--
-- Call: plot.live {title = nil, xlabel = "step", file = nil, size = nil} -> live
-- Options: title   above it; xlabel: what is counted
--  file    name ending in .png, .svg or .pdf, or a list of them: written at close, and every 5 seconds before
--  size    {width, height} in pixels of a file or a window
-- Errors: raises for unknown options, or another suffix.
-- Example:
--   > live = plot.live {file = "live.svg"}
--   > for step = 1, 20 do live:add {loss = 1 / step} end
--   > live:close()
--   true
--   > rm.sys.exists "live.svg"
--   true
-- See: watch, plot.lines
local class   = require "resmoon.base.class"
local fail    = require "resmoon.base.fail"
local figure  = require "resmoon.plot.figure"
local Frame   = require "resmoon.plot.frame"
local gnuplot = require "resmoon.plot.gnuplot"
local panel_of   = require "resmoon.plot.textpanel"
local textcurve  = require "resmoon.plot.textcurve"
local Trace   = require "resmoon.plot.trace"
local sys     = require("resmoon.core").sys
local text    = require "resmoon.base.text"

local Live = class("plot.live")

local FILE_SECONDS = 5     -- between two writings of a file
local LEAST, MOST = 3, 14  -- rows of a panel's curves in characters

function Live:init(options)
  options = figure.options("plot.live", options, "xlabel")
  self.title, self.xlabel, self.size = options.title, options.xlabel or "step", options.size
  self.files = type(options.file) == "string" and {options.file} or options.file
  for _, file in ipairs(self.files or {}) do gnuplot.file_target(file, 1, 1) end  -- raises for what cannot be drawn
  self.panels, self.count, self.written = {}, 0, sys.clock()
  self.target = gnuplot.window_target(table.unpack(options.size or {1000, 440}))
  self.screen = (self.target or Frame.possible()) and Frame.new() or nil
end

-- --- drawing --------------------------------------------------------------------------------

-- "loss 0.532", or "error  * test 0.5  o train 0.4": the values now, no wider than `width`.
local function heading(panel, width)
  local line = text.cut(text.visible(panel.name), width)
  local used = text.width(line)
  for i, series in ipairs(panel.series) do
    local value = text.format("%.4g", series.value)
    local words = #panel.series == 1 and series.name == "" and value or text.visible(series.name) .. " " .. value
    local sample = #panel.series > 1 and textcurve.sample(i) .. " " or ""
    used = used + 2 + (sample ~= "" and 2 or 0) + text.width(words)
    if used > width then break end
    line = line .. "  " .. sample .. words
  end
  return line
end

-- The lines of a frame for a terminal of that size: as many panels as it holds.
local function frame(self, rows, columns)
  local room = rows - 2 - (self.title and 1 or 0)
  local shown = math.max(1, math.min(#self.panels, room // (LEAST + 3)))
  local height = math.max(LEAST, math.min(MOST, room // shown - 3))
  local lines = {self.title and text.visible(self.title)}
  local x = {self.first, math.max(self.last, self.first + 1e-9)}
  for i = 1, shown do
    local panel, points = self.panels[i], {}
    for k, series in ipairs(panel.series) do points[k] = series.trace.points end
    lines[#lines + 1] = heading(panel, columns - 1)
    local picture = panel_of(points, columns - 1, height, x,
                             {("%s %g"):format(self.xlabel, self.first), ("%g"):format(self.last)})
    table.move(picture, 1, #picture, #lines + 1, lines)
  end
  if shown < #self.panels then lines[#lines + 1] = ("(%d of %d panels)"):format(shown, #self.panels) end
  return lines
end

local function figure_of(self)
  local f = figure.new({title = self.title, size = self.size or {math.min(1500, 520 * math.max(#self.panels, 1.5)) // 1,
                                                                 440}})
  for _, panel in ipairs(self.panels) do
    local p = f:panel({title = panel.name, text_title = panel.name, xlabel = self.xlabel})
    for i, series in ipairs(panel.series) do
      local x, y = series.trace:columns()
      p:add({columns = {x, y}, style = #x < 3 and "linespoints" or "lines", color = i,
             title = series.name ~= "" and series.name or nil})
    end
  end
  return f
end

-- Sends the figure to the window; one that is gone is not asked for again.
local function draw_window(self)
  if self.lost then return end
  local script = figure_of(self):script(self.target)
  if not self.process then
    local reason
    self.process, reason = sys.spawn({gnuplot.find(), "-d", "-persist"}, {quiet = true})
    if not self.process then
      self.lost = reason
      return
    end
    script = gnuplot.prelude(self.target) .. script
  end
  local ok, reason = self.process:write(script)
  if not ok then
    self.lost = reason
    io.stderr:write("plot: the window is gone: ", reason, "\n")
  end
end

local function draw(self)
  if self.target then
    draw_window(self)
    self.screen.drawn = sys.clock()
  else
    self.screen:draw(frame(self, Frame.size()))
  end
end

local function write(self)
  self.written = sys.clock()
  return figure_of(self):draw({file = self.files})
end

-- In between: a disk that is full now is no reason to end what is being watched. It is said once; close raises.
local function try_to_write(self)
  local ok, reason = pcall(write, self)
  if ok or self.complained then return end
  self.complained = true
  io.stderr:write(tostring(reason), "\n")
end

-- --- points ---------------------------------------------------------------------------------

local function check_number(name, value)
  if type(value) ~= "number" then
    fail("live:add: %s is %k, expected a number", name, value)
  end
  return value
end

-- Names of a table in an order that does not change.
local function names_of(values)
  local names = {}
  for name in pairs(values) do
    if name ~= "x" then names[#names + 1] = tostring(name) end
  end
  table.sort(names)
  return names
end

-- The entry of that name in a list, a new one behind the others if there is none.
local function entry(list, name, new)
  if not list[name] then
    new.name = name
    list[#list + 1], list[name] = new, new
  end
  return list[name]
end

--- More points: values by name. x counts 1, 2, ... unless it is given.
-- Call: live:add {loss = 1.2, error = {train = 0.4, test = 0.5}, x = nil} -> live
-- Errors: raises for what is not a number, and after close.
-- Example:
--   > live = plot.live {file = "growing.svg"}
--   > live:add {loss = 2}:add {loss = 1, x = 10}
--   plot.live: loss, 2 points up to step 10
function Live:add(values)
  if self.closed then fail("live:add: it was closed") end
  if type(values) ~= "table" then fail("live:add: expected values by name, got %s", type(values)) end
  local x = values.x == nil and (self.last or 0) + 1 or check_number("x", values.x)
  local new = {}
  for _, name in ipairs(names_of(values)) do
    local value = values[name]
    if type(value) == "table" then
      for _, inner in ipairs(names_of(value)) do
        new[#new + 1] = {name, inner, check_number(name .. "." .. inner, value[inner])}
      end
    else
      new[#new + 1] = {name, "", check_number(name, value)}
    end
  end
  for _, each in ipairs(new) do  -- all, or if one was not a number, none
    local panel = entry(self.panels, each[1], {series = {}})
    local series = entry(panel.series, each[2], {trace = Trace.new()})
    series.trace:add(x, each[3])
    series.value = each[3]
  end
  self.first, self.last, self.count = self.first or x, x, self.count + 1
  if self.screen and self.screen:due() then draw(self) end
  if self.files and sys.clock() - self.written >= FILE_SECONDS and gnuplot.find() then try_to_write(self) end
  return self
end

function Live:__tostring()
  local names = {}
  for i, panel in ipairs(self.panels) do names[i] = panel.name end
  return ("plot.live: %s, %d points%s%s"):format(#names > 0 and table.concat(names, ", ") or "nothing yet", self.count,
    self.last and (" up to %s %g"):format(self.xlabel, self.last) or "", self.closed and ", closed" or "")
end

--- Draws the last values, writes the file, and lets go of the window, which stays open. Closing twice is closing once.
-- Call: live:close() -> true
-- Errors: raises for a file that cannot be written. Without gnuplot a file, or a figure where there is no terminal,
-- cannot be drawn: nil and the reason.
-- Example:
--   > live = plot.live {file = "closed.svg"}
--   > live:close()
--   true
function Live:close()
  if self.closed then return true end
  self.closed = true
  if self.count == 0 then return true end
  if self.screen then draw(self) end
  if self.process then self.process:wait() end
  local drawn, reason = true, nil
  if self.files then drawn, reason = write(self)
  elseif not self.screen then drawn, reason = figure_of(self):draw() end
  if not drawn then return nil, reason end
  return true
end

function Live:__close() Live.close(self) end

return Live
