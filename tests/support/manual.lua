--- The reference in docs/reference: a page of Markdown for each topic of help(), made from the docstrings.
--
--     pages = manual.pages()       {["tensors.md"] = text, ...}, README.md being the list of the others
--     manual.differences("docs/reference"), manual.write("docs/reference")
--
-- `resmoon tests/manual.lua` compares, with --write it writes (`make docs`).
local rm     = require "resmoon"
local format = require "resmoon.shell.help.format"
local index  = require "resmoon.shell.help.index"
local topics = require "resmoon.shell.help.topics"

local manual = {}

-- Text outside code: what Markdown would take for its own is escaped; an underscore inside a word is none of that.
local function plain(text)
  text = text:gsub("[\\*%[%]<>|]", "\\%0")
  return (text:gsub("%f[%w_]_", "\\_"):gsub("_%f[^%w_]", "\\_"))
end

-- Ends a block of code before the blank lines at its end.
local function close_code(out)
  local blank = 0
  while out[#out] == "" do
    table.remove(out)
    blank = blank + 1
  end
  out[#out + 1] = "```"
  for _ = 1, blank do out[#out + 1] = "" end
end

-- Sentences as paragraphs, indented lines as code.
local function add_body(out, lines)
  local code
  for _, line in ipairs(lines) do
    local indented = line:find "^%s" ~= nil
    if indented and not code then out[#out + 1] = "```" end
    if not indented and code and line ~= "" then close_code(out) end
    code = indented or code and line == ""
    out[#out + 1] = code and line:gsub("^    ", "") or plain(line)
  end
  if code then close_code(out) end
  out[#out + 1] = ""
end

-- "lr  0.1; the rate" has a row of its own; what follows on further lines belongs to it.
local function add_options(out, lines)
  out[#out + 1] = "**Options**"
  out[#out + 1] = ""
  for _, line in ipairs(lines) do
    local name, what = line:match "^%s?([%w_, ]-)  +(.*)$"
    if name and name ~= "" then out[#out + 1] = ("- `%s` %s"):format(name:match "^%s*(.-)$", plain(what))
    elseif out[#out] == "" then out[#out + 1] = "- " .. plain(line:match "^%s*(.*)$")
    else out[#out] = out[#out] .. " " .. plain(line:match "^%s*(.*)$") end
  end
  out[#out + 1] = ""
end

-- What index.made has of an entry, lines "  name  what" below their headings, as lists.
local function add_made(out, lines)
  for _, line in ipairs(lines) do
    local name, what = line:match "^  (%S+) +(.*)$"
    if name then out[#out + 1] = ("- `%s` %s"):format(name, plain(what))
    else
      out[#out + 1] = plain(line)
      if line ~= "" then out[#out + 1] = "" end
    end
  end
  out[#out + 1] = ""
end

local function add_example(out, example)
  out[#out + 1] = "```"
  for _, step in ipairs(example) do
    out[#out + 1] = "> " .. step.code:gsub("\n", "\n>> ")
    for _, line in ipairs(step.output) do out[#out + 1] = line end
  end
  out[#out + 1] = "```"
  out[#out + 1] = ""
end

local function add_entry(out, entry)
  local names = {}
  for i, name in ipairs(entry.names) do names[i] = plain(name) end
  if entry.topic then
    out[#out + 1] = "# " .. plain(entry.topic)
  else
    out[#out + 1] = "### " .. table.concat(names, ", ")
  end
  out[#out + 1] = ""
  if #entry.calls > 0 then
    out[#out + 1] = "```lua"
    for _, call in ipairs(entry.calls) do out[#out + 1] = call end
    out[#out + 1] = "```"
    out[#out + 1] = ""
  end
  add_body(out, entry.body)
  add_made(out, index.made(entry))
  for _, tag in ipairs(entry.order) do
    if tag == "Options" then add_options(out, entry.tags[tag])
    else
      out[#out + 1] = ("**%s**: %s"):format(tag, plain(table.concat(entry.tags[tag], " "):gsub("%s+", " ")))
      out[#out + 1] = ""
    end
  end
  for _, example in ipairs(entry.examples) do add_example(out, example) end
  if not entry.topic then
    out[#out + 1] = ("Code: [%s](../../%s)"):format(plain(entry.file), entry.file)
    out[#out + 1] = ""
  end
end

local function belongs(name, prefixes)
  for _, prefix in ipairs(prefixes or {}) do
    if name == prefix or name:sub(1, #prefix + 1) == prefix .. "." then return true end
  end
  return false
end

-- The entries of a group: those whose docstrings stand in certain files of src/bind.
local function of_files(files)
  local list = {}
  for _, entry in ipairs(index.get().entries) do
    local file = entry.file:match "([%w_]+)%.c$"
    local wanted = file and (" " .. files .. " "):find(" " .. file .. " ", 1, true)
    if wanted and not entry.topic then list[#list + 1] = entry end
  end
  return list
end

local function page(topic, placed)
  local docs, out = index.get(), {}
  local head = docs.topics[topic[1]]
  if head then
    add_entry(out, head)
    placed[head] = true
  end
  local function add(entries)
    for _, entry in ipairs(entries) do
      if not placed[entry] then add_entry(out, entry) end
      placed[entry] = true
    end
  end
  for _, group in ipairs(topic.groups or {}) do
    if group[1] ~= "" then
      out[#out + 1] = "## " .. group[1]
      out[#out + 1] = ""
    end
    add(of_files(group[2]))
  end
  local members = {}
  for _, entry in ipairs(docs.entries) do
    if not entry.topic and belongs(entry.names[1], topic.prefix) then members[#members + 1] = entry end
  end
  add(members)
  if topic[1] == "commands" then
    for _, command in ipairs(topics.commands()) do
      out[#out + 1] = ("- `%s`: %s"):format(command[1], plain(command[2]))
    end
    out[#out + 1] = ""
  end
  return table.concat(out, "\n"):gsub("\n\n\n+", "\n\n"):gsub("\n+$", "\n")
end

--- The pages by file name. Every entry that help() knows stands in one of them: what belongs to no topic has the last.
function manual.pages()
  local pages, list, placed = {}, {}, {}
  for _, topic in ipairs(topics.list) do
    local file = topic[1] .. ".md"
    pages[file] = page(topic, placed)
    local head = index.get().topics[topic[1]]
    list[#list + 1] = ("- [%s](%s): %s"):format(topic[1], file, plain(head and format.summary(head) or ""))
  end
  local rest = {"# Elsewhere", ""}
  for _, entry in ipairs(index.get().entries) do
    if not placed[entry] and not entry.topic then add_entry(rest, entry) end
  end
  if #rest > 2 then
    pages["elsewhere.md"] = table.concat(rest, "\n"):gsub("\n\n\n+", "\n\n"):gsub("\n+$", "\n")
    list[#list + 1] = "- [elsewhere](elsewhere.md): what belongs to none of these"
  end
  pages["README.md"] = "# Reference\n\nEverything public, as `help()` shows it at the prompt. These pages are made "
    .. "from the comments beside the code\nby `make docs`; a test compares them, and runs every example.\n\n"
    .. table.concat(list, "\n") .. "\n"
  return pages
end

local function read(path)
  local file <close> = io.open(path)
  return file and file:read "a"
end

-- The first line in which two texts differ.
local function first_difference(a, b)
  local number, next_b = 0, (b .. "\n"):gmatch "(.-)\n"
  for line in (a .. "\n"):gmatch "(.-)\n" do
    number = number + 1
    local other = next_b()
    if line ~= other then return ("line %d is\n  %s\nand should be\n  %s"):format(number, other or "missing", line) end
  end
  return "it is longer than it should be"
end

--- What differs between the pages as they should be and those in a folder: a list of texts.
function manual.differences(folder)
  local list, pages = {}, manual.pages()
  for file, text in pairs(pages) do
    local there = read(folder .. "/" .. file)
    if not there then list[#list + 1] = file .. " is missing"
    elseif there ~= text then list[#list + 1] = file .. ": " .. first_difference(text, there) end
  end
  for _, file in ipairs(rm.sys.list(folder)) do
    if not pages[file] then list[#list + 1] = file .. " belongs to nothing" end
  end
  table.sort(list)
  return list
end

--- Writes the pages, and removes what is none of them.
function manual.write(folder)
  rm.sys.mkdir_p(folder)
  local pages = manual.pages()
  for _, file in ipairs(rm.sys.list(folder)) do
    if not pages[file] then os.remove(folder .. "/" .. file) end
  end
  for file, text in pairs(pages) do rm.write_atomic(folder .. "/" .. file, text) end
end

return manual
