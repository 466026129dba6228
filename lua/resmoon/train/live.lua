--- The loss of a run as a curve in the terminal, drawn over itself while the network trains.
--
-- It stands where the progress line (progress.lua) would, and answers the same calls. A frame always has the same
-- number of lines.
local Frame    = require "resmoon.plot.frame"
local panel    = require "resmoon.plot.textpanel"
local Progress = require "resmoon.train.progress"
local core     = require "resmoon.core"
local text     = require "resmoon.base.text"
local Trace    = require "resmoon.plot.trace"

local Live = {}
Live.__index = Live

--- Whether there is a terminal to draw in.
Live.possible = Frame.possible

--- name: of the run; epochs: how many there are.
function Live.new(name, epochs)
  return setmetatable({name = text.visible(name or "training"), epochs = epochs, trace = Trace.new(), steps = 0,
                       rows = {}, screen = Frame.new()}, Live)
end

local function epoch_line(row)
  local line = ("epoch %3d  %s"):format(row.epoch, table.concat(Progress.results(row), "  "))
  return line .. "  " .. Progress.duration(row.seconds)
end

local SHOWN = 3  -- epochs below the curve

-- The lines of a frame for a terminal of that size.
function Live:frame(rows, columns)
  local now = self.now
  local height = math.max(4, math.min(rows - SHOWN - 6, 14))
  local lines = {now and text.format("%s %d/%d  step %d/%d  loss %.3f%s  lr %.3g  %.0f img/s  ETA %s",
    self.name, now.epoch, self.epochs, now.step, now.steps, now.loss, Progress.accuracy(now), now.lr, now.rate,
    Progress.duration(now.left)) or self.name}
  local picture = panel({self.trace.points}, columns - 1, height, {1, math.max(2, self.steps)},
                        {"step 1", tostring(self.steps)})
  table.move(picture, 1, #picture, 2, lines)
  for i = math.max(1, #self.rows - SHOWN + 1), math.max(#self.rows, SHOWN) do
    lines[#lines + 1] = self.rows[i] and epoch_line(self.rows[i]) or ""
  end
  lines[1] = core.text_cut(lines[1], columns - 1)
  for i = #lines - SHOWN + 1, #lines do lines[i] = core.text_cut(lines[i], columns - 1) end
  return lines
end

local function draw(self) self.screen:draw(self:frame(Frame.size())) end

--- During an epoch. now: as Progress:step takes it, with `value`, the loss of this step.
function Live:step(now)
  self.now, self.steps = now, self.steps + 1
  self.trace:add(self.steps, now.value or now.loss)
  if self.screen:due() then draw(self) end
end

--- After an epoch. row: a row of the log.
function Live:epoch(row)
  self.rows[#self.rows + 1] = row
  draw(self)
end

--- What was drawn stays; the next frame begins below.
function Live:clear() self.screen:clear() end

--- A line that stays.
function Live:say(line)
  draw(self)
  self:clear()
  io.stdout:write(line, "\n")
  io.stdout:flush()
end

return Live
