--- What typed lines mean: when a statement is complete, and what it is compiled to.
--
--     session:open()        the prompt begins: strict mode, more globals, the user's startup file
--     session:feed(text)    one line, or several that were pasted in one go
--     session:take()        -> "chunk", entry, function    run it, and give its results to finish
--                              "error", entry, message     no chunk begins like this
--                              "more"                      the statement goes on in the next line
--                              "done"                      nothing is left
--                              "leave"                     the user wants to go
--                           entry: what is new in the history, or nil
--     session:finish(...)   keeps a chunk's results as _, _2, _3; -> the text to print, or nil
--     session:reset()       forgets what is not complete, and the rest of a paste
--
-- A source is tried as a command (commands.lua), as an expression (`return source`), then as a statement; of
-- `a = {}; a` the part behind the last semicolon is the expression. `= x`, the habit of older versions of Lua, is the
-- expression x. The source goes on in the next line if either parser stopped at the end of the text: `x +` is an
-- incomplete expression, `for i = 1, 3 do` an incomplete statement. The text ends in a newline when it is compiled, so
-- that an open quote is an error at once, while an open [[ is not.
--
-- Chunks run in an environment of their own: names declared `local` at the prompt
-- are in it and shadow globals, for the session alone; every other assignment goes through to the
-- globals, where scripts and modules see it.
local commands = require "resmoon.shell.commands"
local lazy     = require "resmoon.base.lazy"
local localise = require "resmoon.shell.localize"
local strict   = require "resmoon.shell.strict"
local token    = require "resmoon.shell.token"

local advice   = lazy "resmoon.shell.advice"
local complete = lazy "resmoon.shell.complete"
local missing  = lazy "resmoon.shell.missing"
local paint    = lazy "resmoon.shell.paint"
local show     = lazy "resmoon.shell.show"

local function assign_global(_, name, value)
  if value == nil then strict.declare(name) end
  _G[name] = value
end

local environment = setmetatable({}, {__index = _G, __newindex = assign_global})
rawset(environment, "_LOCAL", setmetatable({}, {
  __index = environment,
  __newindex = function(_, name, value)
    if value == nil then strict.declare(name) end
    rawset(environment, name, value)
  end,
}))

local session = {environment = environment, queue = {}, pending = nil, block = nil, quiet = false, leaving = false}

-- --- the text of what was typed ---------------------------------------------------------

-- The chunk of the n-th source is called "prompt[n]"; functions defined in it keep that name.
local MOST_SOURCES = 500
local sources, count = {}, 0

local function name_chunk() return ("=prompt[%d]"):format(count + 1) end

local function keep_source(source)
  count = count + 1
  sources[count] = source
  sources[count - MOST_SOURCES] = nil
end

--- Line `line` of the chunk called `name` ("prompt[3]", also with a sign in front), or nil.
function session:line(name, line)
  local number = name:match("^[=@]?prompt%[(%d+)%]$")
  local source = number and sources[tonumber(number)]
  if not source then return nil end
  for text in (source .. "\n"):gmatch("(.-)\n") do
    line = line - 1
    if line == 0 then return text end
  end
end

--- The text of the last thing that was run, or nil.
function session:last() return self.last_source end

-- --- compiling ---------------------------------------------------------------------------

local function is_variable(name)
  if rawget(environment, name) ~= nil then return true end
  local value, meta = rawget(_G, name), getmetatable(_G)
  if value == nil or meta.standard[name] then return false end
  return not meta.lazy[name] or value ~= meta.lazy[name]()   -- what was loaded when it was first named is still ours
end

-- Where the last semicolon stands that is not the end of the source; nil if there is none.
local function last_semicolon(source)
  local at, found, last = 1, nil, nil
  while at <= #source do
    local stop, kind, text = token(source, at)
    if kind ~= "space" then
      if last then found, last = last, nil end
      if text == ";" then last = at end
    end
    at = stop + 1
  end
  return found
end

-- Statements, a semicolon and an expression, as in `a = {}; a`: what is behind the semicolon is the result.
local function compile_both(source, name)
  local at = source:find(";", 1, true) and last_semicolon(source)
  if not at then return nil end
  local statements, expression = source:sub(1, at), source:sub(at + 1):gsub(";%s*$", "")
  if not load("return " .. expression, name, "t", environment) or not load(statements, name, "t", environment) then
    return nil
  end
  return load(("%s return (function(...) return ... end)(%s\n)"):format(localise(statements), expression), name, "t",
              environment)
end

--- Compiles Lua: a function, or nil, the message, and whether more lines may complete the source.
function session:compile_lua(source)
  source = source:gsub("^(%s*)=%f[^=]", "%1")
  local text, name = source .. "\n", name_chunk()
  local chunk, expression_error = load("return " .. text, name, "t", environment)
  if chunk then return chunk end
  chunk = compile_both(source, name)
  if chunk then return chunk end
  local statement_error
  chunk, statement_error = load(text, name, "t", environment)
  if chunk then return assert(load(localise(text), name, "t", environment)) end
  local incomplete = expression_error:find("<eof>$") or statement_error:find("<eof>$")
  return nil, statement_error, incomplete ~= nil
end

-- "return f(x)" would be a tail call: of an error in f the line that was typed could not be shown. As an argument
-- the call keeps its frame. Lua 5.4 counts `t[7]` to the line of the token behind it, so the bracket stands on the last
-- line of what was typed, unless that ends in a comment.
local function keep_frame(source)
  local text = "return (function(...) return ... end)(" .. source
  local function compiled(n) return load(text:sub(1, n) .. ")", name_chunk(), "t", environment) end
  local chunk = compiled()
  for n = #text, 1, -1 do   -- what compiles without its end had a comment there
    if chunk then break end
    chunk = text:sub(n, n + 1) == "--" and compiled(n - 1)
  end
  return chunk
end

--- The same for what may be a command.
function session:compile(source)
  local command, rest = commands.find(source, is_variable)
  if not command then
    if source:find("^%s*%%") then return nil, "there is no command " .. source:match("%%%a*"), false end
    local chunk, message, incomplete = self:compile_lua(source)
    if chunk then chunk = keep_frame(source:gsub("^(%s*)=%f[^=]", "%1")) or chunk end
    return chunk, message, incomplete
  end
  if command.compile then return command.compile(rest, self) end
  if rest:find("\n") then return nil, "a command is a line of its own", false end
  return function() return command.run(rest, self) end
end

-- --- lines -------------------------------------------------------------------------------

function session:feed(text)
  text = text:gsub("^\u{FEFF}", ""):gsub("\r\n?", "\n"):gsub("\n+$", "")
  if not self.pending and #self.queue == 0 and text:find("\n") then
    self.block = text
    -- What was pasted or recalled as a whole may be one statement that its first lines are, too.
    if self:compile(text) then
      self.queue[1] = text
      return
    end
  end
  for line in (text .. "\n"):gmatch("(.-)\n") do self.queue[#self.queue + 1] = line end
end

-- Whether no statement begins like this line: it goes on with the one before.
local function continues(line)
  if not line then return false end
  return line:find("^%s*[:.,)%]}+*/%^<>=~|&]") or line:find("^%s*and%f[^%w_]") or line:find("^%s*or%f[^%w_]")
end

-- What goes into the history: all of what was pasted in one go, once; else the statement.
local function entry(self, source)
  if not self.block then return source end
  local block = self.block
  if block == "" then return nil end
  self.block = ""
  return block
end

-- Whether the last thing in the source is a semicolon.
local function hides(source)
  if not source:find(";", 1, true) then return false end
  local at, last = 1, nil
  while at <= #source do
    local stop, kind, text = token(source, at)
    if kind ~= "space" then last = text end
    at = stop + 1
  end
  return last == ";"
end

function session:take()
  if self.leaving then return "leave" end
  while #self.queue > 0 do
    local line = table.remove(self.queue, 1)
    local source = self.pending and self.pending .. "\n" .. line or line
    if source:find("%S") then
      local chunk, message, incomplete = self:compile(source)
      if incomplete or (chunk and continues(self.queue[1])) then
        self.pending = source
      else
        self.pending = nil
        keep_source(source)
        local new = entry(self, source)
        if not chunk then
          local more = advice().syntax(message, source)
          return "error", new, more and message .. "\n" .. more or message
        end
        if not commands.find(source, is_variable) then self.last_source = source end
        self.quiet = hides(source)
        return "chunk", new, chunk
      end
    end
  end
  self.block = nil
  return self.pending and "more" or "done"
end

function session:reset()
  self.queue, self.pending, self.block = {}, nil, nil
end

--- What TAB offers behind `line`, the text up to the cursor: as complete/init.lua says, with `start`
-- counted in the line.
function session:complete(line)
  local above = self.pending and self.pending .. "\n" or ""
  local start, list, whole = complete()(above .. line, environment)
  return start - #above, list, whole
end

-- --- the beginning --------------------------------------------------------------------------

-- RESMOON_STARTUP (empty: none), else ~/.config/resmoon/startup.lua if there is one.
local function startup_file()
  local given = os.getenv("RESMOON_STARTUP")
  if given then return given ~= "" and given or nil end
  local config, home = os.getenv("XDG_CONFIG_HOME"), os.getenv("HOME")
  if not (config and config ~= "") then config = home and home .. "/.config" end
  local name = config and config .. "/resmoon/startup.lua"
  local file = name and io.open(name)
  if not file then return nil end
  file:close()
  return name
end

--- Raises what is wrong with the startup file; the prompt works all the same.
function session:open()
  local meta = getmetatable(_G)
  for name, load in next, meta.prompt do meta.lazy[name] = load end
  strict.watch(strict.scope() == "all" and "all" or "prompt")
  local name = startup_file()
  if not name then return end
  local file, reason = io.open(name)
  if not file then error("startup file: " .. reason, 0) end
  local text = file:read("a")
  file:close()
  local chunk, message = load(localise(text), "@" .. name, "t", environment)
  if not chunk then error(message, 0) end
  chunk()
end

-- --- results -----------------------------------------------------------------------------

-- A value whose metatable says `prompt = false` (a figure that was drawn) is no result.
local function speaks(value)
  local meta = type(value) == "table" and debug.getmetatable(value)
  return not (meta and rawget(meta, "prompt") == false)
end

local RING = {"_", "_2", "_3"}

function session:finish(...)
  local first = ...
  if select("#", ...) == 0 or not speaks(first) then return nil end
  if first ~= nil then
    for i = #RING, 2, -1 do rawset(environment, RING[i], rawget(environment, RING[i - 1])) end
    rawset(environment, RING[1], first)
  end
  if self.quiet then return nil end
  if first == nil and select("#", ...) == 1 and self.last_source then
    local said = missing().typed(self.last_source, environment)
    if said then return "nil  " .. paint().dim("(" .. said .. ")") end
  end
  return show()(...)
end

return session
