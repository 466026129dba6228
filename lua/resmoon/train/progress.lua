--- What a person sees while a network trains.
--
-- On a terminal one line is drawn over and over: where we are, rate, loss, accuracy, speed and the
-- time that is left. After each epoch a plain line stays; elsewhere there are only those.
--
-- A terminal has a size. Open MPI 4.1 lets the first process write to a pseudo-terminal without one, also where
-- mpirun's output goes to a file: nothing is drawn over there.
local check = require "resmoon.base.check"
local core = require "resmoon.core"
local text = require "resmoon.base.text"
local sys, text_cut = core.sys, core.text_cut

local Progress = {}
Progress.__index = Progress

local REDRAW = 0.2  -- seconds between two drawings

--- Seconds as 5.3 s, 1:23 or 2:03:59.
local function duration(s)
  check("train.compare.duration(seconds: number)", s)
  if s ~= s or math.abs(s) > 1e15 then return "?" end
  if s < 10 then return ("%.1f s"):format(s) end
  s = math.floor(s + 0.5)
  if s < 3600 then return ("%d:%02d"):format(s // 60, s % 60) end
  return ("%d:%02d:%02d"):format(s // 3600, s // 60 % 60, s % 60)
end

--- name: shown before every line; epochs: how many there are.
function Progress.new(name, epochs)
  return setmetatable({name = name and text.visible(name) .. "  " or "", epochs = epochs,
                       terminal = sys.isatty(1) and sys.winsize() ~= nil, drawn = 0, digits = #tostring(epochs)},
                      Progress)
end

local function bar(part, width)
  local full = math.floor(part * width)
  return "[" .. ("="):rep(full) .. (full < width and ">" or "") .. ("."):rep(width - full - 1) .. "]"
end

--- The training accuracy during an epoch, or nothing where there is none.
function Progress.accuracy(now) return now.error and ("  acc %.1f%%"):format(100 - now.error) or "" end

--- The errors of an epoch, and where there are none (regression), its losses: a list of texts. Where there are errors,
-- but none of the training images, these were mixed.
function Progress.results(row)
  local measured = row.val_error or row.test_error
  local mixed = measured and not row.train_error and " (mixed images)" or ""
  local parts = {text.format("loss %.4f%s", row.train_loss, mixed)}
  if row.train_error then parts[#parts + 1] = text.format("train error %5.2f%%", row.train_error) end
  for _, split in ipairs {"val", "test"} do
    local err, loss = row[split .. "_error"], row[split .. "_loss"]
    local averaged = row[split .. "_ema_error"]
    averaged = averaged and text.format(" (averaged weights %5.2f%%)", averaged) or ""
    if err then parts[#parts + 1] = text.format("%s error %5.2f%%%s", split, err, averaged)
    elseif loss and not measured then parts[#parts + 1] = text.format("%s loss %.4f", split, loss) end
  end
  return parts
end

--- During an epoch. now: {epoch, step, steps, lr, loss, error, rate, left (seconds)}
function Progress:step(now)
  local time = sys.clock()
  if not self.terminal or time - self.drawn < REDRAW then return end
  self.drawn = time
  local part = now.step / now.steps
  local head = ("%s%d/%d"):format(self.name, now.epoch, self.epochs)
  local tail = text.format(" %3.0f%%  loss %.3f%s  lr %.3g  %.0f img/s  ETA %s", 100 * part, now.loss,
                           Progress.accuracy(now), now.lr, now.rate, duration(now.left))
  local _, columns = sys.winsize()
  columns = (columns or 80) - 1
  -- The bar takes what is left, or goes; it never grows again, so that it does not tremble.
  self.room = math.min(self.room or 20, columns - text.width(head) - #tail - 3)
  local line = head .. (self.room >= 5 and " " .. bar(part, self.room) or "") .. tail
  io.stdout:write("\r", text_cut(line, columns), "\27[K")
  io.stdout:flush()
end

--- Takes the drawn line away.
function Progress:clear()
  if self.terminal and self.drawn > 0 then io.stdout:write("\r\27[K") end
  self.drawn = 0
end

--- A line that stays; where nobody reads standard output any more (`| head`), on standard error.
function Progress:say(line)
  self:clear()
  if not (io.stdout:write(line, "\n") and io.stdout:flush()) then io.stderr:write(line, "\n") end
end

--- After an epoch. row: a row of the log.
function Progress:epoch(row)
  local parts = {("%sepoch %" .. self.digits .. "d/%d"):format(self.name, row.epoch, self.epochs),
                 table.unpack(Progress.results(row))}
  parts[#parts + 1] = ("lr %.4g"):format(row.lr)
  parts[#parts + 1] = ("%.0f img/s"):format(row.img_per_s)
  parts[#parts + 1] = duration(row.seconds)
  self:say(table.concat(parts, "  "))
end

Progress.duration = duration
return Progress
