--- Misspells the options of the docstrings' examples: wherever one calls something with a table of named values, the
-- table gets one more name, and the call has to refuse it by name.
--
--     accepted, tried = unknown_options.run()     in a folder of its own
--
-- accepted: {{name = of the entry, file =, line =, code =}, ...}, where nothing was said.
local in_folder = require "support.in_folder"
local rm = require "resmoon"

local unknown_options = {}

local NAME = "misspelled_option"

-- An error's message, or nil; nothing is printed.
local function message_of(f)
  -- luacheck: push ignore 122 121
  local was_print, was_write, was_out = print, io.write, io.stdout
  local silent = {}
  silent.write = function() return silent end
  silent.flush, silent.close, silent.setvbuf = silent.write, silent.write, silent.write
  io.stdout, print, io.write = silent, silent.write, silent.write
  local ok, message = pcall(f)
  io.stdout, print, io.write = was_out, was_print, was_write
  -- luacheck: pop
  return not ok and tostring(message) or nil
end

-- The steps of an example, one of them in another text.
local function type_in(example, changed, code)
  local environment = setmetatable({}, {__index = _G})
  rm.manual_seed(1)
  for i, step in ipairs(example) do
    local text = i == changed and code or step.code
    local chunk = load("return " .. text, "=prompt", "t", environment)
    chunk = chunk or assert(load(text, "=prompt", "t", environment))
    chunk()
  end
end

--- All examples, in the current folder.
function unknown_options.type_all()
  local globals = getmetatable(_G)
  for name, load in next, globals.prompt do globals.lazy[name] = load end   -- as the prompt does when it begins
  local accepted, tried = rm.json.array {}, 0
  for _, entry in ipairs(require("resmoon.shell.help.read").all()) do
    for _, example in ipairs(entry.examples) do
      for i, step in ipairs(example) do
        for at in step.code:gmatch "(){%s*[%a_][%w_]*%s*=[^=]" do
          local code = ("%s%s = 1, %s"):format(step.code:sub(1, at), NAME, step.code:sub(at + 1))
          local message = message_of(function() type_in(example, i, code) end)
          tried = tried + 1
          if not message then
            accepted[#accepted + 1] = {name = entry.names[1], file = entry.file, line = entry.line, code = code}
          end
        end
      end
    end
  end
  return {accepted = accepted, tried = tried}
end

--- The same in a process and a folder of their own.
function unknown_options.run()
  local found = in_folder 'return require("support.unknown_options").type_all()'
  return found.accepted, found.tried
end

return unknown_options
