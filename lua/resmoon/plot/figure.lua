--- A figure: panels of layers, written as a gnuplot script, drawn to files or to the screen.
--
--     local f = figure.new({title = "x", size = {900, 500}})
--     local p = f:panel({xlabel = "epoch", ylabel = "loss"})
--     p:add({columns = {xs, ys}, style = "lines", title = "resnet20", color = 1})
--     f:draw({file = "loss.png"})
--
-- On a screen of characters the panels come one below the other, each as large as the screen. A legend that is not in
-- an empty corner of its panel stands outside, below it, or once below all where the panels have the same; the figure
-- is so much higher, unless the caller has given its size.
local check   = require "resmoon.base.check"
local fail    = require "resmoon.base.fail"
local lists   = require "resmoon.base.list"
local core    = require "resmoon.core"
local gnuplot = require "resmoon.plot.gnuplot"
local legend  = require "resmoon.plot.legend"
local Panel   = require "resmoon.plot.panel"
local ticks   = require "resmoon.plot.ticks"
local options_of = require "resmoon.base.options"

local figure = {colors = require("resmoon.plot.look").colors, round_step = ticks.round_step}

local MOST_PIXELS = 32767  -- of Cairo's images
local TITLE = 34  -- pixels for the title above several panels

local kinds = {file = {"string", "string[]"}, size = {"number[]"}, title = {"string", "number"}, error = {"string"},
               xlabel = {"string", "number"}, ylabel = {"string", "number"}, format = {"string"},
               as_text = {"function"}, from = {"number"},
               xrange = {"table"}, yrange = {"table"}, logy = {"boolean"}, panels = {"table[]"}}

