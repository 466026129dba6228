--- Docstrings: what help() knows, read from the sources when it is first asked.
--
-- A comment with a `Call:` line is the entry of what it calls; with a `Topic:` line, of a part of
-- the library. In Lua it is a block that begins with three dashes, in C (src/bind) one that begins a
-- line. Both read the same:
--
--     What it does, in sentences; the first one is what lists show.
--
--         lines that are indented stay as they are
--
--     Call: x:sum(dims = all, {keepdim = false}) -> tensor
--     Shapes: of what it takes and gives     Units:, Options:, Errors:, Source: likewise
--     Example:
--       > rm.ones(2, 3):sum(1)
--       [2., 2., 2.]  float32 (3)
--
-- An entry may have several calls and several examples; the tests run these. In a call, `x` is a
-- tensor, `net` a module, and so on (see `receivers`); anything else is a name at the prompt.
local core = require "resmoon.core"

local read = {}

--- What the variables in front of `:` or `.` in a call stand for.
read.receivers = {
  x = "tensor", net = "nn.Module", g = "generator", opt = "optim.Optimizer", schedule = "schedule",
  ds = "data.Dataset", loader = "data.Loader", trainer = "train.Trainer", log = "train.Log", ema = "optim.EMA",
  matrix = "metrics.confusion", process = "rm.sys.process", seq = "nn.Sequential",
  handle = "nn.handle", live = "plot.live", hash = "hash", lock = "lock",
}

local tags = {}
for tag in ("Call Topic Shapes Units Options Returns Errors Source Sources Example See"):gmatch "%S+" do
  tags[tag] = true
end

--- "x:sum(dims)" -> "tensor.sum"; the name under which a call is found.
function read.name(call)
  if call:find "^x%[" then return "tensor.indexing" end
  local path = call:match "^[%w_.:]+" or call
  path = path:gsub(":", ".")
  local first, rest = path:match "^([%w_]+)(%..+)$"
  local class = first and read.receivers[first]
  return class and class .. rest or path
end

-- --- one docstring -----------------------------------------------------------------------

-- The input of an example and what it prints: lines "> code", ">> more code", then the rest.
local function add_example(entry, lines)
  local indent = (lines[1] or ""):match "^ *"
  local example = {}
  for _, line in ipairs(lines) do
    if line:sub(1, #indent) == indent then line = line:sub(#indent + 1) end
    local code = line:match "^> ?(.*)"
    local more = line:match "^>> ?(.*)"
    local last = example[#example]
    if more and last then last.code = last.code .. "\n" .. more
    elseif code then example[#example + 1] = {code = code, output = {}}
    elseif last then last.output[#last.output + 1] = line end
  end
  for _, step in ipairs(example) do
    while step.output[#step.output] == "" do table.remove(step.output) end
  end
  entry.examples[#entry.examples + 1] = example
end

--- The lines of a comment, without its marks, as an entry; nil if it documents nothing.
function read.entry(lines, file, line)
  local entry = {calls = {}, body = {}, tags = {}, order = {}, examples = {}, file = file, line = line}
  local tag, collected
  local function close()
    if tag == "Example" then add_example(entry, collected)
    elseif tag == "Call" then entry.calls[#entry.calls + 1] = table.concat(collected, " "):gsub("%s+", " ")
    elseif tag == "Topic" then entry.topic = collected[1]
    elseif tag then
      if not entry.tags[tag] then entry.order[#entry.order + 1] = tag end
      entry.tags[tag] = collected
    end
    tag, collected = nil, nil
  end
  for _, text in ipairs(lines) do
    text = text:gsub("%s+$", "")
    local name, rest = text:match "^(%u%a+):%s*(.*)$"
    if name and tags[name] then
      close()
      tag, collected = name, {rest ~= "" and rest or nil}
    elseif tag and (tag == "Example" and text:find "^%s" or tag ~= "Example" and text ~= "") then
      collected[#collected + 1] = text
    elseif tag and tag ~= "Example" or tag and text ~= "" then
      close()
      entry.body[#entry.body + 1] = text
    elseif not tag then
      entry.body[#entry.body + 1] = text
    end
  end
  close()
  if #entry.calls == 0 and not entry.topic then return nil end
  entry.names = {entry.topic}
  for _, call in ipairs(entry.calls) do
    local known, call_name = false, read.name(call)
    for _, other in ipairs(entry.names) do known = known or other == call_name end
    known = known or read.receivers[call_name] or call:find "^#"  -- `net(...)`, `#ds`
    if not known then entry.names[#entry.names + 1] = call_name end
  end
  return entry
end

--- The first sentence: what a list shows of an entry.
function read.summary(entry)
  local words = {}
  for _, line in ipairs(entry.body) do
    if line == "" and #words > 0 then break end
    words[#words + 1] = line
  end
  local text = table.concat(words, " "):gsub("%s+", " ")
  return text:match "^(.-%.)%s" or text
end

-- --- the files ------------------------------------------------------------------------------

local function lua_file(path, shown, add)
  local block, number = nil, 0
  for line in io.lines(path) do
    number = number + 1
    local begins, text = line:match "^%s*%-%-%- ?(.*)", line:match "^%s*%-%- ?(.*)"
    if not block and begins and not begins:find "^%-" then block = {begins}
    elseif block and text then block[#block + 1] = text
    elseif block then
      add(read.entry(block, shown, number))
      block = nil
    end
  end
end

local function lua_folder(path, shown, add)
  for _, name in ipairs(core.sys.list(path)) do
    local here = path .. "/" .. name
    if name:find "%.lua$" then lua_file(here, shown .. "/" .. name, add)
    elseif core.sys.is_dir(here) then lua_folder(here, shown .. "/" .. name, add) end
  end
end

local function c_docs(add)
  local block, file, line
  for text in core.bind_docs():gmatch "(.-)\n" do
    local f, l = text:match "^@(.+):(%d+)$"
    if f then
      if block then add(read.entry(block, file, line)) end
      block, file, line = {}, f, math.tointeger(l)
    else
      block[#block + 1] = text
    end
  end
  if block then add(read.entry(block, file, line)) end
end

--- All entries: a list, in the order of files and lines.
function read.all()
  local entries = {}
  local function add(entry) entries[#entries + 1] = entry end
  local here = debug.getinfo(1, "S").source:match "^@(.*)/shell/help/read%.lua$"
  lua_folder(here, "lua/resmoon", add)
  c_docs(add)
  return entries
end

return read
