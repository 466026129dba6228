--- How the prompt prints the results of an expression.
--
-- Values are printed as print does, tensors and layers by their __tostring; but a plain table
-- shows its contents, within limits of depth, items and width, so that `x.shape` can be read and
-- a large table does not flood the terminal.
local MOST_ITEMS, MOST_DEPTH, WIDTH = 20, 3, 100

local render

local function quoted(text)
  return ("%q"):format(text):gsub("\\\n", "\\n")
end

local function key(name)
  if type(name) == "string" and name:find("^[%a_][%w_]*$") then return name end
  return "[" .. render(name, MOST_DEPTH, {}) .. "]"
end

-- Names in order, then everything else in order of its text.
local function sorted_keys(value, length)
  local keys = {}
  for k in next, value do
    if not (math.type(k) == "integer" and k >= 1 and k <= length) then keys[#keys + 1] = k end
  end
  table.sort(keys, function(a, b)
    local ta, tb = type(a), type(b)
    if ta ~= tb then return ta < tb end
    if ta == "number" or ta == "string" then return a < b end
    return tostring(a) < tostring(b)
  end)
  return keys
end

local function table_text(value, depth, parents)
  if parents[value] then return "{...}" end
  local length = rawlen(value)
  local keys = sorted_keys(value, length)
  if length + #keys == 0 then return "{}" end
  if depth >= MOST_DEPTH then return "{...}" end
  parents[value] = true
  local items = {}
  for i = 1, math.min(length, MOST_ITEMS) do
    items[#items + 1] = render(rawget(value, i), depth + 1, parents)
  end
  for i = 1, math.min(#keys, MOST_ITEMS - #items) do
    items[#items + 1] = key(keys[i]) .. " = " .. render(rawget(value, keys[i]), depth + 1, parents)
  end
  parents[value] = nil
  local more = length + #keys - #items
  if more > 0 then items[#items + 1] = ("... (%d more)"):format(more) end
  local line = "{" .. table.concat(items, ", ") .. "}"
  if #line + 2 * depth <= WIDTH and not line:find("\n") then return line end
  local indent = ("  "):rep(depth + 1)
  return "{\n" .. indent .. table.concat(items, ",\n" .. indent) .. "\n" .. ("  "):rep(depth) .. "}"
end

function render(value, depth, parents)
  if type(value) == "string" and depth > 0 then return quoted(value) end
  if type(value) ~= "table" then return tostring(value) end
  local meta = getmetatable(value)
  if type(meta) == "table" and (meta.__tostring or meta.__name) or meta ~= nil and type(meta) ~= "table" then
    return tostring(value)
  end
  return table_text(value, depth, parents)
end

--- The results as one text: side by side, or one below the other where one of them has lines.
return function(...)
  local texts, separator = {}, "\t"
  for i = 1, select("#", ...) do
    texts[i] = render((select(i, ...)), 0, {})
    if texts[i]:find("\n") then separator = "\n" end
  end
  return table.concat(texts, separator)
end
