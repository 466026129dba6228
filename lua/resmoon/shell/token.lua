--- The token of Lua at position `at` of a source that need not be complete.
-- Returns its end, its kind, and its text.
-- kind: "name" (and keyword), "space" (and comment), "string", "number" or "sign" (one character).
local function token(source, at)
  local _, stop = source:find("^%s+", at)
  if stop then return stop, "space" end
  local level = source:match("^%-%-%[(=*)%[", at) or source:match("^%[(=*)%[", at)
  if level then  -- a long string or comment
    _, stop = source:find("]" .. level .. "]", at, true)
    stop = stop or #source
    return stop, source:sub(at, at) == "-" and "space" or "string", source:sub(at, stop)
  end
  _, stop = source:find("^%-%-[^\n]*", at)
  if stop then return stop, "space" end
  local quote = source:match("^[\"']", at)
  if quote then
    stop = at + 1
    while stop <= #source and source:sub(stop, stop) ~= quote do
      stop = stop + (source:sub(stop, stop) == "\\" and 2 or 1)
    end
    stop = math.min(stop, #source)
    return stop, "string", source:sub(at, stop)
  end
  _, stop = source:find("^[%a_][%w_]*", at)
  if stop then return stop, "name", source:sub(at, stop) end
  _, stop = source:find("^%.?%d[%w_.]*", at)  -- so that 0xend is no `end`
  if stop then return stop, "number", source:sub(at, stop) end
  return at, "sign", source:sub(at, at)
end

return token
