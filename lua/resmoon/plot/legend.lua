--- Where a legend goes: into the emptiest corner of its panel, or below the axis where no corner is empty.
local text_width = require("resmoon.base.text").width

local legend = {}

local corners = {"top right", "top left", "bottom right", "bottom left"}  -- of equally empty ones the first

local function finite(v) return v == v and math.abs(v) ~= math.huge end

-- Lowest and highest of what the layers have in column c, where `limits` does not say it.
local function extent(panel, c, limits, log)
  local low, high = math.huge, -math.huge
  for _, layer in ipairs(panel.layers) do
    for _, v in ipairs(layer.columns[c]) do
      if finite(v) and (not log or v > 0) then low, high = math.min(low, v), math.max(high, v) end
    end
  end
  low, high = limits and limits[1] or low, limits and limits[2] or high
  if log then low, high = math.log(low), math.log(high) end
  return low, high > low and high or low + 1
end

-- Calls visit(x, y), both from 0 to 1 within the panel, along all that the layers draw.
local function trace(panel, visit)
  local x_low, x_high = extent(panel, 1, panel.xrange, panel.logx)
  local y_low, y_high = extent(panel, 2, panel.yrange, panel.logy)
  local function place(x, y)
    if panel.logx then x = math.log(x) end
    if panel.logy then y = math.log(y) end
    return (x - x_low) / (x_high - x_low), (y - y_low) / (y_high - y_low)
  end
  for _, layer in ipairs(panel.layers) do
    local xs, ys = layer.columns[1], layer.columns[2]
    local pieces = layer.style:find "line" and math.max(1, 400 // #xs) or 1
    local x0, y0
    for i = 1, #xs do
      local x1, y1 = place(xs[i], ys[i])
      if finite(x1) and finite(y1) then
        for k = x0 and 1 or pieces, pieces do
          local part = k / pieces
          visit(x0 and x0 + part * (x1 - x0) or x1, y0 and y0 + part * (y1 - y0) or y1)
        end
        x0, y0 = x1, y1
      else
        x0, y0 = nil, nil
      end
    end
  end
end

-- How many entries there are, and the letters of the longest.
local function entries(panel, text)
  local count, longest = 0, 0
  local function add(title) count, longest = count + 1, math.max(longest, text_width(title)) end
  for _, layer in ipairs(panel.layers) do
    if layer.title and not (text and layer.aside) then add(layer.title) end
  end
  if not text and panel.marks and panel.marks[1] and panel.mark_title then add(panel.mark_title) end
  return count, longest
end

-- The corner in which a box of that width and height (parts of the panel) covers nothing, or nil.
local function empty_corner(panel, width, height)
  if width > 0.7 or height > 0.7 then return nil end
  local covered = {}
  trace(panel, function(x, y)
    for _, corner in ipairs(corners) do
      local across = corner:find "right" and 1 - x or x
      local down = corner:find "top" and 1 - y or y
      if across <= width and down <= height then covered[corner] = true end
    end
  end)
  for _, corner in ipairs(corners) do
    if not covered[corner] then return corner end
  end
end

--- The commands for the legend of a panel on a target that is width by height (pixels, or characters of a text).
-- panel.key: words such as "top left", "below", false for none, nil for the best place; panel.text_key: the same for a
-- text.
function legend.commands(panel, width, height, text)
  local place = panel.key
  if text and panel.text_key ~= nil then place = panel.text_key end
  if place == false then return "unset key\n" end
  if place and place:find("[^%a ]") then error(("plot: %q is no place for a legend"):format(place), 0) end
  local count, longest = entries(panel, text)
  if count == 0 then return "unset key\n" end
  -- Sizes of what stands around the panel, of a letter, of a line and of the sample.
  local m = text and {left = 10, below = 5, letter = 1, line = 1, sample = 7}
    or {left = 90, below = 100, letter = 7.6, line = 20, sample = 60}
  local inside = math.max(1, width - m.left)
  local across = longest * m.letter + m.sample
  place = place or empty_corner(panel, across / inside, (count + 1) * m.line / math.max(1, height - m.below))
    or "below"
  if place ~= "below" then
    return ("set key %s spacing 1.2 samplen 2.5%s\n"):format(place, text and "" or " opaque")
  end
  local columns = math.max(1, math.min(count, math.floor(inside / across)))
  local rows = math.ceil(count / columns)
  return ("set key bmargin center horizontal maxcols %d spacing 1.2 samplen 2.5\n%s"):format(columns,
    text and "" or ("set bmargin %.2f\n"):format(4 + 1.4 * rows))
end

return legend
