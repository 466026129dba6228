--- The log of a run: a row for each epoch, in memory and as CSV.
--
-- Columns: epoch; steps (since the start); lr and momentum (during the last step of the epoch; of Adam beta1); loss
-- and error (in percent) on the training images, as they were seen in training, and after the epoch on the
-- validation images (empty without a validation split) and the test images, there with top-3 and top-5 accuracy
-- (in percent); seconds; img_per_s (training alone). Errors and accuracies are empty where there are none: where
-- numbers are predicted instead of classes (regression), and in training on mixed images (mixup, cutmix). Where an
-- average of the weights is kept (--ema), val_ema_... and test_ema_... are what the averaged network came to; all other
-- columns are of the network as it is trained. hash is that of the weights after the epoch (net:hash()), text.
-- The file is written as a whole after each epoch, so it never ends in half a line. What a reader finds in it is what
-- was written: a file that was cut, mixed up or changed into another form is refused with its line.
--
-- Call: train.Log() -> log
-- Units: errors and accuracies in per cent, seconds, images per second.
-- Errors: none.
-- Example:
--   > log = train.Log()
--   > log:add {epoch = 1, train_loss = 2.3}
--   > log:by_column().train_loss
--   {2.3}
local check = require "resmoon.base.check"
local core  = require "resmoon.core"
local class = require "resmoon.base.class"
local text  = require "resmoon.base.text"
local shown = require "resmoon.base.shown"
local readfile = require "resmoon.base.readfile"

local Log = class("Log")

Log.columns = {"epoch", "steps", "lr", "momentum", "train_loss", "train_error",
               "val_loss", "val_error", "val_top3", "val_top5",
               "test_loss", "test_error", "test_top3", "test_top5", "seconds", "img_per_s"}

-- These are only written where a row has one.
Log.averaged = {"val_ema_loss", "val_ema_error", "test_ema_loss", "test_ema_error"}

local NUMBER = {"number"}
local formats = {epoch = "%d", steps = "%d", lr = "%.9g", momentum = "%.9g", seconds = "%.3f", img_per_s = "%.1f"}

function Log:init() self.rows, self.further = shown.mark {}, {} end  -- further: names of columns that a user added