--- Checks a table of options: all figures take file, title and size, and each what `names` (words) says.
function figure.options(op, given, names)
  local list = {"file", "title", "size"}
  for name in (names or ""):gmatch "%S+" do list[#list + 1] = name end
  options_of(op, given, list)
  for name, kind in pairs(kinds) do
    if given and given[name] ~= nil then check.value(op, name, given[name], kind) end
  end
  local size = given and given.size or {MOST_PIXELS, MOST_PIXELS}
  if #size ~= 2 then fail("%s: size has %d numbers, expected 2", op, #size) end
  for i, pixels in ipairs(size) do
    if not check.is(pixels, "integer") or pixels < 1 or pixels > MOST_PIXELS then
      fail("%s: size[%d] is %s, expected 1 to %d pixels", op, i, pixels, MOST_PIXELS)
    end
  end
  return given or {}
end

--- A list of numbers from a list or a tensor.
function figure.numbers(op, value)
  if core.is_tensor(value) then value = value:flatten():totable() end
  if type(value) ~= "table" then
    fail("%s: expected a list of numbers or a tensor, got %s", op, type(value))
  end
  for i = 1, #value do
    if type(value[i]) ~= "number" then
      fail("%s: element %d is %k, expected a number", op, i, value[i])
    end
  end
  lists.check(op, value, "numbers")
  return value
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

-- How the figure is put together on a target: rows and columns of panels, where the legend of each goes, the one that
-- several have in common, and the height of all. `grows`: whether a legend outside makes the figure higher.
local function arrange(self, target, grows)
  local n, plan = #self.panels, {places = {}, layouts = {}}
  plan.columns = math.max(1, math.min(self.columns or n, n))
  plan.rows = math.max(1, math.ceil(n / plan.columns))
  plan.title = n > 1 and self.title and TITLE or 0
  local width, height = target.width / plan.columns, (target.height - plan.title) / plan.rows
  local free = true
  for i, panel in ipairs(self.panels) do
    panel:mark()
    plan.places[i] = legend.place(panel, width, height, target)
    free = free and plan.places[i] ~= nil and (panel.key == nil or panel.key == "below")
  end
  -- What all panels have in common is said once.
  local shared = n > 1 and free and legend.shared(self.panels)
  for i = 1, shared and n or 0 do plan.places[i] = "below" end
  -- A legend takes at most two fifths of a figure that cannot grow.
  local function layout(entries, wide, high)
    return legend.layout(entries, wide, not grows and high * 0.4 // legend.LINE or nil)
  end
  plan.below, plan.each = 0, 0
  if shared then
    plan.shared = layout(shared, target.width, target.height)
    plan.below = plan.shared.height
  else
    for i, panel in ipairs(self.panels) do
      if plan.places[i] == "below" then
        plan.layouts[i] = layout(legend.entries(panel), width, height)
        plan.each = math.max(plan.each, plan.layouts[i].height)
      end
    end
  end
  plan.height = target.height + (grows and plan.below + plan.rows * plan.each or 0)
  return plan
end

-- All panels side by side, or in rows of self.columns, each in a part of the target that no legend outside reaches
-- into.
function Figure:script(target)
  local plan = arrange(self, target, target.grows)
  local width, height, parts = target.width, plan.height, {}
  if target.grows then target.height, target.grows = height, false end
  if #self.panels > 1 then parts[1] = "set multiplot\n"
  elseif self.title and #self.panels == 1 then self.panels[1].title = self.panels[1].title or self.title end
  local cell_w, cell_h = width / plan.columns, (height - plan.title - plan.below) / plan.rows
  for i, panel in ipairs(self.panels) do
    local x0, top = (i - 1) % plan.columns * cell_w, height - plan.title - (i - 1) // plan.columns * cell_h
    local extra = ""
    if i == 1 and plan.title > 0 then
      extra = ("set label 1 %s at screen 0.5,%.5f center front\n"):format(gnuplot.quote(self.title),
        1 - TITLE / 2 / height)
    end
    if plan.layouts[i] then
      extra = extra .. legend.draw(plan.layouts[i], x0, x0 + cell_w, top - cell_h, width, height, 1000)
    end
    if plan.shared and i == #self.panels then
      extra = extra .. legend.draw(plan.shared, 0, width, 0, width, height, 1000)
    end
    local area = {width = cell_w, height = cell_h - plan.each, place = plan.places[i]}
    parts[#parts + 1] = ("set origin %.5f,%.5f\nset size %.5f,%.5f\n"):format(x0 / width,
      (top - cell_h + plan.each) / height, cell_w / width, area.height / height)
    parts[#parts + 1] = panel:script("p" .. i .. "_", area, extra)
  end
  if #self.panels > 1 then parts[#parts + 1] = "unset multiplot\n" end
  return table.concat(parts)
end

-- Of characters the panels come one below the other, with a legend below each, or below all if it is the same.
-- Returns true, or nil and the reason.
local function draw_text(self, target)
  for _, panel in ipairs(self.panels) do panel:mark(true) end
  local shared = #self.panels > 1 and legend.shared(self.panels, true)
  for i, panel in ipairs(self.panels) do
    local wanted = panel.key ~= false and (not shared or i == #self.panels)
    local lines = wanted and legend.lines(shared or legend.entries(panel, true), target.width, target.color) or {}
    if i == 1 and #self.panels == 1 then panel.title = panel.title or self.title end
    local own = {}
    for key, value in pairs(target) do own[key] = value end
    own.height = math.max(target.height * 2 // 3, target.height - #lines)
    own.terminal = target.form:format(own.width, own.height)
    local script = panel:text_script("p" .. i .. "_", own, i == 1 and #self.panels > 1 and self.title)
    if script ~= "" then
      local ok, reason = gnuplot.draw(script, own)
      if not ok then return nil, reason end
      for _, line in ipairs(lines) do io.stdout:write(line, "\n") end
    end
  end
  io.stdout:flush()
  return true
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
local function write(self, files, size, grows)
  for _, file in ipairs(files) do gnuplot.file_target(file, size[1], size[2]) end  -- raises for what cannot be drawn
  local found, missing = gnuplot.find()
  if not found then return say(missing) end
  for _, file in ipairs(files) do
    local target = gnuplot.file_target(file, size[1], size[2])
    target.grows = grows
    local script = self:script(target)
    if grows then target = gnuplot.file_target(file, size[1], target.height) end
    local ok, reason = gnuplot.draw(script, target)
    if not ok then error("plot: " .. reason, 0) end
  end
  return self
end

--- Draws to options.file (a name, or a list of names), or to the screen. options.size is kept to; without it a legend
-- outside of the panels adds to the height.
-- Returns the figure; or, without gnuplot or for a screen that fails, nil and the reason, which is also said on stderr.
-- Errors: raises for a file that cannot be written, with its name and the reason.
function Figure:draw(options)
  options = options or {}
  local size = options.size or self.size
  local files = options.file
  if files then return write(self, type(files) == "string" and {files} or files, size, not options.size) end
  local found, missing = gnuplot.find()
  if not found and not self.as_text then return say(missing) end
  local target = found and gnuplot.screen_target(size[1], size[2])
  if self.as_text and (not target or target.kind == "text") then  -- characters need no gnuplot
    self.as_text()
    return self
  end
  local ok, reason
  if target.kind == "text" then ok, reason = draw_text(self, target)
  else ok, reason = gnuplot.draw(self:script(target), target) end
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
