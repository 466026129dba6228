--- The log of a run: a row for each epoch, in memory and as CSV.
--
-- Columns: epoch; steps (since the start); lr and momentum (during the last step of the epoch; of Adam beta1); loss
-- and error (in percent) on the training images, as they were seen in training, and after the epoch on the
-- validation images (empty without a validation split) and the test images, there with top-3 and top-5 accuracy
-- (in percent); seconds; img_per_s (training alone).
-- The file is written as a whole after each epoch, so it never ends in half a line.
--
-- Call: train.Log() -> log
-- Units: errors and accuracies in per cent, seconds, images per second.
-- Errors: none.
-- Example:
--   > log = train.Log()
--   > log:add {epoch = 1, train_loss = 2.3}
--   > log:by_column().train_loss
--   {2.3}
local rm    = require "resmoon.core"
local class = require "resmoon.base.class"

local Log = class("Log")

Log.columns = {"epoch", "steps", "lr", "momentum", "train_loss", "train_error",
               "val_loss", "val_error", "val_top3", "val_top5",
               "test_loss", "test_error", "test_top3", "test_top5", "seconds", "img_per_s"}

local formats = {epoch = "%d", steps = "%d", lr = "%.9g", momentum = "%.9g", seconds = "%.3f", img_per_s = "%.1f"}

function Log:init() self.rows = {} end

--- Adds the row of an epoch: {epoch =, steps =, lr =, train_loss =, ...}.
-- Call: log:add(row) -> nothing
-- Errors: none; absent columns stay empty.
-- Example:
--   > log = train.Log()
--   > log:add {epoch = 1, train_loss = 2.3}
--   > #log.rows
--   1
function Log:add(row) self.rows[#self.rows + 1] = row end

--- Forgets the epochs after `epoch`: those that a resumed run goes through again.
-- Call: log:cut(epoch) -> nothing
-- Errors: none.
-- Example:
--   > log = train.Log()
--   > log:add {epoch = 1}; log:add {epoch = 2}
--   > log:cut(1)
--   > #log.rows
--   1
function Log:cut(epoch)
  while #self.rows > 0 and self.rows[#self.rows].epoch > epoch do table.remove(self.rows) end
end

--- The error of an epoch that decides which one is the best: of the validation images, else the test images, else the
-- training images. best.safetensors holds the network of the epoch with the lowest, and early stopping waits for it.
-- Call: train.Log.deciding(row) -> number
-- Units: per cent.
-- Errors: none.
-- Example:
--   > train.Log.deciding {train_error = 5, test_error = 9, val_error = 8}
--   8
function Log.deciding(row) return row.val_error or row.test_error or row.train_error end

--- The log by columns: log:by_column().test_error is a list, with NaN where there is no value.
-- Call: log:by_column() -> table of lists
-- Errors: none.
-- Example:
--   > log = train.Log()
--   > log:add {epoch = 1, lr = 0.1}
--   > log:by_column().lr
--   {0.1}
function Log:by_column()
  local lists = {}
  for _, name in ipairs(Log.columns) do
    lists[name] = {}
    for i, row in ipairs(self.rows) do lists[name][i] = row[name] or 0 / 0 end
  end
  return lists
end

function Log:__tostring()
  local lines = {table.concat(Log.columns, ",")}
  for _, row in ipairs(self.rows) do
    local fields = {}
    for i, name in ipairs(Log.columns) do
      fields[i] = row[name] and (formats[name] or "%.17g"):format(row[name]) or ""
    end
    lines[#lines + 1] = table.concat(fields, ",")
  end
  return table.concat(lines, "\n") .. "\n"
end

--- Writes the log as CSV; the file is replaced as a whole or not at all.
-- Call: log:write(path) -> nothing
-- Errors: raises for a file that cannot be written.
-- Example:
--   > log = train.Log()
--   > log:add {epoch = 1, lr = 0.1}
--   > log:write "log.csv"
--   > train.Log.read("log.csv").rows[1].lr
--   0.1
function Log:write(path) rm.write_atomic(path, tostring(self)) end

--- Reads a CSV file that write made. Columns it does not know are left out.
-- Errors: raises, with file and line, on a field that is no number.
-- Call: train.Log.read(path) -> log
-- Example:
--   > rm.write_atomic("log.csv", "epoch,lr\n1,0.1\n")
--   > #train.Log.read("log.csv").rows
--   1
function Log.read(path)
  local file <close> = assert(io.open(path, "r"))
  local known, names = {}, {}
  for _, name in ipairs(Log.columns) do known[name] = true end
  for name in (file:read("l") or ""):gmatch("[^,]+") do names[#names + 1] = name end
  if names[1] ~= "epoch" then error(path .. ": not the log of a run: it does not begin with epoch", 0) end
  local log, number = Log(), 1
  for line in file:lines() do
    number = number + 1
    local row, i = {}, 0
    for field in (line .. ","):gmatch("([^,]*),") do
      i = i + 1
      local value = tonumber(field)
      if not value and field:find("nan", 1, true) then value = 0 / 0 end
      if not value and field ~= "" and not field:find("inf", 1, true) then
        error(("%s:%d: %q is no number"):format(path, number, field), 0)
      end
      if known[names[i]] then row[names[i]] = value or (field ~= "" and math.huge) or nil end
    end
    if not row.epoch then error(("%s:%d: a row without epoch"):format(path, number), 0) end
    log:add(row)
  end
  return log
end

return Log
