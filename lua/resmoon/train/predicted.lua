--- What train.predict found: a line for each image, and all of them as a figure.
local images = require "resmoon.plot.images"
local text   = require "resmoon.base.text"
local shown  = require "resmoon.base.shown"

local predicted = {}

local function guesses(each)
  local cells = {}
  for k, guess in ipairs(each.top) do
    cells[k] = text.format("%s %.1f%%", text.visible(guess.class), 100 * guess.probability)
  end
  return cells
end

--- Lines to print. truth: names of the true classes, where they are known.
function predicted.lines(list, truth)
  local lines, wide = {}, 0
  for _, each in ipairs(list) do wide = math.max(wide, text.width(text.visible(each.file))) end
  for i, each in ipairs(list) do
    local known = truth and ("  (%s)"):format(text.visible(truth[i])) or ""
    lines[i] = ("%s  %s%s"):format(text.pad(text.visible(each.file), wide), table.concat(guesses(each), "  "), known)
  end
  return shown.mark(lines)
end

--- The images as a grid, with the most likely class of each and, where the true one is known, whether that is right.
-- options: those of plot.images.
function predicted.draw(list, truth, options)
  local best, likely = {}, {}
  for i, each in ipairs(list) do best[i], likely[i] = each.top[1].class, guesses(each)[1] end
  local o = {predicted = truth and best or nil}
  for name, value in pairs(options or {}) do o[name] = value end
  return images.images(list.images, truth or likely, o)
end

return predicted
