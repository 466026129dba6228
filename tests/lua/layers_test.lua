--- The Lua library is layered: a folder of lua/resmoon requires only what stands above it in this list.
--
-- A file may name any file of its own folder. What a file needs stands at its head; a require inside a function
-- says in a comment with "late:" why it must be there, and there are at most ten of them.
local check = require "support.check"

local layers = {
  "base",      -- classes, errors, options, text, JSON, command lines: nothing but the C core
  "nn",        -- layers, modules, blocks
  "dist",      -- many processes
  "optim",     -- optimizers and schedules
  "models",    -- networks
  "data",      -- data sets, transforms, loaders
  "metrics",   -- scores and labels in, tables out
  "runs",      -- what a run is on disk: settings, folder, log, checkpoint, record of its data
  "plot",      -- draws plain tables
  "train",     -- the trainer, evaluation, everything that trains
  "explain",   -- what a network does inside, and why residual ones train
  "bench",     -- speed
  "search",    -- hyper-parameters
  "report",    -- pages about runs
  "labs",      -- each lab once
  "lessons",   -- the course and the checks of its exercises
  "shell",     -- the prompt
}
local MOST_LATE = 10

local rank = {}
for i, name in ipairs(layers) do rank[name] = i end

local function read(path)
  local file <close> = assert(io.open(path))
  return file:read "a"
end

local function files()
  local list, pipe = {}, assert(io.popen "find lua/resmoon -name '*.lua' | LC_ALL=C sort")
  for path in pipe:lines() do list[#list + 1] = path end
  pipe:close()
  return list
end

-- The folder of a file, or of the module "resmoon.nn.module" ("nn"); nil for lua/resmoon/init.lua, which only names
-- the parts and loads them when they are asked for.
local function folder_of(path) return path:match "^lua/resmoon/([^/]+)/" end

-- Every module of ours that a file names, also in strings that are required elsewhere; comments aside.
local function named_modules(text)
  local list, number = {}, 0
  for line in (text .. "\n"):gmatch "(.-)\n" do
    number = number + 1
    if not line:find "^%s*%-%-" then
      for module in line:gmatch "[\"']resmoon%.(%l[%w_.]*)[\"']" do
        list[#list + 1] = {line = number, module = module, folder = module:match "^[^.]+"}
      end
    end
  end
  return list
end

-- What points up in a file at `path` that holds `text`.
local function upward(path, text)
  local own, found = folder_of(path), {}
  if not own then return found end
  if not rank[own] then return {path .. ": the folder " .. own .. " is not in the list of layers"} end
  for _, use in ipairs(named_modules(text)) do
    if use.folder ~= "core" and (rank[use.folder] or math.huge) > rank[own] then
      found[#found + 1] = ("%s:%d: %s may not use resmoon.%s"):format(path, use.line, own, use.module)
    end
  end
  return found
end

-- Lines of a file on which a function (not the file itself) calls require.
local function late_lines(path)
  local lines, inside = {}, false
  local pipe = assert(io.popen("luac5.4 -l -p " .. path))
  for line in pipe:lines() do
    if line:find "^main <" then inside = false elseif line:find "^function <" then inside = true end
    local number = line:match "^%s*%d+%s+%[(%d+)%].*_ENV \"require\""
    if inside and number then lines[#lines + 1] = tonumber(number) end
  end
  check.that(pipe:close(), "luac5.4 cannot read " .. path)
  return lines
end

check.case("no folder of lua/resmoon requires one that stands below it", function()
  local found = {}
  for _, path in ipairs(files()) do
    for _, line in ipairs(upward(path, read(path))) do found[#found + 1] = line end
  end
  check.that(#found == 0, table.concat(found, "\n"))
end)

check.case("an upward require would be found", function()
  check.equal(#upward("lua/resmoon/nn/x.lua", 'local train = require "resmoon.train.trainer"'), 1)
  check.equal(#upward("lua/resmoon/nn/x.lua", 'local f = require("resmoon.base.fail")'), 0)
  check.equal(#upward("lua/resmoon/elsewhere/x.lua", ""), 1)
end)

-- Lines that call something else than the library `rm`. (lua/resmoon/init.lua makes the one of the other.)
local function misnamed(path, text)
  local found, number = {}, 0
  for line in (text .. "\n"):gmatch "(.-)\n" do
    number = number + 1
    local names, value = line:match "^%s*local%s+([%w_, ]-)%s*=%s*(.+)$"
    if names and (", " .. names .. ","):find "[, ]rm%s*," and not value:find "^require ?%(?[\"']resmoon[\"']" then
      found[#found + 1] = ("%s:%d: %s"):format(path, number, line)
    end
  end
  return found
end

check.case("rm is the library, and the core is called core", function()
  local found = {}
  for _, path in ipairs(files()) do
    for _, line in ipairs(folder_of(path) and misnamed(path, read(path)) or {}) do found[#found + 1] = line end
  end
  check.that(#found == 0, table.concat(found, "\n"))
  check.equal(#misnamed("x.lua", 'local rm = require "resmoon.core"'), 1)
  check.equal(#misnamed("x.lua", 'local a, rm = 1, require("resmoon.core")'), 1)
  check.equal(#misnamed("x.lua", 'local rm   = require "resmoon"'), 0)
end)

check.case("what a file needs stands at its head", function()
  local late, unexplained = {}, {}
  for _, path in ipairs(files()) do
    local text = {}
    for line in (read(path) .. "\n"):gmatch "(.-)\n" do text[#text + 1] = line end
    for _, number in ipairs(late_lines(path)) do
      local place = ("%s:%d: %s"):format(path, number, text[number])
      late[#late + 1] = place
      local above = (text[number - 1] or "") .. (text[number - 2] or "") .. text[number]
      if not above:find "late:" then unexplained[#unexplained + 1] = place end
    end
  end
  check.that(#unexplained == 0, "without a word why it is late:\n" .. table.concat(unexplained, "\n"))
  check.that(#late <= MOST_LATE, #late .. " late requires:\n" .. table.concat(late, "\n"))
end)
