--- What stands at the axes: names or numbers, as many as there is room for.
local gnuplot = require "resmoon.plot.gnuplot"
local text    = require "resmoon.base.text"

local ticks = {}

--- The least of 1, 2, 5, 10, 20, 50, ... that is not below x: steps at which people count.
function ticks.round_step(x)
  local power = 10 ^ math.max(0, math.floor(math.log(math.max(x, 1), 10)))
  for _, factor in ipairs {1, 2, 5, 10} do
    if factor * power >= x then return math.floor(factor * power) end
  end
end

local LETTER, LINE = 8.4, 17  -- pixels of a letter and of a line

-- Names at places: {{position, "label"}, ...}. Where there is no room for all of them, every second, third, ... stands.
-- A label is a format here, so its percent signs are doubled.
local function named(axis, list, room, each)
  local parts, labels = {}, {}
  for i, tick in ipairs(list) do labels[i] = text.visible(tick[2]) end
  labels = text.distinct(labels, room or 60)  -- a longer one would take the whole figure
  local step = math.max(1, math.ceil(each))
  for i = 1, #list, step do
    parts[#parts + 1] = gnuplot.quote((labels[i]:gsub("%%", "%%%%"))) .. " " .. ("%.9g"):format(list[i][1])
  end
  return ("set %stics (%s)\n"):format(axis, table.concat(parts, ", "))
end

--- The commands for one axis of a panel. pixels: how long the axis is, about; in_text: characters, of which `room` are
-- there for each name.
function ticks.commands(panel, axis, pixels, in_text, room)
  local list, step = panel[axis .. "ticks"], panel[axis .. "step"]
  local rotated = panel.turned or axis == "y"
  if list then
    local widest = 1
    for _, tick in ipairs(list) do widest = math.max(widest, text.width(text.visible(tick[2]))) end
    -- Names that are turned, or stand below one another, take a line each.
    local needed = rotated and LINE or widest * LETTER + 6
    local most = in_text and (axis == "y" and pixels or math.huge) or pixels / needed
    local each = #list / math.max(1, most)
    return named(axis, list, room, (axis == "y" or panel.turned) and each or 1)
  end
  local range = panel[axis .. "range"]
  if axis == "x" and not panel.logx and (step or not in_text) then
    local digits = step and text.width(("%.0f"):format(range and range[2] or panel.longest or 100)) or 5
    local most = math.max(2, pixels / (in_text and digits + 2 or digits * LETTER + 14))
    if step then
      local span = (range and range[2] or panel.longest or step * 10) - (range and range[1] or 0)
      step = math.max(step, ticks.round_step(span / most))
    elseif most < 7 and not range then  -- gnuplot would write up to ten numbers
      return ("set xtics autofreq\nset xtics rotate by 40 right\n")
    end
  end
  return ("set %stics %s\n"):format(axis, step and step > 0 and ("%.9g"):format(step) or "autofreq")
end

return ticks
