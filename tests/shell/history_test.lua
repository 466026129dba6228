--- What was typed, between sessions: whole, whatever the file is like, and said once where it cannot be kept.
local check   = require "support.check"
local program = require "support.program"

local function case(name, run)
  check.case(name, function()
    if not program.has_readline() then check.skip("built without readline") end
    program.with_folder(run)
  end)
end

-- Types at a session with that history file; returns the screen.
local function session(file, steps)
  table.insert(steps, 1, "expect > ")
  for _, step in ipairs {"expect > ", "send \\x04", "exit 0"} do steps[#steps + 1] = step end
  return program.type(steps, {env = "RESMOON_HISTORY=" .. file})
end

local function read(name)
  local file <close> = assert(io.open(name, "rb"))
  return file:read "a"
end

-- The entries of a file with times, as a list.
local function entries(name)
  local list = {}
  for text in (read(name) .. "#1700000000\n"):gmatch "#%d+\n(.-)\n%f[#]" do list[#list + 1] = text end
  return list
end

-- 11,005 stamped entries; the fifth from the end has three lines.
local function long_history(file)
  local lines = {}
  for i = 1, 11005 do
    local text = i == 11001 and "for i = 1, 2 do\n  kept = i * 1111\nend" or ("entry_%d = 1"):format(i)
    lines[i] = ("#%d\n%s\n"):format(1700000000 + i, text)
  end
  return program.file(file, table.concat(lines))
end

case("a file that became too long is cut between entries, and those of several lines stay whole", function(folder)
  local file = long_history(folder .. "/history")
  for _ = 1, 3 do  -- up over what the sessions before added
    session(file, {"send \\x12kept = i", "pause 200", "send \\r", "expect > ", "send kept + 1\\r", "expect 2223"})
  end
  local list = entries(file)
  check.that(#list >= 10000 and #list <= 11000, #list .. " entries")
  local whole = 0
  for _, text in ipairs(list) do
    if text == "for i = 1, 2 do\n  kept = i * 1111\nend" then whole = whole + 1 end
  end
  check.that(whole >= 1)
  check.equal(list[1], ("entry_%d = 1"):format(11005 - 10000 + 1))  -- the newest 10,000 were kept
  check.equal(read(file):sub(1, 12), "#1700001006\n")
end)

case("a line of an entry that looks like a time does not tear it apart", function(folder)
  local file = folder .. "/history"
  session(file, {"send text = [[\\r", "expect >> ", "send #1700000000\\r", "expect >> ", "send ]] n = 5150 + #text\\r"})
  session(file, {"send \\e[A\\r", "expect > ", "send n\\r", "expect 5163"})
end)

case("two sessions at once lose nothing, also when the file is cut", function(folder)
  local file = long_history(folder .. "/history")
  local typed = {}
  for i = 1, 40 do typed[#typed + 1] = ("send first_%d = 1\\r"):format(i) typed[#typed + 1] = "expect > " end
  local script = program.file(folder .. "/steps", "expect > \n" .. table.concat(typed, "\n"):gsub("first", "second")
                              .. "\nsend \\x04\nexit 0\n")
  local pty = program.path:match("^(.*)/[^/]*$") .. "/tests/pty"
  local other = io.popen(("env TERM=xterm NO_COLOR=1 RESMOON_STARTUP= INPUTRC=/dev/null RESMOON_HISTORY=%s %s %s %s")
    :format(file, pty, script, program.path))
  typed[#typed] = nil  -- session waits for the last prompt
  session(file, typed)
  other:read "a"
  check.that(other:close())
  local seen = {}
  for _, text in ipairs(entries(file)) do seen[text] = true end
  for i = 1, 40 do
    check.that(seen[("first_%d = 1"):format(i)] and seen[("second_%d = 1"):format(i)], "entry " .. i)
  end
end)

case("a file without times has an entry a line, and those typed later stay whole", function(folder)
  local file = program.file(folder .. "/history", "one = 1001\ntwo = 2002\n")
  session(file, {"send \\e[A\\e[A\\r", "expect > ", "send one\\r", "expect 1001", "expect > ",
                 "send for i = 1, 2 do\\r", "expect >> ", "send x = i * 3003 end\\r"})
  session(file, {"send \\e[A\\r", "expect > ", "send x\\r", "expect 6006"})
end)

case("a damaged file: what is whole is recalled, what is typed is kept", function(folder)
  local file = program.file(folder .. "/history", "#1700000001\nfine = 3003\n#1700000002\n\0\0\1\255\0\n#17000000\n"
                            .. "#1700000003\n#1700000004\n#1700000005\nlast = 4004")  -- cut off within a line
  session(file, {"send \\e[A\\r", "expect > ", "send last\\r", "expect 4004"})
  session(file, {"send \\e[A", "expect last", "send \\e[A\\e[A", "pause 200", "send \\r", "expect > ",
                 "send fine == 3003\\r", "expect true"})
  check.that(read(file):find("last = 4004\n#%d+\nlast"))
end)

case("what cannot be written is said once, with the reason, and the session goes on", function(folder)
  local function said(file, reason, before)
    local screen = program.type({"expect > ", "send 4 * 11\\r", "expect 44", "expect > ", "send 5 * 11\\r", "expect 55",
                                 "expect > ", "send \\e[A\\r", "expect 55", "expect > ", "send \\x04", "exit 0"},
                                {env = (before or "") .. "RESMOON_HISTORY=" .. file})
    local _, times = screen:gsub("no history is kept: ", "")
    check.equal(times, reason and 1 or 0, screen)
    if reason then check.that(screen:find("no history is kept: " .. reason, 1, true), screen) end
  end
  said(folder, folder .. ": Is a directory")
  said(folder .. "/nowhere/history", folder .. "/nowhere/history: No such file or directory")
  local other = program.file(folder .. "/image", ("\0\1\n"):rep(50000))
  said(other, other .. ": it is not a history")
  check.equal(#read(other), 150000)
  os.execute("mkfifo " .. folder .. "/pipe")
  said(folder .. "/pipe", folder .. "/pipe: not a file")
  said("/dev/null")
  said("/" .. ("x"):rep(5000), "the name of its file is too long")
end)
