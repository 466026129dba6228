--- What typed lines mean: when a statement is complete, and what it is compiled to.
--
--     session:feed(text)   one line, or several that were pasted in one go
--     session:take()       -> "chunk", source, function    run it; its results are to be printed
--                             "error", source, message     no chunk begins like this
--                             "more"                       the statement goes on in the next line
--                             "done"                       nothing is left
--     session:reset()      forgets what is not complete, and the rest of a paste
--
-- A source is tried as an expression (`return source`), then as a statement. It goes on in the
-- next line if either parser stopped at the end of the text: `x +` is an incomplete expression,
-- `for i = 1, 3 do` an incomplete statement. The text ends in a newline when it is compiled, so
-- that an open quote is an error at once, while an open [[ is not.
--
-- Chunks run in an environment of their own: names declared `local` at the prompt
-- are in it and shadow globals, for the session alone; every other assignment goes through to the
-- globals, where scripts and modules see it.
local localise = require "resmoon.shell.localise"

local environment = setmetatable({}, {__index = _G, __newindex = _G})
rawset(environment, "_LOCAL", setmetatable({}, {
  __index = environment,
  __newindex = function(_, name, value) rawset(environment, name, value) end,
}))

local session = {environment = environment, queue = {}, pending = nil}

local NAME = "=prompt"

--- Returns a function, or nil, the message, and whether more lines may complete the source.
local function compile(source)
  local text = source .. "\n"
  local chunk, expression_error = load("return " .. text, NAME, "t", environment)
  if chunk then return chunk end
  local statement_error
  chunk, statement_error = load(text, NAME, "t", environment)
  if chunk then return assert(load(localise(text), NAME, "t", environment)) end
  local incomplete = expression_error:find("<eof>$") or statement_error:find("<eof>$")
  return nil, statement_error, incomplete ~= nil
end

function session:feed(text)
  text = text:gsub("\n+$", "")
  -- What was pasted or recalled as a whole may be one statement that its first lines are, too.
  if not self.pending and #self.queue == 0 and text:find("\n") and compile(text) then
    self.queue[1] = text
    return
  end
  for line in (text .. "\n"):gmatch("(.-)\n") do self.queue[#self.queue + 1] = line end
end

function session:take()
  while #self.queue > 0 do
    local line = table.remove(self.queue, 1)
    local source = self.pending and self.pending .. "\n" .. line or line
    if source:find("%S") then
      local chunk, message, incomplete = compile(source)
      if not incomplete then
        self.pending = nil
        if chunk then return "chunk", source, chunk end
        return "error", source, message
      end
      self.pending = source
    end
  end
  return self.pending and "more" or "done"
end

function session:reset()
  self.queue, self.pending = {}, nil
end

return session
