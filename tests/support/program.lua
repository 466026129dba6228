--- Runs the program under test, on pipes and on a terminal.
local program = {}

--- The program, as tests/run.lua started it.
program.path = arg[-1]

--- So many seconds for the release build, and more for one that the sanitizers or the counters of coverage make slower:
--- for limits that are only there to end what hangs.
function program.limit(seconds)
  for _, mode in ipairs {"asan", "tsan", "coverage", "debug"} do
    if program.path:find("/" .. mode .. "/", 1, true) then return 5 * seconds end
  end
  return seconds
end

local function quote(text) return "'" .. text:gsub("'", "'\\''") .. "'" end
program.quote = quote

--- Whether the program was built with readline; without it lines are plain.
function program.has_readline()
  return os.execute("ldd " .. quote(program.path) .. " | grep -q readline") == true
end

local function write(text)
  local name = os.tmpname()
  local file <close> = assert(io.open(name, "w"))
  file:write(text)
  return name
end

local function read(name)
  local file <close> = assert(io.open(name))
  return file:read("a")
end

--- A folder that is removed when f(folder) is done.
function program.with_folder(f)
  local name = os.tmpname()
  os.remove(name)
  assert(os.execute("mkdir " .. quote(name)))
  local ok, message = pcall(f, name)
  os.execute("rm -rf " .. quote(name))
  if not ok then error(message, 0) end
end

--- Writes a file and returns its name.
function program.file(name, text)
  local file <close> = assert(io.open(name, "w"))
  file:write(text)
  return name
end

--- Runs the program with a list of arguments; returns what it wrote, its errors, and its exit status.
-- options: input (text for standard input), env ("-u NAME NAME=value ..."), folder to run in.
function program.run(arguments, options)
  options = options or {}
  local words = {}
  for i, word in ipairs(arguments) do words[i] = quote(word) end
  local input, errors = write(options.input or ""), os.tmpname()
  local path = program.path
  if options.folder and path:sub(1, 1) ~= "/" then path = os.getenv("PWD") .. "/" .. path end
  local command = ("%senv -u LUA_PATH RESMOON_HISTORY= RESMOON_STARTUP= env %s %s %s <%s 2>%s"):format(
    options.folder and "cd " .. quote(options.folder) .. " && " or "",
    options.env or "", quote(path), table.concat(words, " "), quote(input), quote(errors))
  local pipe = assert(io.popen(command))
  local output = pipe:read("a")
  local _, _, status = pipe:close()
  local complaints = read(errors)
  os.remove(input)
  os.remove(errors)
  return output, complaints, status
end

--- Types at the program on a terminal of 80 by 24: `steps` are those of support/pty.c.
-- Returns what was on the terminal; raises if something expected did not come.
-- options: arguments (a list), env ("-u NAME NAME=value ...").
function program.type(steps, options)
  options = options or {}
  local words = {}
  for i, word in ipairs(options.arguments or {}) do words[i] = quote(word) end
  local script, errors = write(table.concat(steps, "\n") .. "\n"), os.tmpname()
  local helper = program.path:match("^(.*)/[^/]*$") .. "/tests/pty"
  local command = ("env -u LUA_PATH TERM=xterm NO_COLOR=1 RESMOON_HISTORY= RESMOON_STARTUP= INPUTRC=/dev/null "
                   .. "env %s %s %s %s %s 2>%s"):format(
    options.env or "", quote(helper), quote(script), quote(program.path), table.concat(words, " "), quote(errors))
  local pipe = assert(io.popen(command))
  local screen = pipe:read("a")
  local ok = pipe:close()
  local complaints = read(errors)
  os.remove(script)
  os.remove(errors)
  if not ok then error(complaints .. "the terminal showed:\n" .. screen, 2) end
  return screen
end

return program
