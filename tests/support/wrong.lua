--- Wrong calls: values of every kind, and what tells an error about a call from one of our own lines.
--
-- An error about a call names the line that called (here: of this file) or none. One that names a line of
-- lua/resmoon was noticed too late, somewhere in the middle of the work.
local rm = require "resmoon"

local wrong = {found = {}, tried = 0}

local file = io.tmpfile()
-- Userdata that cannot be asked for a field.
local closed = debug.upvalueid(function() return file end, 1)

-- A network that takes more lines to print than an error may have.
local function tall()
  local net = rm.nn.Sequential {}
  for _ = 1, 14 do net:append(rm.nn.Flatten()) end
  return net
end

--- Values of every kind, made anew: a call may change what it is given.
function wrong.values()
  return {
    rm.zeros(2, 3), 0, -1, 3, 0.5, 0 / 0, 1e300, math.maxinteger, math.mininteger, "a word", "", true, false,
    {}, {1, 2, 3}, {0}, {"a", "b"}, {stride = "x"}, {surprise = 1}, {{}}, function() end,
    coroutine.create(print), file, closed,
    rm.tensor({1, 2}, "int64"), rm.nn.Linear(2, 2), tall(), rm.zeros(20, 20, 2),
  }
end

-- Whether an error prints what it was given instead of naming it.
local function is_long(message)
  local _, lines = message:gsub("\n", "")
  return lines > 10 or #message > 1500
end

function wrong.is_internal(message)
  return type(message) ~= "string" or is_long(message) or message:find "^[^\n]-lua/resmoon/[%w_/]+%.lua:%d+: " ~= nil
    or message:find("(local 'self')", 1, true) ~= nil or message:find "^attempt to " ~= nil
    or message:find "bad argument #%d+ to 'for iterator'" ~= nil
end

local function text(value)
  local meta = type(value) == "table" and getmetatable(value)
  if meta then return type(meta) == "table" and tostring(meta.__name) or "table" end
  if type(value) == "table" and next(value) and not value[1] then
    local key, inner = next(value)
    return ("{%s = %s}"):format(tostring(key), text(inner))
  end
  if type(value) == "userdata" or type(value) == "table" then return rm.is_tensor(value) and "tensor" or type(value) end
  return type(value) == "string" and ("%q"):format(value) or tostring(value)
end

-- Instructions of Lua after which a call is given up: it was accepted, and works. Seconds after which what was accepted
-- is not tried again with another second argument.
local MOST, LONG = 1000000, 0.02

--- Calls f in a coroutine, where neither its time nor its interrupt is ours, and notes an internal error; one of each
-- function is enough. Returns whether it was accepted and took long, and the message.
function wrong.try(name, f, ...)
  local found = wrong.found
  if found[name] then return true end
  wrong.tried = wrong.tried + 1
  local co = coroutine.create(function(...)
    local results = table.pack(f(...))  -- no tail call: this line is the caller's
    return results.n
  end)
  debug.sethook(co, function() error("too long", 0) end, "", MOST)
  local started = os.clock()
  local ok, message = coroutine.resume(co, ...)
  coroutine.close(co)
  if ok or not wrong.is_internal(message) then return os.clock() - started > LONG, not ok and message or nil end
  local words = {}
  for i = 1, select("#", ...) do words[i] = text((select(i, ...))) end
  found[name] = true
  found[#found + 1] = ("%s(%s): %s"):format(name, table.concat(words, ", "), tostring(message))
  return true
end

-- Every option that a function says it takes, with every value. first: the arguments before the options.
local function options(name, f, ...)
  local first = table.pack(...)
  first.n = first.n + 1
  first[first.n] = {surprise = 1}
  local _, message = wrong.try(name, f, table.unpack(first, 1, first.n))
  local list = message and message:match "unknown option 'surprise'.-; it takes (.*)$"
  for option in (list or ""):gmatch "[%w_]+" do
    for _, value in ipairs(wrong.values()) do
      first[first.n] = {[option] = value}
      wrong.try(name, f, table.unpack(first, 1, first.n))
    end
  end
end

--- Calls f behind the arguments in `first` with nothing, and with each value alone, twice, and next to others.
function wrong.calls(name, f, first)
  first = first or {}
  local n = #first
  local function try(...)
    if n == 0 then return (wrong.try(name, f, ...)) end
    local list = table.move({...}, 1, select("#", ...), n + 1, {table.unpack(first)})
    return (wrong.try(name, f, table.unpack(list, 1, n + select("#", ...))))
  end
  try()
  local values, long = wrong.values(), {}
  local function pair(i, j) long[i] = long[i] or try(values[i], values[j]) end
  for i = 1, #values do long[i] = try(values[i]) end
  for i = 1, #values do
    if wrong.pairs then
      for j = 1, #values do pair(i, j) end
    else
      for _, j in ipairs {i, i % #values + 1, 1, 4, 10} do
        pair(i, j)
        pair(j, i)
      end
    end
  end
  options(name, f, table.unpack(first))
end

--- Calls f with each of some things first: what it may be for.
function wrong.with(name, f, things)
  for _, thing in ipairs(things) do
    local long = wrong.try(name, f, thing)
    for _, value in ipairs(wrong.values()) do long = long or wrong.try(name, f, thing, value) end
    if not long then
      options(name, f, thing)
      options(name, f, thing, 3)
      for _, other in ipairs(things) do long = long or wrong.try(name, f, thing, other, {surprise = 1}) end
    end
  end
end

return wrong
