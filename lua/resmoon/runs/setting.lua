--- One setting of training: what a row of settings.lua may say, and what follows from it for a value.
--
-- A row is a table:
--
--     {"lr", "number", least = 0, flag = "--lr RATE", group = "Training", help = "learning rate at the start", ...}
--
-- It begins with the name and the kind: number, whole, string, boolean, table, numbers (a list of them, as one for each
-- channel), epochs (a list of their numbers), or shape (a list of extents).
--   help        what it is, in words that go on after the name
--   default     its value where none is given; it stands in every complete config
--   usually     in words, what holds where the setting is absent, or how a default is chosen that depends on network
--               and data (train/defaults.lua)
--   least, below          limits of a number: the least value, and the first that is too large
--   above       limit of each of a list of numbers, which are larger
--   choices, besides      the values of a string, and those that are right but not offered
--   words       values that a boolean may have besides true and false
--   flag        its option on the command line, with the name of the argument; `group`: the heading it stands under
--   may_change  it may be given anew when a run is taken up: it changes nothing of what is computed, or only the end
--   incidental  a checkpoint and config.json may differ in it
--   images      it says which images a run sees
--   reported    it has a line in a report's table of settings
--   used        f(config): whether it does anything in a run with these settings; without it, always
--   mark        how a model with another value than the default is marked in the evaluation report: "max-norm %g"
local hint = require "resmoon.base.hint"

local setting = {}

-- Type in Lua, and what an error expects.
local kinds = {
  number  = {"number", "a number"},
  whole   = {"number", "a whole number"},
  string  = {"string", "a string"},
  boolean = {"boolean", "a boolean"},
  table   = {"table", "a table"},
  numbers = {"table", "a list of numbers"},
  epochs  = {"table", "a list of the numbers of epochs"},
  shape   = {"table", "a list of whole numbers"},
}

local function contains(list, value)
  for _, each in ipairs(list or {}) do
    if each == value then return true end
  end
  return false
end

-- "'shift' or 'imagenet'"
local function quoted(words) return ("'%s'"):format(table.concat(words, "' or '")) end

--- A row with its name and kind under these names. Errors: raises for a row that is none.
function setting.row(given)
  local row = {}
  for key, value in pairs(given) do row[key] = value end
  row.name, row.kind = given[1], given[2]
  if type(row.name) ~= "string" or not kinds[row.kind] or not row.help then
    error(("settings: a row is {name, kind, help = text, ...}, this one is {%s, %s}"):format(tostring(row.name),
          tostring(row.kind)), 0)
  end
  return row
end

function setting.bad(name, value, expected)
  local shown = type(value) == "string" and ("'%s'"):format(value) or tostring(value)
  error(("train: %s is %s, expected %s"):format(name, shown, expected), 0)
end

--- Raises where a value is of another kind than a row's setting: what only reads a run relies on no more.
function setting.check_kind(row, value)
  local name, bad, kind = row.name, setting.bad, kinds[row.kind]
  if contains(row.words, value) then return end
  if type(value) ~= kind[1] then bad(name, value, kind[2] .. (row.words and " or " .. quoted(row.words) or "")) end
  if row.kind == "whole" and math.type(value) ~= "integer" then bad(name, value, kind[2]) end
  for i, x in ipairs(row.kind == "numbers" and value or {}) do
    if type(x) ~= "number" or x ~= x or math.abs(x) == math.huge then
      bad(("%s[%d]"):format(name, i), x, "a finite number")
    end
  end
  for i, extent in ipairs(row.kind == "shape" and value or {}) do
    if math.type(extent) ~= "integer" or extent < 1 then
      bad(("%s[%d]"):format(name, i), extent, "a whole number from 1")
    end
  end
  for i, epoch in ipairs(row.kind == "epochs" and value or {}) do
    if math.type(epoch) ~= "integer" or epoch < 1 then bad("milestone " .. i, epoch, "the number of an epoch") end
  end
end

--- Raises where a row's setting cannot have this value.
function setting.check(row, value)
  setting.check_kind(row, value)
  local name, bad = row.name, setting.bad
  if contains(row.words, value) then return end
  if row.least and not (value >= row.least and value < math.huge) then bad(name, value, "at least " .. row.least) end
  if row.below and (value >= row.below or value ~= value) then bad(name, value, "below " .. row.below) end
  if row.choices and not contains(row.choices, value) and not contains(row.besides, value) then
    local nearest = #value > 1 and hint(value, row.choices) or ""   -- no letter is near to another
    error(("train: %s is %s%s, expected one of %s"):format(name, value, nearest, table.concat(row.choices, ", ")), 0)
  end
  if row.kind == "numbers" then
    if #value == 0 then error(("train: %s is an empty list, expected %s"):format(name, kinds.numbers[2]), 0) end
    for i, x in ipairs(value) do
      if row.above and x <= row.above then bad(("%s[%d]"):format(name, i), x, "above " .. row.above) end
    end
  end
end

-- "reduction=8, deep=on": a table by name.
local function named_text(values)
  local names, parts = {}, {}
  for name in pairs(values) do names[#names + 1] = tostring(name) end
  table.sort(names)
  for i, name in ipairs(names) do parts[i] = ("%s=%s"):format(name, setting.text(values[name])) end
  return table.concat(parts, ", ")
end

--- A value as the command line has it: "on", "81,122", "0.1"; of a table by name "reduction=8".
function setting.text(value)
  if type(value) == "table" and #value == 0 then return named_text(value) end
  if type(value) == "table" then
    local texts = {}
    for i, each in ipairs(value) do texts[i] = setting.text(each) end
    return table.concat(texts, ",")
  end
  if type(value) == "boolean" then return value and "on" or "off" end
  return tostring(value)
end

--- What holds where nothing is given, in words; nil if there is nothing to say.
function setting.default_text(row)
  if row.default ~= nil then return setting.text(row.default) end
  return row.usually
end

--- How a model whose setting has this value is marked in the evaluation report, or nil.
function setting.mark(row, value)
  local absent = value == nil or value == false and row.default == nil
  if not row.mark or absent or value == row.default then return nil end
  return row.mark:find "%%" and row.mark:format(value) or row.mark
end

-- "whole number, at least 1", "one of A, B, C, D"
local function values(row)
  local text = kinds[row.kind][2]:gsub("^an? ", "")
  if row.choices then text = "one of " .. table.concat(row.choices, ", ") end
  if row.words then text = ("%s or %s"):format(text, quoted(row.words)) end
  if row.least then text = ("%s, at least %s"):format(text, row.least) end
  if row.below then text = ("%s, below %s"):format(text, row.below) end
  if row.above then text = ("%s above %s"):format(text, row.above) end
  return text
end

--- What help says of a row behind its name.
function setting.about(row)
  local default = setting.default_text(row)
  local text = ("%s (%s%s)"):format(row.help, values(row), default and "; default " .. default or "")
  return row.may_change and text .. "; may change when the run is taken up" or text
end

return setting
