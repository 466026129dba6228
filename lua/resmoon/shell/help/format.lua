--- How an entry looks: plain text as wide as the terminal, up to 120 columns, and 80 where there is none; on a terminal
-- the signature is bold.
local core = require "resmoon.core"
local read = require "resmoon.shell.help.read"

local format = {}

local LEAST, MOST = 40, 120  -- columns; longer lines are hard to read

--- Columns that texts have now. A line as wide as the terminal would leave the cursor beyond it.
function format.width()
  local sys = core.sys
  if not sys.isatty(1) then return 80 end
  local _, columns = sys.winsize()
  return math.max(LEAST, math.min(MOST, (columns or 81) - 1))
end

local function bold(text)
  local sys = core.sys
  if sys.isatty(1) and not sys.getenv "NO_COLOR" and sys.getenv "TERM" ~= "dumb" then
    return "\27[1m" .. text .. "\27[0m"
  end
  return text
end

-- Appends `text`, broken at spaces; `first` stands before the first line, `rest` before the others.
local function wrap(out, text, first, rest)
  local line = first
  local empty = true
  for word in text:gmatch "%S+" do
    if not empty and utf8.len(line) + 1 + utf8.len(word) > format.width() then
      out[#out + 1] = line
      line, empty = rest, true
    end
    line = line .. (empty and "" or " ") .. word
    empty = false
  end
  if not empty then out[#out + 1] = line end
end

-- A line of code or of a list. If it is too wide, it goes on below its last column, or indented by two more.
local function add_indented(out, line)
  local width = format.width()
  if utf8.len(line) <= width then
    out[#out + 1] = line
    return
  end
  local indent, rest = line:match "^( *)(.*)$"
  local left, right = rest:match "^(.*%S  +)(%S.*)$"
  if left and #indent + #left < width * 5 // 8 then wrap(out, right, indent .. left, (" "):rep(#indent + #left))
  else wrap(out, rest, indent, indent .. "  ") end
end

-- Sentences are wrapped; what is indented stays.
local function add_body(out, lines)
  local paragraph = {}
  local function close()
    if #paragraph > 0 then wrap(out, table.concat(paragraph, " "), "", "") end
    paragraph = {}
  end
  for _, line in ipairs(lines) do
    if line == "" or line:find "^%s" then
      close()
      if line == "" then
        if out[#out] ~= "" then out[#out + 1] = "" end
      else
        add_indented(out, line)
      end
    else
      paragraph[#paragraph + 1] = line
    end
  end
  close()
  while out[#out] == "" do table.remove(out) end
end

-- "Options: name  what it is" has a line for each option, every other tag is a paragraph.
local function add_tag(out, tag, lines)
  local label = ("%-9s"):format(tag .. ":")
  local rest = (" "):rep(#label)
  if tag ~= "Options" then
    local text = table.concat(lines, " ")
    return wrap(out, text, label, rest)
  end
  local items = {}
  for _, line in ipairs(lines) do
    local name, what = line:match "^%s*([%w_, ]-)  +(.*)$"
    if not name and not line:find "^%s%s%s%s" and line:find "^%s*[%w_, ]+$" then name, what = line:match "%S+", "" end
    if name and name ~= "" then items[#items + 1] = {name, what}
    elseif #items > 0 then items[#items][2] = items[#items][2] .. " " .. line:match "^%s*(.*)$"
    else items[#items + 1] = {"", line} end
  end
  local width = 0
  for _, item in ipairs(items) do width = math.max(width, #item[1]) end
  for i, item in ipairs(items) do
    local name = width > 0 and item[1] .. (" "):rep(width - #item[1] + 2) or ""
    wrap(out, item[2], (i == 1 and label or rest) .. name, rest .. (" "):rep(#name))
  end
end

local function add_example(out, example)
  for _, step in ipairs(example) do
    local mark = "> "
    for line in (step.code .. "\n"):gmatch "(.-)\n" do
      out[#out + 1] = "  " .. mark .. line
      mark = ">> "
    end
    for _, line in ipairs(step.output) do out[#out + 1] = line == "" and "" or "  " .. line end
  end
end

--- Lines of which those that are too wide are broken below their last column.
function format.lines(text)
  local out = {}
  for line in (text .. "\n"):gmatch "(.-)\n" do add_indented(out, line) end
  return table.concat(out, "\n")
end

local NAMES = 26

-- Text that fits into a line, cut between words. (The 2 let a list stand in an example, too.)
local function cut(line)
  local width = format.width()
  if utf8.len(line) <= width - 2 then return line end
  return line:sub(1, utf8.offset(line, width - 5) - 1):gsub("%s+%S*$", "") .. " ..."
end

--- The lines of a list of {name, summary}; behind a long name the summary has a line of its own.
function format.list(items)
  local width, out, most = 0, {}, math.min(NAMES, format.width() // 2)
  for _, item in ipairs(items) do
    if #item[1] <= most then width = math.max(width, #item[1]) end
  end
  for _, item in ipairs(items) do
    local name, summary = item[1], item[2]
    if #name > most then
      wrap(out, name, "  ", "    ")
      name = ""
    end
    out[#out + 1] = cut("  " .. name .. (" "):rep(width - #name) .. "  " .. summary)
  end
  return table.concat(out, "\n")
end

--- An entry as text; `related`: names to point to; `more`: lines that follow its body.
function format.entry(entry, related, more)
  local out = {}
  for _, call in ipairs(entry.calls) do
    local signature = {}
    wrap(signature, call, "", "    ")
    for _, line in ipairs(signature) do out[#out + 1] = bold(line) end
  end
  if #out > 0 then out[#out + 1] = "" end
  add_body(out, entry.body)
  add_body(out, more or {})
  if #entry.order > 0 and #entry.body > 0 then out[#out + 1] = "" end
  local last = {Source = true, Sources = true, See = true}
  local function add_tags(wanted)
    for _, tag in ipairs(entry.order) do
      if (last[tag] or false) == wanted and tag ~= "See" then add_tag(out, tag, entry.tags[tag]) end
    end
  end
  add_tags(false)
  add_tags(true)
  if not entry.topic then add_tag(out, "Code", {("%s, line %d"):format(entry.file, entry.line)}) end
  local see = entry.tags.See and table.concat(entry.tags.See, " ")
  if related and #related > 0 then see = (see and see .. ", " or "") .. table.concat(related, ", ") end
  if see then add_tag(out, "See", {see}) end
  for i, example in ipairs(entry.examples) do
    out[#out + 1] = ""
    if i == 1 then out[#out + 1] = "Example:" end
    add_example(out, example)
  end
  return table.concat(out, "\n")
end

format.summary = read.summary

return format
