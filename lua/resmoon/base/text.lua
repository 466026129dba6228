--- Numbers, names and tables as text.
--
-- Widths are columns of a screen (rm.text_width), names of others are made visible (rm.text_visible), and a number that
-- is none is "nan", whatever sign its bits have. All that prints names or numbers goes through here.
local core = require "resmoon.core"

local text = {}

--- What stands where there is no value.
text.NONE = "n/a"

-- printf writes the sign of a NaN, which means nothing: 0/0 is "-nan" on x86 and "nan" on ARM.
local NAN = 0 / 0
if ("%f"):format(NAN):find "-" then NAN = -NAN end

--- A NaN that prints as "nan".
text.NAN = NAN

local function plain(value)
  if value ~= value then return NAN end
  return value
end

--- string.format, with "nan" for every number that is none.
function text.format(form, ...)
  local n = select("#", ...)
  if n == 1 then return form:format(plain((...))) end
  local values = {...}
  for i = 1, n do values[i] = plain(values[i]) end
  return form:format(table.unpack(values, 1, n))
end

--- The same for values that may be missing or no numbers, as the fields of an object that others can change: %d and %g
-- of such a one are what tostring says.
function text.fields(form, ...)
  local values, i = {...}, 0
  form = form:gsub("%%([dgs])", function(kind)
    i = i + 1
    if kind == "d" and not math.tointeger(values[i]) or kind == "g" and type(values[i]) ~= "number" then kind = "s" end
    if kind == "s" then values[i] = tostring(values[i]) end
    return "%" .. kind
  end)
  return text.format(form, table.unpack(values, 1, i))
end

--- Settings of an object as "a = 1, b = {2, 3}", sorted by name. names: list of them; a nil one is left out.
function text.settings(object, names)
  local list = {}
  for _, name in ipairs(names) do
    local value = object[name]
    if type(value) == "table" then
      local parts = {}
      for i, part in ipairs(value) do parts[i] = type(part) == "function" and "function" or tostring(part) end
      value = "{" .. table.concat(parts, ", ") .. "}"
    elseif type(value) == "function" then value = "function"
    end
    if value ~= nil then list[#list + 1] = name .. " = " .. tostring(value) end
  end
  table.sort(list)
  return table.concat(list, ", ")
end

--- The value in that form, or `none` (n/a) where there is no value or no number.
function text.value(form, value, none)
  if value == nil or value ~= value then return none or text.NONE end
  return form:format(value)
end

--- 1234567 -> "1,234,567"
function text.grouped(n)
  local digits = ("%d"):format(n):reverse():gsub("(%d%d%d)", "%1,"):reverse()
  return (digits:gsub("^(-?),", "%1"))
end

--- Columns that a text takes on a screen.
text.width = core.text_width

--- A word as a shell reads it, for commands that people copy: in quotes where it has blanks or the like.
function text.shell(s) return s:find "^[%w%._/~+@%%,:=-]+$" and s or "'" .. s:gsub("'", "'\\''") .. "'" end

--- A name of others (a class, a file, a tensor), with nothing left in it that a terminal would obey.
function text.visible(s) return core.text_visible(tostring(s)) end

--- The same for a message of several lines.
function text.visible_lines(s)
  return (tostring(s):gsub("[^\n\t]+", core.text_visible))
end

--- The first n columns of a text that has more, the last of them a dot to say so.
function text.cut(s, n)
  if n == math.huge or text.width(s) <= n then return s end
  return core.text_cut(s, math.max(0, math.floor(n) - 1)) .. "."
end

--- A text filled with blanks to n columns, from the right or, for numbers, from the left.
function text.pad(s, n, left)
  local blanks = (" "):rep(n - text.width(s))
  return left and blanks .. s or s .. blanks
end

--- Names cut to n columns, in which those that differ still differ: where two would look alike, their places in the
-- list stand at the ends ("bl~3").
function text.distinct(names, n)
  local result, whole, clash = {}, {}, {}
  for i, name in ipairs(names) do
    local short = text.cut(name, n)
    if whole[short] and whole[short] ~= name then clash[short] = true end
    whole[short], result[i] = name, short
  end
  for i, short in ipairs(result) do
    local place = "~" .. i
    if clash[short] then result[i] = core.text_cut(names[i], math.max(0, n - #place)) .. place end
  end
  return result
end

--- Names by which things are told apart: those that occur once stay; to others what `more(i)` says is added, in
-- brackets, and where that repeats too, or is nil, a number.
function text.told_apart(names, more)
  local count, seen, result = {}, {}, {}
  for _, name in ipairs(names) do count[name] = (count[name] or 0) + 1 end
  for i, name in ipairs(names) do
    local extra = count[name] > 1 and more and more(i)
    result[i] = extra and ("%s (%s)"):format(name, extra) or name
  end
  count = {}
  for _, name in ipairs(result) do count[name] = (count[name] or 0) + 1 end
  for i, name in ipairs(result) do
    if count[name] > 1 then
      repeat
        seen[name] = (seen[name] or 0) + 1
        result[i] = ("%s #%d"):format(name, seen[name])
      until not count[result[i]]
    end
  end
  return result
end

--- Names as parts of file names: letters, digits and "_", all different also where a file system ignores case.
function text.file_keys(names)
  local keys, seen = {}, {}
  for i, name in ipairs(names) do
    local key = core.text_cut((name:gsub("[^%w]", "_")), 80)
    if seen[key:lower()] then key = key .. "_" .. i end
    while seen[key:lower()] do key = key .. "_" end
    seen[key:lower()], keys[i] = true, key
  end
  return keys
end

--- Lines of cells (texts) as a list of lines: the first column to the left, the others to the right, a rule below
-- the first line.
-- options: left  (columns up to this one stand to the left: 1), or a set of columns beside the first
--  rules   numbers of the lines that a rule stands below ({1})
--  indent  what stands before each line
function text.columns(lines, options)
  options = options or {}
  local left, indent, below = options.left or 1, options.indent or "", {}
  for _, n in ipairs(options.rules or {1}) do below[n] = true end
  local width, result, shown, total = {}, {}, {}, 0
  for n, line in ipairs(lines) do
    shown[n] = {}
    for i, cell in ipairs(line) do
      shown[n][i] = text.visible(cell)
      width[i] = math.max(width[i] or 0, text.width(shown[n][i]))
    end
  end
  for i, w in ipairs(width) do total = total + w + (i > 1 and 2 or 0) end
  local function to_right(i)
    if type(left) == "number" then return i > left end
    return i > 1 and not left[i]
  end
  for n, line in ipairs(shown) do
    local cells = {}
    for i, cell in ipairs(line) do cells[i] = text.pad(cell, width[i], to_right(i)) end
    result[#result + 1] = ((indent .. table.concat(cells, "  ")):gsub("%s+$", ""))
    if below[n] then result[#result + 1] = indent .. ("-"):rep(total) end
  end
  return result
end

--- A paragraph as a list of lines of at most `width` columns (longer words stand alone).
function text.wrapped(paragraph, width)
  local lines = {}
  for word in paragraph:gmatch "%S+" do
    local last = lines[#lines]
    if last and text.width(last) + 1 + text.width(word) <= width then lines[#lines] = last .. " " .. word
    else lines[#lines + 1] = word end
  end
  return lines
end

return text
