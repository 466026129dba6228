--- The loss of a run as a curve in the terminal, drawn over itself while the network trains.
--
-- It stands where the progress line (progress.lua) would, and answers the same calls. A frame is written in one
-- piece and always has the same number of lines, so that the next one can begin where it began. Of a long
-- run neighbouring steps are averaged, so that memory and drawing stay small.
local core     = require "resmoon.core"
local curve    = require "resmoon.plot.textcurve"
local Progress = require "resmoon.train.progress"
local sys      = core.sys

local Live = {}
Live.__index = Live

local REDRAW = 0.3     -- seconds between two frames
local MOST = 600       -- points kept
local SMALLEST = {rows = 14, columns = 44}

--- Whether there is a terminal to draw in.
function Live.possible()
  local rows, columns = sys.winsize()
  return sys.isatty(1) and sys.getenv "TERM" ~= "dumb" and (rows or 24) >= SMALLEST.rows
    and (columns or 80) >= SMALLEST.columns
end

--- name: of the run; epochs: how many there are.
function Live.new(name, epochs)
  return setmetatable({name = name or "training", epochs = epochs, points = {}, each = 1, steps = 0, rows = {},
                       drawn = 0, height = 0}, Live)
end

-- points[i] = {step, mean loss, number of steps}; the last one may have less than `each`.
local function add(self, loss)
  self.steps = self.steps + 1
  local last = self.points[#self.points]
  if last and last[3] < self.each then
    last[2], last[3] = (last[2] * last[3] + loss) / (last[3] + 1), last[3] + 1
  else
    self.points[#self.points + 1] = {self.steps, loss, 1}
  end
  if #self.points <= MOST then return end
  local halved = {}
  for i = 1, #self.points, 2 do
    local a, b = self.points[i], self.points[i + 1]
    halved[#halved + 1] = b and {a[1], (a[2] * a[3] + b[2] * b[3]) / (a[3] + b[3]), a[3] + b[3]} or a
  end
  self.points, self.each = halved, 2 * self.each
end

local function range(points)
  local low, high = math.huge, -math.huge
  for _, p in ipairs(points) do
    if p[2] == p[2] and math.abs(p[2]) ~= math.huge then low, high = math.min(low, p[2]), math.max(high, p[2]) end
  end
  if low > high then return 0, 1 end
  local least = math.max(1e-3, 0.05 * math.abs(high))
  if high - low < least then high = low + least end
  return low, high
end

local function epoch_line(row)
  local text = ("epoch %3d  loss %.4f  train error %5.2f%%"):format(row.epoch, row.train_loss, row.train_error)
  if row.val_error then text = text .. ("  val error %5.2f%%"):format(row.val_error) end
  if row.test_error then text = text .. ("  test error %5.2f%%"):format(row.test_error) end
  return text .. "  " .. Progress.duration(row.seconds)
end

local SHOWN = 3  -- epochs below the curve

-- The lines of a frame for a terminal of that size.
function Live:frame(rows, columns)
  local now = self.now
  local width, height = columns - 11, math.max(4, math.min(rows - SHOWN - 6, 14))
  local low, high = range(self.points)
  local lines = {now and ("%s %d/%d  step %d/%d  loss %.3f  acc %.1f%%  lr %.3g  %.0f img/s  ETA %s"):format(
    self.name, now.epoch, self.epochs, now.step, now.steps, now.loss, 100 - now.error, now.lr, now.rate,
    Progress.duration(now.left)) or self.name}
  local picture = curve(self.points, {width = width, height = height}, {1, math.max(2, self.steps)}, {low, high})
  for i, text in ipairs(picture) do
    local label = i == 1 and high or i == height and low or i == (height + 1) // 2 and (low + high) / 2 or nil
    lines[#lines + 1] = ("%8s |"):format(label and ("%.3g"):format(label) or "") .. text
  end
  lines[#lines + 1] = (" "):rep(9) .. "+" .. ("-"):rep(width)
  local left, right = "step 1", tostring(self.steps)
  lines[#lines + 1] = (" "):rep(10) .. left .. (" "):rep(math.max(1, width - #left - #right)) .. right
  for i = math.max(1, #self.rows - SHOWN + 1), math.max(#self.rows, SHOWN) do
    lines[#lines + 1] = self.rows[i] and epoch_line(self.rows[i]) or ""
  end
  lines[1] = lines[1]:sub(1, columns - 1)
  for i = #lines - SHOWN + 1, #lines do lines[i] = lines[i]:sub(1, columns - 1) end
  return lines
end

local function draw(self)
  local rows, columns = sys.winsize()
  local lines = self:frame(rows or 24, columns or 80)
  local up = self.height > 0 and ("\r\27[%dA"):format(self.height) or ""
  -- After a change of the window's size what was drawn may be broken into other lines.
  if self.size and self.size ~= columns then up = up .. "\27[J" end
  self.height, self.size, self.drawn = #lines, columns, sys.clock()
  io.stdout:write(up, table.concat(lines, "\27[K\n"), "\27[K\n")
  io.stdout:flush()
end

--- During an epoch. now: as Progress:step takes it, with `value`, the loss of this step.
function Live:step(now)
  self.now = now
  add(self, now.value or now.loss)
  if sys.clock() - self.drawn >= REDRAW then draw(self) end
end

--- After an epoch. row: a row of the log.
function Live:epoch(row)
  self.rows[#self.rows + 1] = row
  draw(self)
end

--- What was drawn stays; the next frame begins below.
function Live:clear() self.height = 0 end

--- A line that stays.
function Live:say(text)
  draw(self)
  self:clear()
  io.stdout:write(text, "\n")
  io.stdout:flush()
end

return Live
