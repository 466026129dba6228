--- Says what something is: its call, shapes, errors, source and an example.
--
-- A function, class or object is explained by the entry of its name, a user's own function by the
-- comment above it. At the prompt `?conv2d` is short for help "conv2d", and `?? word` searches all
-- there is to read. Nothing is read, and nothing is loaded, before help is first asked.
--
-- Call: help()
-- Call: help(value)
-- Call: help(name)
-- Call: help.search(word)
-- Errors: none: for a name that is unknown it names the nearest.
-- Example:
--   > help.search "floor_divide"
--     tensor.floor_divide  The exact quotient rounded down, and the rest, ...
local format = require "resmoon.shell.help.format"
local guard  = require "resmoon.base.guard"
local index  = require "resmoon.shell.help.index"
local topics = require "resmoon.shell.help.topics"

local help = {}

-- What an entry is listed as: the name that has the word, or all, "nn.init.normal_, uniform_".
local function title(entry, word)
  for _, name in ipairs(entry.names) do
    if word and name:lower():find(word:lower(), 1, true) then return name end
  end
  local names = {entry.names[1]}
  for i = 2, word and 1 or #entry.names do names[i] = entry.names[i]:match "[^.]+$" end
  return table.concat(names, ", ")
end

local function listed(entries, word)
  local items = {}
  for i, entry in ipairs(entries) do items[i] = {title(entry, word), format.summary(entry)} end
  return format.list(items)
end

-- --- topics ------------------------------------------------------------------------------

