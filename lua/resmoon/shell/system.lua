--- The prompt and the programs around it: `$ command`, and an editor.
local core     = require "resmoon.core"
local fail     = require "resmoon.base.fail"
local localise = require "resmoon.shell.localize"
local session  = require "resmoon.shell.session"
local pcall = require("resmoon.base.catch").pcall

local system = {}

local function quote(text) return "'" .. text:gsub("'", "'\\''") .. "'" end

-- Runs a command of the user's shell on the terminal; returns its exit status.
local function run(command)
  io.stdout:flush()
  local _, how, code = os.execute(command)
  return how == "signal" and 128 + code or code
end

--- `$ command`: runs it; says how it ended if not well.
function system.shell(command)
  if command == "" then command = core.sys.getenv "SHELL" or "sh" end
  local status = run(command)
  if status ~= 0 then io.stderr:write(("(exit status %d)\n"):format(status)) end
end

local function editor()
  for _, name in ipairs {"VISUAL", "EDITOR"} do
    local command = core.sys.getenv(name)
    if command and command ~= "" then return command end
  end
  for _, name in ipairs {"nano", "vim", "vi", "emacs"} do
    if core.sys.which(name) then return name end
  end
  fail("edit: no editor was found; EDITOR in the environment names one")
end

local function read(name)
  local file, reason = io.open(name)
  if not file then fail("edit: %s", reason) end
  local text = file:read("a")
  file:close()
  return text
end

-- Opens the file; raises unless the editor ends well.
local function open(name)
  local status = run(editor() .. " " .. quote(name))
  if status ~= 0 then fail("edit: the editor ended with status %d: nothing was run", status) end
end

local function edit_block()
  local name = os.tmpname()
  os.remove(name)
  name = name .. ".lua"
  local file = assert(io.open(name, "w"))
  file:write(session:last() or "", "\n")
  file:close()
  local ok, message = pcall(open, name)
  local text = ok and read(name)
  os.remove(name)
  if not ok then error(message, 0) end
  if text:find("%S") then
    print((text:gsub("\n+$", "")))
    session:feed(text)
  end
end

local function edit_file(name)
  open(name)
  if not core.sys.exists(name) then return end
  local chunk, message = load(localise(read(name)), "@" .. name, "t", session.environment)
  if not chunk then error(message, 0) end
  return chunk()
end

--- Opens $VISUAL or $EDITOR, and runs what was written there when it ends.
--
-- Without a name it opens the last thing that was typed, which comes back to the prompt as one block;
-- with a name, that file. Top-level locals of it live on, as those that are typed do.
--
-- Call: edit()
-- Call: edit(name)
-- Errors: raises if there is no editor, or it ends with a status other than 0; then nothing is run.
function system.edit(name)
  if name == nil or name == "" then return edit_block() end
  if type(name) ~= "string" then fail("edit: expected the name of a file, got %k", name) end
  return edit_file(name)
end

return system
