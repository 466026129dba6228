--- Numbers and tables as text.
local text = {}

--- 1234567 -> "1,234,567"
function text.grouped(n)
  local digits = ("%d"):format(n):reverse():gsub("(%d%d%d)", "%1,"):reverse()
  return (digits:gsub("^(-?),", "%1"))
end

--- The first n letters of a text that has more, the last of them a dot to say so.
function text.cut(s, n)
  local length = utf8.len(s)
  if (length or #s) <= n then return s end
  local keep = math.max(0, n - 1)
  return (length and s:sub(1, utf8.offset(s, keep + 1) - 1) or s:sub(1, keep)) .. "."
end

--- Lines of cells (texts) as a list of lines: the first column to the left, the others to the right, a rule below
-- the first line.
function text.columns(lines)
  local width, result = {}, {}
  for _, line in ipairs(lines) do
    for i, cell in ipairs(line) do width[i] = math.max(width[i] or 0, #cell) end
  end
  for n, line in ipairs(lines) do
    local cells = {}
    for i, cell in ipairs(line) do cells[i] = ((i == 1 and "%-" or "%") .. width[i] .. "s"):format(cell) end
    local row = table.concat(cells, "  ")
    result[#result + 1] = (row:gsub("%s+$", ""))
    if n == 1 then result[2] = ("-"):rep(#row) end
  end
  return result
end

--- A paragraph as a list of lines of at most `width` letters (longer words stand alone).
function text.wrapped(paragraph, width)
  local lines = {}
  for word in paragraph:gmatch "%S+" do
    local last = lines[#lines]
    if last and #last + 1 + #word <= width then lines[#lines] = last .. " " .. word else lines[#lines + 1] = word end
  end
  return lines
end

return text
