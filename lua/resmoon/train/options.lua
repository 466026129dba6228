--- The command line of training: options that train, compare, demo, search, lrfind and the labs share.
--
-- They are made from the rows of runs/settings.lua. An option that is not given stays nil, so that a resumed run can
-- tell what was asked for anew.
local core     = require "resmoon.core"
local complain = require "resmoon.base.complain"
local setting  = require "resmoon.runs.setting"
local settings = require "resmoon.runs.settings"
local text     = require "resmoon.base.text"
local xpcall   = require("resmoon.base.catch").xpcall

local options = {}

-- "0,1" and "1e-3 " of those who write a comma, and what was meant.
local function with_point(word)
  local meant = word:find "^%-?%d*,%d+$" and word:gsub(",", ".")
  return meant and (" (a point, not a comma: %s)"):format(meant) or ""
end

local function number(word)
  local x = tonumber(word)
  if not x or x ~= x then return nil, ("'%s' is not a number%s"):format(word, with_point(word)) end
  return x
end

local function whole(word)
  local x = tonumber(word)
  local n = math.tointeger(x)
  if not n then return nil, ("'%s' is no whole number%s"):format(word, x and "" or with_point(word)) end
  return n
end

-- A whole number of things of which there must be one.
local function count(word)
  local n, complaint = whole(word)
  if n and n < 1 then return nil, ("is %d, expected at least 1"):format(n) end
  return n, complaint
end

local function epochs_list(word)
  local list = {}
  for part in word:gmatch("[^,]+") do
    local epoch = math.tointeger(tonumber(part))
    if not epoch then return nil, ("'%s' is no list of epochs like 81,122"):format(word) end
    list[#list + 1] = epoch
  end
  return list
end

local function numbers_list(word)
  local list = {}
  for part in word:gmatch("[^,]+") do
    list[#list + 1] = tonumber(part)
    if not tonumber(part) then return nil, ("'%s' is no list of numbers like 0.49,0.48,0.45"):format(word) end
  end
  return list
end

-- "3,32,32": channels, height and width of images.
local function input(word)
  local c, h, w = word:match("^(%d+),(%d+),(%d+)$")
  if not c then return nil, ("is '%s', expected three numbers like 3,32,32"):format(word) end
  return {math.tointeger(c), math.tointeger(h), math.tointeger(w)}
end

options.whole, options.number, options.count, options.input = whole, number, count, input

-- How the words of the command line become values of each kind.
local converters = {whole = whole, number = number, numbers = numbers_list, epochs = epochs_list}

-- The converter of a row: a value that the setting cannot have is refused where its option is at hand.
local function converter(row)
  local convert = converters[row.kind]
  return convert and function(word)
    local value, complaint = convert(word)
    if value == nil then return nil, complaint end
    local ok, reason = pcall(setting.check, row, value)
    if not ok then return nil, ("is %s, %s"):format(word, tostring(reason):match "expected .*$" or reason) end
    return value
  end
end

-- A boolean: "--nesterov" and "--nesterov on" say the same.
local function switch(option, row)
  local choices = {"on", "off", table.unpack(row.words or {})}
  local values = {on = true, off = false}
  option:args "?":choices(choices):action(function(args, field, words)
    local word = words[1] or "on"
    args[field] = values[word] == nil and word or values[word]
  end)
end

-- The option of a row. default: what --help says of it.
local function add_row(parser, row, default)
  local name, argument = row.flag:match "^(%S+)%s*(.*)$"
  local help = row.help .. (row.kind == "boolean" and not row.words and ": on or off" or "")
  local option = parser:option(name, help .. (default and (" (default %s)"):format(default) or "")):target(row.name)
  if argument ~= "" then option:argname(argument) end
  if row.kind == "boolean" then switch(option, row)
  elseif row.choices then option:choices(row.choices)
  elseif converters[row.kind] then option:convert(converter(row)) end
  return option
end

--- Adds the options to an argparse parser. `given`: other defaults to mention, by name ({epochs = 5}); `without`:
-- settings that have no option here, by name ({data = true}).
function options.add(parser, given, without)
  given, without = given or {}, without or {}
  for _, group in ipairs(settings.groups) do
    local made = {}
    for _, row in ipairs(settings.list) do
      if row.flag and row.group == group and not without[row.name] then
        made[#made + 1] = add_row(parser, row, settings.text(row.name, given[row.name]))
      end
    end
    if #made > 0 then parser:group(group, table.unpack(made)) end
  end
end

--- The settings that were given, as a partial config.
function options.config(args)
  local c = {}
  for _, row in ipairs(settings.list) do
    if row.flag then c[row.name] = args[row.name] end
  end
  return c
end

-- The name of the script that runs: "train", however it was started.
local function script_name()
  local path = arg and arg[0] or ""
  return path:match("([^/]*)%.lua$") or path
end

-- What a person reads of an error. Complaints of the library name what complains ("models: there
-- is no ...", "data/train.bin: has 10 bytes ...") and need no position; anything else, such as
-- "attempt to call a nil value", is a defect of the program, and gets a traceback.
local function explain(message)
  message = tostring(message)
  if message:find "^%l+: " then return message end
  local complaint = message:match("^[^\n]-%.lua:%d+: (.*)$")  -- "runs/a/log.csv:3: ..." is no position of ours
  if not complaint then return message end
  return (complaint:find("^[^:]+: ") or complaint:find "^out of memory") and complaint or debug.traceback(message, 2)
end

--- Runs f, which returns the exit status. An error ends the program with its text and status 1,
-- Ctrl-C with 130.
function options.main(f)
  if core.world.rank() > 0 then print = function() end end   -- luacheck: ignore (process 0 alone shows)
  local ok, status = xpcall(f, function(message)
    if tostring(message):find("interrupted$") then return "interrupted" end
    return explain(message)
  end)
  if ok then os.exit(status or 0, true) end
  if core.interrupt and core.interrupt.ending() == "SIGPIPE" then os.exit(130, true) end   -- `| head` has read enough
  local name, message = script_name(), text.visible_lines(status)
  if message:sub(1, #name + 2) == name .. ": " then message = message:sub(#name + 3) end   -- said already
  complain(("resmoon %s: %s\n"):format(name, message))
  os.exit(status == "interrupted" and 130 or 1, true)
end

return options