--- Adds the row of an epoch: {epoch =, steps =, lr =, train_loss =, ...}.
-- Call: log:add(row) -> nothing
-- Errors: raises for a column that is not a number (the hash: text, epoch and steps: whole); absent ones stay empty.
-- Example:
--   > log = train.Log()
--   > log:add {epoch = 1, train_loss = 2.3}
--   > #log.rows
--   1
function Log:add(row)
  check("Log.add(row: table)", row)
  check("Log.add(epoch: integer?, steps: integer?, hash: string?, further: table?)", row.epoch, row.steps, row.hash,
        row.further)
  for _, list in ipairs {Log.columns, Log.averaged} do
    for _, name in ipairs(list) do
      if row[name] ~= nil then check.value("Log.add", name, row[name], NUMBER) end
    end
  end
  self.rows[#self.rows + 1] = shown.mark(row)
end

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
  check("Log.cut(epoch: number)", epoch)
  while #self.rows > 0 and (self.rows[#self.rows].epoch or 0) > epoch do table.remove(self.rows) end
end

--- The error of an epoch that decides which one is the best: of the validation images, else the test images, else the
-- training images; of the averaged network, where there is one. Where nothing has an error (regression), it is the loss
-- of the same. best.safetensors holds the network of the epoch with the lowest, and early stopping waits for it.
-- Call: train.Log.deciding(row) -> number, "error" or "loss"
-- Units: errors in per cent.
-- Errors: none.
-- Example:
--   > train.Log.deciding {train_error = 5, test_error = 9, val_error = 8}
--   8  error
function Log.deciding(row)
  check("train.Log.deciding(row: table)", row)
  local err = row.val_ema_error or row.val_error or row.test_ema_error or row.test_error or row.train_error
  if err then return err, "error" end
  return row.val_ema_loss or row.val_loss or row.test_ema_loss or row.test_loss or row.train_loss, "loss"
end

-- The columns that a log has: all, and of the averaged network where there is one.
local function columns_of(self)
  local list = {table.unpack(Log.columns)}
  for _, name in ipairs(Log.averaged) do
    for _, row in ipairs(self.rows) do
      if row[name] then
        list[#list + 1] = name
        break
      end
    end
  end
  return list
end

-- Whether there is the hash of an epoch's weights: logs of earlier versions have none.
local function hashed(self)
  for _, row in ipairs(self.rows) do
    if row.hash then return true end
  end
  return false
end

--- The log by columns: log:by_column().test_error is a list, with NaN where there is no value. Hashes are no numbers:
-- they are in log.rows alone.
-- Call: log:by_column() -> table of lists
-- Errors: none.
-- Example:
--   > log = train.Log()
--   > log:add {epoch = 1, lr = 0.1}
--   > log:by_column().lr
--   {0.1}
function Log:by_column()
  local lists = {}
  for _, name in ipairs(columns_of(self)) do
    lists[name] = {}
    for i, row in ipairs(self.rows) do lists[name][i] = row[name] or text.NAN end
  end
  return shown.mark(lists)
end

local function quoted(field)
  return field:find '[",\r\n]' and '"' .. field:gsub('"', '""') .. '"' or field
end

function Log:__tostring()
  local columns = columns_of(self)
  local head, hash = {table.unpack(columns)}, hashed(self)
  if hash then head[#head + 1] = "hash" end
  for _, name in ipairs(self.further) do head[#head + 1] = quoted(name) end
  local lines = {table.concat(head, ",")}
  for _, row in ipairs(self.rows) do
    local fields = {}
    for i, name in ipairs(columns) do
      fields[i] = row[name] and text.format(formats[name] or "%.17g", row[name]) or ""
    end
    if hash then fields[#fields + 1] = row.hash or "" end
    for _, name in ipairs(self.further) do fields[#fields + 1] = quoted(row.further and row.further[name] or "") end
    lines[#lines + 1] = table.concat(fields, ",")
  end
  return table.concat(lines, "\n") .. "\n"
end

--- Writes the log as CSV; the file is replaced as a whole or not at all.
-- Call: log:write(path) -> nothing
-- Errors: raises for a file that cannot be written.
-- Example:
--   > log = train.Log()
--   > log:add {epoch = 1, lr = 0.1, train_loss = 2.3, train_error = 90}
--   > log:write "log.csv"
--   > train.Log.read("log.csv").rows[1].lr
--   0.1
function Log:write(path)
  check("Log.write(path: string)", path)
  core.write_atomic(path, tostring(self))
end

-- The fields of a line of CSV (RFC 4180), or nil and what is wrong with it.
local function fields_of(line)
  local fields, at = {}, 1
  repeat
    local field, after
    if line:sub(at, at) == '"' then
      local from = at + 1
      repeat  -- to the quote that is not doubled
        after = line:find('"', from, true)
        if not after then return nil, "a quoted field has no end" end
        from = after + 2
      until line:sub(after + 1, after + 1) ~= '"'
      field, after = line:sub(at + 1, after - 1):gsub('""', '"'), after + 1
      if after <= #line and line:sub(after, after) ~= "," then return nil, "something stands behind a quoted field" end
    else
      after = line:find(",", at, true) or #line + 1
      field = line:sub(at, after - 1)
      if field:find('"', 1, true) then return nil, "a quote stands inside a field" end
    end
    fields[#fields + 1], at = field, after + 1
  until after > #line
  return shown.mark(fields)
end

local words = {nan = text.NAN, inf = math.huge, infinity = math.huge}

-- A number in the C form: digits with a point, "nan", "inf"; nil for anything else.
local function number(field)
  local sign, rest = field:match "^([-+]?)(.*)$"
  local value = words[rest:lower()]
  if not value then value = rest:find "^[%d.]" and not rest:find "[xX]" and tonumber(rest) or nil end
  if not value then return nil end
  if sign ~= "-" or value ~= value then return value end
  return value == 0 and -0.0 or -value  -- "0" is a whole number, of which there is no -0
end

-- Columns that every log has; of train_error all rows have a value, or none.
local needed = {"epoch", "train_loss", "train_error"}

-- The first of them that a row lacks, or nil. first: the first row, where this is another.
local function lacking(row, first)
  for _, name in ipairs(needed) do
    local optional = name == "train_error" and not (first and first.train_error)
    if not row[name] and not optional then return name end
  end
end

-- Names of the columns, and those of them that are not ours.
local function read_head(line, complain)
  local names, reason = fields_of(line)
  if not names then complain(1, reason) end
  if names[1] ~= "epoch" then complain(1, "not the log of a run: it does not begin with epoch") end
  local known, seen, further = {}, {}, {}
  for _, name in ipairs(Log.columns) do known[name] = true end
  for _, name in ipairs(Log.averaged) do known[name] = true end
  known.hash = true
  for i, name in ipairs(names) do
    if name == "" then complain(1, ("column %d has no name"):format(i)) end
    if seen[name] then complain(1, ("there are two columns '%s'"):format(name)) end
    seen[name] = true
    if not known[name] then further[#further + 1] = name end
  end
  return names, known, further, seen
end

--- Reads a CSV file that write made, or a spreadsheet from it: a byte order mark, line ends of other systems, quoted
-- fields and other orders of the columns make no difference. Columns of other names are kept as they are
-- (row.further[name]), and written again.
-- Errors: raises, with file and line, on a column that is there twice or is missing though every epoch has it, a row
-- with more or fewer fields than columns, a field that is not a number (or a hash without 64 hexadecimal digits),
-- epochs that do not grow, and a last line without end.
-- Call: train.Log.read(path) -> log
-- Example:
--   > rm.write_atomic("log.csv", "epoch,train_loss,train_error\n1,2.3,90\n")
--   > train.Log.read("log.csv").rows[1].train_error
--   90
function Log.read(path)
  check("train.Log.read(path: string)", path)
  local content = readfile(path)
  local function complain(line, reason)
    error(("%s:%d: %s"):format(text.visible(path), line, reason), 0)
  end
  content = content:gsub("^\u{feff}", ""):gsub("\r\n", "\n")
  local log, at, names, known, seen = Log(), 0, nil, nil, nil
  for line, ending in content:gmatch "([^\n]*)(\n?)" do
    if line == "" and ending == "" then break end
    at = at + 1
    if ending == "" then complain(at, "the line has no end: the file was cut short") end
    if not names then
      names, known, log.further, seen = read_head(line, complain)
    elseif line ~= "" then
      local fields, reason = fields_of(line)
      if not fields then complain(at, reason) end
      if #fields ~= #names then complain(at, ("%d fields, expected %d"):format(#fields, #names)) end
      local row = {}
      for i, field in ipairs(fields) do
        if not known[names[i]] then
          row.further = row.further or {}
          row.further[names[i]] = field
        elseif field ~= "" and names[i] == "hash" then
          row.hash = field:match("^" .. ("[0-9a-f]"):rep(64) .. "$")
          if not row.hash then
            complain(at, ("hash is '%s', expected 64 hexadecimal digits"):format(text.visible(field)))
          end
        elseif field ~= "" then
          row[names[i]] = number(field)
          if not row[names[i]] then
            complain(at, ("%s is '%s', which is not a number"):format(names[i], text.visible(field)))
          end
        end
      end
      for _, name in ipairs(needed) do
        if not seen[name] then complain(1, ("the column %s is missing"):format(name)) end
      end
      if row.steps and not math.tointeger(row.steps) then
        complain(at, ("steps is %.17g, expected a whole number"):format(row.steps))
      end
      local lack = lacking(row, log.rows[1])
      if lack then complain(at, ("a row without %s"):format(lack)) end
      if row.train_error and log.rows[1] and not log.rows[1].train_error then
        complain(at, "a row with train_error, which the first row has not")
      end
      row.epoch = math.tointeger(row.epoch)
      local last = log.rows[#log.rows]
      if not row.epoch or row.epoch <= (last and last.epoch or 0) then
        complain(at, ("epoch %s, expected a whole number above %d"):format(fields[1], last and last.epoch or 0))
      end
      log:add(row)
    end
  end
  if not names then complain(1, "not the log of a run: it is empty") end
  return log
end

return Log
