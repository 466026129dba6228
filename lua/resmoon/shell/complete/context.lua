--- Where the cursor is: what kind of thing is being typed, and what stands around it.
--
--     context(text) -> nil                            in a comment or a number
--                      {content, start, quote, ...}   in a string that is still open
--                      {word, start, ...}             in a name (or before one: word is "")
--
--     chain, method    the value that is asked for a field (or method): steps as in values.lua
--     callee           the function in whose table of options a key is being typed
--     key, callee      of a string: the key that it is assigned to, and the function it goes to
--     first            nothing stands before the name
local token = require "resmoon.shell.token"

local keywords = {}
for word in ([[and break do else elseif end false for function goto if in local nil not or repeat return then true
               until while]]):gmatch("%a+") do
  keywords[word] = true
end

-- All tokens but space; nil if the text ends in a comment.
local function tokens_of(text)
  local list, at = {}, 1
  while at <= #text do
    local stop, kind, word = token(text, at)
    if kind ~= "space" then
      list[#list + 1] = {kind = kind, text = word, start = at, stop = stop}
    elseif stop == #text and text:find("^%-%-", at) then
      return nil
    end
    at = stop + 1
  end
  return list
end

-- Where the text of a string that is still open begins, behind its quote.
local function open_string(t)
  local level = t.text:match("^%[(=*)%[")
  if level then
    if #t.text >= 2 * #level + 4 and t.text:sub(-#level - 2) == "]" .. level .. "]" then return nil end
    return t.start + #level + 2, "]" .. level .. "]"
  end
  local quote, at = t.text:sub(1, 1), 2
  while at <= #t.text do
    local c = t.text:sub(at, at)
    if c == quote then return nil end
    at = at + (c == "\\" and 2 or 1)
  end
  return t.start + 1, quote
end

local opening = {[")"] = "(", ["]"] = "[", ["}"] = "{"}

-- The index of the bracket that the one at i closes.
local function matching(tokens, i)
  local depth = 0
  for j = i, 1, -1 do
    local t = tokens[j]
    if t.kind == "sign" then
      if opening[t.text] then depth = depth + 1
      elseif t.text == "(" or t.text == "[" or t.text == "{" then depth = depth - 1 end
      if depth == 0 then return j end
    end
  end
end

local function is_name(t) return t and t.kind == "name" and not keywords[t.text] end
local function is_sign(t, text) return t and t.kind == "sign" and t.text == text end

-- The steps to the value that ends with token i: {root = name} or {literal = "string"}, then fields
-- {field = name or number}, {call = true}, {method = name}. nil if it is anything else.
local function chain_to(tokens, i)
  local t = tokens[i]
  if not t then return nil end
  local function add(steps, step)
    if steps then steps[#steps + 1] = step end
    return steps
  end
  if is_name(t) then
    local before = tokens[i - 1]
    if is_sign(before, ".") and not is_sign(tokens[i - 2], ".") then
      return add(chain_to(tokens, i - 2), {field = t.text})
    elseif is_sign(before, ":") then
      return add(chain_to(tokens, i - 2), {method = t.text})
    end
    return {{root = t.text}}
  end
  if t.kind == "string" then
    local before = tokens[i - 1]
    if is_name(before) then return add(chain_to(tokens, i - 1), {call = true}) end
    return {{literal = ""}}
  end
  if not (t.kind == "sign" and opening[t.text]) then return nil end
  local open = matching(tokens, i)
  if not open then return nil end
  local before = tokens[open - 1]
  if t.text == "]" then
    local key = tokens[open + 1]
    if i ~= open + 2 or not before then return nil end
    local field = key.kind == "number" and math.tointeger(tonumber(key.text))
                  or key.kind == "string" and key.text:match("^[\"'](.*)[\"']$")
    return field and add(chain_to(tokens, open - 1), {field = field}) or nil
  end
  if is_name(before) or is_sign(before, ")") or is_sign(before, "]") then
    return add(chain_to(tokens, open - 1), {call = true})
  end
  if t.text == ")" and i > open + 1 then return chain_to(tokens, i - 1) end  -- in parentheses
  return nil
end

-- The innermost bracket that is open behind token i, and its index.
local function innermost(tokens, i)
  local depth = 0
  for j = i, 1, -1 do
    local t = tokens[j]
    if t.kind == "sign" then
      if opening[t.text] then depth = depth + 1
      elseif t.text == "(" or t.text == "[" or t.text == "{" then
        if depth == 0 then return t.text, j end
        depth = depth - 1
      end
    end
  end
end

-- The function whose argument token i + 1 is: directly, or within a table of options.
local function callee_of(tokens, i)
  local bracket, at = innermost(tokens, i)
  if bracket == "{" then
    if is_name(tokens[at - 1]) then return chain_to(tokens, at - 1) end
    bracket, at = innermost(tokens, at - 1)
  end
  if bracket == "(" and is_name(tokens[at - 1]) then return chain_to(tokens, at - 1) end
  if not bracket and is_name(tokens[i]) then return chain_to(tokens, i) end  -- f "text
end

return function(text)
  local tokens = tokens_of(text)
  if not tokens then return nil end
  local n = #tokens
  local last = tokens[n]
  if last and last.kind == "string" then
    local start, quote = open_string(last)
    if start then
      local key = is_sign(tokens[n - 1], "=") and is_name(tokens[n - 2]) and tokens[n - 2].text
      return {content = text:sub(start), start = start, quote = quote, key = key or nil,
              callee = callee_of(tokens, n - 1)}
    end
  end
  local word = ""
  if last and last.stop == #text then
    if last.kind == "number" then return nil end
    if last.kind == "name" then
      word = last.text
      n = n - 1
    end
  end
  local at = {word = word, start = #text - #word + 1, first = n == 0}
  local before = tokens[n]
  if is_sign(before, ":") or (is_sign(before, ".") and not is_sign(tokens[n - 1], ".")) then
    at.chain, at.method = chain_to(tokens, n - 1) or {}, before.text == ":"
  elseif is_sign(before, "{") or is_sign(before, ",") or is_sign(before, ";") then
    if innermost(tokens, n) == "{" then at.callee = callee_of(tokens, n) end
  end
  return at
end
