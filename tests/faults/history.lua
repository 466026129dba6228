--- Calls on the file of the prompt's history that fail, in sessions at a terminal.
--
--     lua5.4 tests/faults/history.lua --program PATH --c FOLDER [--seconds S]
--
-- As in io.lua each call fails once and from there on, with each kind of fault. Afterwards every entry of the file is
-- one of those that were there or were typed, whole and in order, and none of the old ones is missing that a cut would
-- keep. Where one that was typed is missing the session has said so, with the name of the file, and so it has of every
-- EIO but that of a close after reading. No temporary file is left.
local options = {program = "build/release/resmoon", c = "build/release/tests", seconds = "600"}
for i = 1, #arg, 2 do options[arg[i]:match "^%-%-(%w+)$"] = arg[i + 1] end
if not os.execute(("ldd %s | grep -q readline"):format(options.program)) then
  print "@\thistory (there is none without readline)\t0\t0"
  os.exit(true)
end
local stop = os.time() + tonumber(options.seconds)

local function lines(format, ...)
  local pipe = assert(io.popen(format:format(...)))
  local text = pipe:read "a"
  return text, pipe:close()
end
local base = lines("mktemp -d /tmp/resmoon-faults-XXXXXX"):gsub("\n", "")
local folder = base .. "/watched"
local file, steps = folder .. "/history", base .. "/steps"

local function put(path, text)
  local f <close> = assert(io.open(path, "w"))
  f:write(text)
end
local function content(path)
  local f <close> = io.open(path, "rb")
  return f and f:read "a" or ""
end

local TYPED = {"first = 11", "second = 22", 'print("calls", select(3, os.remove "/fault/count"))'}
do
  local list = {"expect > "}
  for _, text in ipairs(TYPED) do list[#list + 1] = "send " .. text .. "\\r\nexpect > " end
  put(steps, table.concat(list, "\n") .. "\nsend \\x04\nexit 0\n")
end

-- One session; returns what was on the terminal.
local function session(order)
  local screen, ok = lines("env -u LUA_PATH TERM=xterm NO_COLOR=1 RESMOON_STARTUP= INPUTRC=/dev/null "
    .. "RESMOON_HISTORY=%s RESMOON_WATCH=%s RESMOON_FAULT=io/%s "
    .. "LD_PRELOAD=%s/shim.so %s/pty %s %s 2>&1", file, folder, order, options.c,
    options.c, steps, options.program)
  return screen, ok
end

-- The entries behind their times, and what stands in front of the first.
local function entries(text)
  local list = {}
  local front = text:match "^(.-)%f[#]#%d+\n" or text
  if text:sub(-1) ~= "\n" then text = text .. "\n" end
  for entry in (text .. "#1700000000\n"):gmatch "#%d%d%d%d%d%d%d%d%d%d\n(.-)\n%f[#]" do list[#list + 1] = entry end
  return list, front
end

local MOST = 10000   -- as history.c has it
local function old_ones(n)
  local list = {}
  for i = 1, n do list[i] = (i % 7 == 0 and "for i = 1, %d do\n  print(i)\nend" or "entry_%d = 1"):format(i) end
  return list
end
local kinds = {
  {name = "history, none yet", old = old_ones(0)},
  {name = "history, added to", old = old_ones(10)},
  {name = "history, its last line cut off", old = old_ones(10), cut = true},
  {name = "history, too long", old = old_ones(MOST + MOST // 10 + 5)},
}

local function complain(kind, order, text, ...)
  print(("FAULT\t%s\tio/%s: " .. text):format(kind.name, order, ...))
end

local function begin(kind)
  local text = {}
  for i, entry in ipairs(kind.old) do text[i] = ("#%d\n%s\n"):format(1700000000 + i, entry) end
  os.execute(("rm -rf %s && mkdir %s"):format(folder, folder))
  if #text > 0 then put(file, table.concat(text):sub(1, kind.cut and -2 or -1)) end
end

local function attempt(kind, order)
  begin(kind)
  local screen, ok = session(order)
  if not ok then return complain(kind, order, "the session failed: %s", screen:sub(-300)) end
  local said = screen:find("no history is kept: " .. file, 1, true)
            or screen:find("the history cannot be shortened: " .. file, 1, true)
  local list, front = entries(content(file))
  if front ~= "" then complain(kind, order, "the file begins with %q", front:sub(1, 80)) end
  -- The old ones from the first that is left; a cut leaves the newest.
  local from = 1
  while list[1] and kind.old[from] and kind.old[from] ~= list[1] do from = from + 1 end
  if #kind.old - from + 1 < math.min(#kind.old, MOST) then complain(kind, order, "entries are lost") end
  local at = 0
  for i = from, #kind.old do
    at = at + 1
    local found = list[at] or "nothing"
    if found ~= kind.old[i] then return complain(kind, order, "%q instead of %q", found, kind.old[i]) end
  end
  local missing = false
  for _, text in ipairs(TYPED) do
    if list[at + 1] == text then at = at + 1 else missing = true end
  end
  if at < #list then complain(kind, order, "%q was not typed", list[at + 1]) end
  if missing and not said then complain(kind, order, "something is not kept, and nothing said so") end
  local at_call, once = order:match "^EIO/(%d+)(%+?)$"
  if at_call and once == "" and not said and tonumber(at_call) ~= kind.opening then
    complain(kind, order, "nothing was said of it")
  end
  local left = lines("find %s -name '*.tmp'", folder)
  if left ~= "" then complain(kind, order, "left behind: %s", left) end
end

local faults = {"EIO/%d", "ENOSPC/%d", "EINTR/%d", "short/%d", "EIO/%d+", "ENOSPC/%d+", "short/%d+"}
for _, kind in ipairs(kinds) do
  begin(kind)
  local screen = session "EIO/0"
  local calls, done = tonumber(screen:match "calls%s+(%d+)"), 0
  if not calls then
    complain(kind, "EIO/0", "no prompt: %s", screen)
  else
    -- A line that is typed is an open, a read of the last byte (if there is one), a write, and a close; where the last
    -- line is cut off, a newline is written before.
    kind.opening = calls - 4 * #TYPED + (#kind.old == 0 and 1 or 0) - (kind.cut and 1 or 0)
    for at = 1, calls do
      for _, fault in ipairs(faults) do
        if os.time() < stop then
          attempt(kind, fault:format(at))
          done = done + 1
        end
      end
    end
    print(("@\t%s\t%d\t%d"):format(kind.name, calls, done))
    io.stdout:flush()
  end
end
os.execute("rm -rf " .. base)