local function begins(name, prefixes)
  for _, prefix in ipairs(prefixes or {}) do
    if name == prefix or name:sub(1, #prefix + 1) == prefix .. "." then return true end
  end
  return false
end

-- Names side by side, as many to a line as fit.
local function names_of(files)
  local lines, line = {}, "   "
  for _, entry in ipairs(index.get().entries) do
    local file = entry.file:match "([%w_]+)%.c$"
    if file and (" " .. files .. " "):find(" " .. file .. " ", 1, true) and not entry.topic then
      for _, name in ipairs(entry.names) do
        local short = name:gsub("^tensor%.", "")
        if #line + 1 + #short > format.width() - 2 then
          lines[#lines + 1] = line
          line = "   "
        end
        line = line .. " " .. short
      end
    end
  end
  lines[#lines + 1] = line
  return table.concat(lines, "\n")
end

local function topic_text(topic)
  local docs, parts = index.get(), {}
  local entry = docs.topics[topic[1]]
  if entry then parts[1] = format.entry(entry) end
  for _, group in ipairs(topic.groups or {}) do
    local head = group[1] ~= "" and "  " .. group[1] .. "\n" or ""
    parts[#parts + 1] = head .. names_of(group[2])
  end
  local members = {}
  for _, other in ipairs(docs.entries) do
    if not other.topic and begins(other.names[1], topic.prefix) then members[#members + 1] = other end
  end
  if #members > 0 then parts[#parts + 1] = listed(members) end
  if topic[1] == "commands" then parts[#parts + 1] = format.list(topics.commands()) end
  return table.concat(parts, "\n\n")
end

local function overview()
  local items = {}
  for _, topic in ipairs(topics.list) do
    local entry = index.get().topics[topic[1]]
    items[#items + 1] = {topic[1], entry and format.summary(entry) or ""}
  end
  return format.lines [[
help "conv2d"    what it does, shapes, errors, an example; short: ?conv2d
help(net)        the same for a value: a function, a class, an object
?? word          all that has the word in its text

Topics, such as help "nn" or ?nn:
]] .. "\n" .. format.list(items)
end

local function topic_of(word)
  word = topics.also[word] or word
  for _, topic in ipairs(topics.list) do
    if topic[1] == word then return topic end
  end
end

-- --- one thing -----------------------------------------------------------------------------

local function entry_text(entry)
  if entry.topic then
    local topic = topic_of(entry.topic)
    return topic and topic_text(topic) or format.entry(entry)
  end
  return format.entry(entry, index.related(entry), index.made(entry))
end

local function name_text(word)
  word = word:match "^%s*(.-)%s*$"
  local topic = topic_of(word)
  if topic then return topic_text(topic) end
  local found = index.named(word)
  if #found == 0 then return nil end
  if #found > 3 then return ("%s is several things:\n\n%s"):format(word, listed(found, "." .. word)) end
  local texts = {}
  for i, entry in ipairs(found) do texts[i] = entry_text(entry) end
  return table.concat(texts, "\n\n" .. ("-"):rep(format.width()) .. "\n\n")
end

-- A word that names nothing may be what others call it: `repeat`, which is tile here, stands in its text.
local function unknown(word)
  local nearest, found = index.nearest(word), index.search(word)
  if #found > 0 and #found <= 3 then
    return ("nothing is called %q; it occurs in\n\n%s"):format(word, listed(found, word))
  end
  return ("nothing is known of %q%s\n?? %s searches all texts"):format(word,
    nearest and (", did you mean %q?"):format(nearest) or "", word)
end

-- The comment above a function in a file.
local function own_function(f)
  local info = debug.getinfo(guard.inner(f), "S")
  local path = info.source:match "^@(.+)$"
  local place = path and ("%s, line %d"):format(path, info.linedefined) or "the prompt"
  local lines, block = {}, {}
  local file = path and io.open(path)
  if file then
    for line in file:lines() do
      lines[#lines + 1] = line
      if #lines >= info.linedefined then break end
    end
    file:close()
  end
  for i = info.linedefined - 1, 1, -1 do
    local text = lines[i] and lines[i]:match "^%s*%-%-%-? ?(.*)$"
    if not text then break end
    table.insert(block, 1, text)
  end
  local where = "a function from " .. place
  local text = info.what == "C" and "a function of Lua itself: www.lua.org/manual/5.4" or where
  return #block > 0 and text .. "\n\n" .. table.concat(block, "\n") or text
end

local function value_text(value)
  local entry = index.of(value)
  local class = type(value) == "table" and (rawget(value, "__name") and value or getmetatable(value))
  local own = type(class) == "table" and not index.get().by_value[class] and rawget(class, "__name")
  if entry then
    local text = entry_text(entry)
    if own and not entry.topic then text = ("%s, derived from %s\n\n%s"):format(own, entry.names[1], text) end
    return text
  end
  if type(value) == "function" then return own_function(value) end
  return ("a %s%s: nothing is written about it"):format(type(value), own and " (" .. own .. ")" or "")
end

--- The text for help(...).
function help.text(...)
  if select("#", ...) == 0 then return overview() end
  local what = ...
  if type(what) == "string" then return name_text(what) or unknown(what) end
  return value_text(what)
end

--- The text for `?? word`.
function help.found(word)
  word = word:match "^%s*(.-)%s*$"
  if word == "" then return overview() end
  local entries = index.search(word)
  if #entries == 0 then
    local nearest = index.nearest(word)
    return ("no text has the word %q%s"):format(word, nearest and (", did you mean %q?"):format(nearest) or "")
  end
  return listed(entries, word)
end

function help.search(word) print(help.found(word)) end

--- What is typed behind `?` at the prompt: a name, or an expression in that environment. With
-- another `?` in front, a word to search for.
function help.query(text, environment)
  text = text:match "^%s*(.-)%s*$"
  if text:sub(1, 1) == "?" then return print(help.found(text:sub(2))) end
  if text == "" then return print(overview()) end
  local known = name_text(text)
  if known then return print(known) end
  local chunk = load("return " .. text, "=help", "t", environment or _G)
  local ok, value = pcall(chunk or error)
  if ok and value ~= nil then return print(value_text(value)) end
  print(unknown(text))
end

return setmetatable(help, {
  __call = function(_, ...) print(help.text(...)) end,
  __tostring = overview,
})
