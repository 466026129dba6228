--- What a script sees of the world in a rehearsal: it is gone through again for its network (definitions.lua), often by
-- a command that only wants to look at a run, and must not say, draw, delete or overwrite anything once more.
--
--     local env = quiet()   -- print, io, os, rm and the parts of rm, for the globals of the script
--
-- Nothing is shown; no program is started; nothing is removed or renamed; a file that is there is not written to. What
-- is not there is written, because the script may be about to read it: images that it draws for its data, for example.
local core      = require "resmoon.core"
local rehearsal = require "resmoon.base.rehearsal"

local function nothing() end
local function yes() return true end

-- A table with some fields of its own, and all others those of `original`.
local function over(original, own)
  return setmetatable(own, {__index = original})
end

-- f(path, ...), unless there is something at the path.
local function unless_there(f)
  return function(path, ...)
    if type(path) == "string" and core.sys.exists(path) then return end
    return f(path, ...)
  end
end

-- A stream that takes what is written and gives what it is otherwise asked for.
local function mute(stream)
  local own = {}
  function own.write() return own end
  return setmetatable(own, {__index = function(_, name)
    local method = stream[name]
    return type(method) == "function" and function(_, ...) return method(stream, ...) end or method
  end})
end

local function open(path, mode)
  local writes = type(mode) == "string" and mode:find "[wa+]"
  if writes and type(path) == "string" and core.sys.exists(path) then
    return io.open(mode:find "^r" and path or "/dev/null", mode:find "^r" and "r" or mode)
  end
  return io.open(path, mode)
end

return function()
  local library = {save = unless_there(core.save), write_atomic = unless_there(core.write_atomic)}
  library.sys = over(core.sys, {
    run = function() return 0, "", "" end, spawn = function() return rehearsal.stand_in end,
    remove = nothing, rename = nothing,
  })
  local parts = {   -- made when they are asked for: so a script loads what it uses
    data = function() return over(core.data, {write_png = unless_there(core.data.write_png)}) end,
    plot = function() return setmetatable({live = function() return rehearsal.stand_in end},
                                          {__index = function() return yes end}) end,
    train = function()
      local checkpoint = core.train.checkpoint
      return over(core.train, {checkpoint = over(checkpoint, {save = unless_there(checkpoint.save)})})
    end,
  }
  setmetatable(library, {__index = function(self, name)
    local make = parts[name]
    if not make then return core[name] end
    rawset(self, name, make())
    return rawget(self, name)
  end})
  local silent_out, silent_err = mute(io.stdout), mute(io.stderr)
  return {
    print = nothing,
    rm = library,
    io = over(io, {write = function() return silent_out end, stdout = silent_out, stderr = silent_err, open = open,
                   popen = function() return io.open "/dev/null" end}),
    os = over(os, {
      exit = function() rehearsal.meets {kind = "step", text = "it calls os.exit"} end,
      execute = function() return true, "exit", 0 end, remove = yes, rename = yes,
    }),
  }
end
