--- Runs the examples of the docstrings as if they were typed, and compares what is printed.
--
--     results = examples.run()     in a folder of its own, each example with fresh names
--     examples.rewrite(results)    puts what was printed into the docstrings
--
-- `resmoon tests/help_examples.lua` shows where they differ; with --write it rewrites them.
local in_folder = require "support.in_folder"
local rm = require "resmoon"

local examples = {}

-- --- in the folder: typing ----------------------------------------------------------------

-- Everything that is printed, as text.
local function capture(f)
  local parts = {}
  local out = {write = function(self, ...)
    for i = 1, select("#", ...) do parts[#parts + 1] = tostring((select(i, ...))) end
    return self
  end, flush = function() end, close = function() end}
  -- luacheck: push ignore 122 121
  local was_out, was_print, was_write = io.stdout, print, io.write
  io.stdout = out
  io.write = function(...) return out:write(...) end
  function print(...)
    for i = 1, select("#", ...) do out:write(i > 1 and "\t" or "", tostring((select(i, ...)))) end
    out:write "\n"
  end
  local ok, message = xpcall(f, debug.traceback)
  io.stdout, print, io.write = was_out, was_print, was_write
  -- luacheck: pop
  if not ok then parts[#parts + 1] = "error: " .. message .. "\n" end
  return table.concat(parts)
end

local function type_in(example)
  local show = require "resmoon.shell.show"
  local environment = setmetatable({}, {__index = _G})
  local outputs = {}
  rm.manual_seed(1)
  for i, step in ipairs(example) do
    local text = capture(function()
      local chunk = load("return " .. step.code, "=prompt", "t", environment)
      chunk = chunk or assert(load(step.code, "=prompt", "t", environment))
      local values = table.pack(chunk())
      if values.n > 0 and not step.code:find ";%s*$" then print(show(table.unpack(values, 1, values.n))) end
    end)
    -- An example in a docstring has no blank lines.
    outputs[i] = text:gsub("[ \t]+\n", "\n"):gsub("\n\n+", "\n"):gsub("^\n+", ""):gsub("\n+$", ""):gsub("\t", "  ")
  end
  return outputs
end

--- Runs all examples in the current folder; the list of {entry number, example number, outputs}.
function examples.type_all(filter)
  local globals = getmetatable(_G)
  for name, load in next, globals.prompt do globals.lazy[name] = load end   -- as the prompt does when it begins
  local read, results = require "resmoon.shell.help.read", rm.json.array {}
  for n, entry in ipairs(read.all()) do
    for k, example in ipairs(entry.examples) do
      if not filter or table.concat(entry.names, " "):find(filter, 1, true) then
        results[#results + 1] = {entry = n, example = k, outputs = rm.json.array(type_in(example))}
      end
    end
  end
  return results
end

-- --- from outside -------------------------------------------------------------------------

--- Runs them in a process and a folder of their own.
-- Returns a list of {entry =, example =, got = list of texts}.
function examples.run(filter)
  local results = in_folder(('return require("support.help_examples").type_all(%s)')
    :format(filter and ("%q"):format(filter) or "nil"))
  local entries = require "resmoon.shell.help.read".all()
  for _, result in ipairs(results) do
    result.entry = entries[result.entry]
    result.steps = result.entry.examples[result.example]
  end
  return results
end

local function text_of(step) return table.concat(step.output, "\n") end

--- Where a result is not what the docstring promises: a list of texts.
function examples.differences(results)
  local list = {}
  for _, result in ipairs(results) do
    for i, step in ipairs(result.steps) do
      if result.outputs[i] ~= text_of(step) or result.outputs[i]:find "^error: " then
        list[#list + 1] = ("%s (%s:%d)\n> %s\nprinted:\n%s\nexpected:\n%s"):format(result.entry.names[1],
          result.entry.file, result.entry.line, step.code, result.outputs[i], text_of(step))
      end
    end
  end
  return list
end

-- --- rewriting ----------------------------------------------------------------------------

-- The lines of an example with what was printed.
local function fresh(result, indent, prefix)
  local lines = {}
  local function add(text)
    for line in (text .. "\n"):gmatch "(.-)\n" do
      lines[#lines + 1] = (prefix .. (line == "" and "" or indent .. line)):gsub("%s+$", "")
    end
  end
  for i, step in ipairs(result.steps) do
    add("> " .. step.code:gsub("\n", "\n>> "))
    if result.outputs[i] ~= "" then add(result.outputs[i]) end
  end
  return lines
end

local function failed(result) return ("\n" .. table.concat(result.outputs, "\n")):find("\nerror: ", 1, true) end

--- Puts what was printed into the sources, but for errors.
function examples.rewrite(results)
  local files = {}
  for _, result in ipairs(results) do
    local path = result.entry.file
    if not files[path] then
      files[path] = {}
      for line in io.lines(path) do table.insert(files[path], line) end
    end
    local lines, entry = files[path], result.entry
    -- The line of the entry moves with what was put in before, so it is looked for by its calls.
    local call = entry.calls[1] or entry.topic
    local at, seen = nil, 0
    for i, line in ipairs(lines) do
      local found = line:match "^%s*[-/%* ]*%f[%w]Call: *(.*)$" or line:match "^%s*[-/%* ]*%f[%w]Topic: *(.*)$"
      if found == call or not at and found and call:sub(1, #found) == found then at = i end  -- or it goes on below
      if found == call then break end
    end
    for i = (failed(result) or not at) and #lines + 1 or at, #lines do
      if lines[i]:match "^%s*[-%* ]*Example:%s*$" then
        seen = seen + 1
        if seen == result.example then
          local prefix = lines[i]:match "^(%s*[-%*]* ?)Example"
          local last = i
          while lines[last + 1] and lines[last + 1]:sub(1, #prefix + 2) == prefix .. "  " do last = last + 1 end
          local closing = lines[last]:match "%s*%*/$" or ""
          local text = fresh(result, "  ", prefix)
          text[#text] = text[#text] .. closing
          for _ = i + 1, last do table.remove(lines, i + 1) end
          for k = #text, 1, -1 do table.insert(lines, i + 1, text[k]) end
          break
        end
      end
    end
  end
  for path, lines in pairs(files) do rm.write_atomic(path, table.concat(lines, "\n") .. "\n") end
end

return examples
