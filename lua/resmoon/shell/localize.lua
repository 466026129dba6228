--- Makes the locals of a typed chunk outlive it.
--
-- Every line at the prompt is a chunk of its own, and a local ends with its chunk. So `local` at
-- the top level of a chunk is rewritten as an assignment to the session's table of locals:
--
--     local a, b <const> = 1, 2      _LOCAL.a, _LOCAL.b = 1, 2
--     local t                        _LOCAL.t = nil
--     local function f() end         function _LOCAL.f() end
--
-- Locals inside blocks and functions are left alone, and so is a variable with <close>, which has
-- to be closed when its chunk ends. The lines keep their numbers. session.lua has the table.

local token = require "resmoon.shell.token"

local opens  = {["function"] = true, ["do"] = true, ["if"] = true, ["repeat"] = true}
local closes = {["end"] = true, ["until"] = true}

--- Reads the names behind `local` from `at` on.
-- Returns the text that replaces them and where it ends; nil if the statement stays as it is.
local function rewrite(source, at)
  local function skip()
    while at <= #source do
      local stop, kind = token(source, at)
      if kind ~= "space" then return end
      at = stop + 1
    end
  end
  local function word()
    skip()
    local stop, kind, text = token(source, at)
    if kind ~= "name" then return nil end
    at = stop + 1
    return text
  end

  local start = at
  local first = word()
  -- The newlines that the rewriting would swallow.
  local function swallowed() return source:sub(start, at - 1):gsub("[^\n]", "") end
  if first == "function" then
    local name = word()
    return name and "function " .. swallowed() .. "_LOCAL." .. name, at
  end
  local names = {}
  local name = first
  while name do
    names[#names + 1] = "_LOCAL." .. name
    local lines, stop = swallowed(), at
    skip()
    local attribute, last = source:match("^<%s*(%a+)%s*>()", at)
    if attribute == "close" then return nil end
    if last then
      at = last
      stop = at
      skip()
    end
    if source:sub(at, at) ~= "," then
      local assigned = source:sub(at, at) == "=" and source:sub(at, at + 1) ~= "=="
      return lines .. table.concat(names, ", ") .. (assigned and "" or " = nil"), stop
    end
    at = at + 1
    name = word()
  end
  return nil
end

return function(source)
  if not source:find("local", 1, true) then return source end
  local out, at, depth = {}, 1, 0
  while at <= #source do
    local stop, kind, text = token(source, at)
    local replaced
    if kind == "name" then
      if opens[text] then depth = depth + 1 end
      if closes[text] then depth = depth - 1 end
      if text == "local" and depth == 0 then
        local last
        replaced, last = rewrite(source, stop + 1)
        if replaced then
          out[#out + 1] = replaced
          if replaced:find("^function") then depth = depth + 1 end
          at = last
        end
      end
    end
    if not replaced then
      out[#out + 1] = source:sub(at, stop)
      at = stop + 1
    end
  end
  return table.concat(out)
end
