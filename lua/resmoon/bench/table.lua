--- Tables as text: columns as wide as they must be, numbers to the right.
local width_of = require("resmoon.base.text").width

local text = {}

--- Lines of a table. rows: lists of cells (texts); the first is the head. The first column, and those
-- in options.left ({[2] = true}), begin at the left. options.indent: put before each line.
function text.lines(rows, options)
  options = options or {}
  local left, indent = options.left or {}, options.indent or ""
  local width = {}
  for _, row in ipairs(rows) do
    for i, cell in ipairs(row) do width[i] = math.max(width[i] or 0, width_of(cell)) end
  end
  local lines = {}
  for n, row in ipairs(rows) do
    local cells = {}
    for i, cell in ipairs(row) do
      local gap = (" "):rep(width[i] - width_of(cell))
      cells[i] = (i == 1 or left[i]) and cell .. gap or gap .. cell
    end
    lines[#lines + 1] = (indent .. table.concat(cells, "  ")):gsub("%s+$", "")
    if n == 1 then lines[#lines + 1] = indent .. ("-"):rep(width_of(lines[1]) - #indent) end
  end
  return lines
end

--- The middle of a list of numbers, which stays as it is.
function text.median(list)
  local sorted = table.move(list, 1, #list, 1, {})
  table.sort(sorted)
  local n = #sorted
  return n % 2 == 1 and sorted[n // 2 + 1] or (sorted[n // 2] + sorted[n // 2 + 1]) / 2
end

return text
