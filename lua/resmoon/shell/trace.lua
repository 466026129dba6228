--- What an error looks like: the message, the user's line itself, the user's frames.
--
--     net.lua:14: conv2d: x has 4 channels, weight expects 3
--       x       (2, 4, 32, 32)  NCHW
--       at      resnet20.conv1
--     net.lua:14:  y = net(images)
--     traceback:
--             net.lua:14: in function 'classify'
--             net.lua:30: in main chunk
--
-- Lines come from the file, or from what was typed (session.lua keeps it). Frames of our own library and of C
-- are left out: what is left the user can change. src/shell/run.c calls this as the message handler of
-- all that runs for the user, and has a plain one in its place while this file is not loaded.
local lazy = require "resmoon.base.lazy"

local advice  = lazy "resmoon.shell.advice"
local missing = lazy "resmoon.shell.missing"

local trace = {}

-- Finding frame n takes n steps, so a stack that overflowed (200,000 frames) is not walked to its end.
local MOST_FRAMES, MOST_LEVELS = 20, 1000

local home = debug.getinfo(1, "S").source:match("^(.*resmoon/)shell/trace%.lua$")

local function is_ours(source) return source:sub(1, #home) == home end

--- The line of a source (as debug.getinfo names it), without the blanks around it; nil if it is not at hand.
function trace.line(source, number)
  local text
  if source:sub(1, 1) == "@" then
    local file <close> = io.open(source:sub(2))
    if not file then return nil end
    for line in file:lines() do
      number = number - 1
      if number == 0 then text = line break end
    end
  else
    local session = package.loaded["resmoon.shell.session"]
    text = session and session:line(source, number)
      or source:sub(1, 1) ~= "=" and number == 1 and source:match("^[^\n]*")
  end
  return text and text:match("^%s*(.-)%s*$")
end

-- The user's frames, innermost first, and whether there are more.
local function frames()
  local list, level = {}, 3
  local info = debug.getinfo(level, "Slntf")
  while info and #list < MOST_FRAMES and level < MOST_LEVELS do
    if info.currentline > 0 and not is_ours(info.source) then
      list[#list + 1] = info
      info.level = level
    end
    level = level + 1
    info = debug.getinfo(level, "Slntf")
  end
  return list, info ~= nil
end

local function place(frame) return ("%s:%d:"):format(frame.short_src, frame.currentline) end

local function describe(frame)
  if frame.namewhat ~= "" then return ("in %s '%s'"):format(frame.namewhat, frame.name) end
  if frame.what == "main" then return "in main chunk" end
  return ("in function <%s:%d>"):format(frame.short_src, frame.linedefined)
end

-- A method of ours that was called with a dot, or on nothing, fails at its first use of self.
local function explain(message, list)
  local source, trouble = message:match("^(.-%.lua):%d+: (.*)")
  if not source or not list[1] or not trouble:find("^attempt to .*%(local 'self'%)$") then return message end
  if not (source:find("lua/resmoon/", 1, true) or source:find("5.4/resmoon/", 1, true)) then return message end
  return ("%s a method was called on something that it is not for: is there a dot in place of a colon? (%s)")
         :format(place(list[1]), trouble)
end

-- The variables of a frame, by name: what the prompt has as locals, upvalues, locals. Called by trace.text.
local function variables(frame)
  local session = package.loaded["resmoon.shell.session"]
  local all = {}
  for name, value in next, session and frame.source:find "^=prompt" and session.environment or {} do
    all[name] = value
  end
  for i = 1, 255 do
    local name, value = debug.getupvalue(frame.func, i)
    if not name then break end
    if name ~= "_ENV" then all[name] = value end
  end
  for i = 1, 255 do
    local name, value = debug.getlocal(frame.level, i)
    if not name then break end
    if name:find "^[%a_]" then all[name] = value end
  end
  return all
end

--- The text of an error that was just raised.
function trace.text(message)
  local list, more = frames()
  message = explain(message, list)
  local at, named = list[1], false
  for _, frame in ipairs(list) do  -- the frame that the message names
    if message:sub(1, #place(frame)) == place(frame) then
      at, named = frame, true
      break
    end
  end
  local line = at and trace.line(at.source, at.currentline)
  if named and (message:find "attempt to" or message:find "bad argument #1" or message:find "expected a tensor"
                or message:find "a tensor has no" or message:find "called with a colon") then
    local _, front = message:find "^[^\n]-:%d+: "
    local trouble, names = message:sub(front + 1), variables(at)
    local said = missing().explain(trouble, line, names)
    local instead = advice().runtime(trouble, line, names)
    if said then message = message:sub(1, front) .. said
    elseif instead then message = message .. "\n" .. instead end
  end
  local out = {message}
  if line and line ~= "" then out[2] = ("%s  %s"):format(place(at), line) end
  if #list > 1 then
    out[#out + 1] = "traceback:"
    for _, frame in ipairs(list) do out[#out + 1] = ("\t%s %s"):format(place(frame), describe(frame)) end
    if more then out[#out + 1] = "\t..." end
  end
  return table.concat(out, "\n")
end

return trace
