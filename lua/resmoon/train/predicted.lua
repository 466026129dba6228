--- What train.predict found, as text: a line for each image, and a caption for its figure.
local predicted = {}

local function guesses(each)
  local cells = {}
  for k, guess in ipairs(each.top) do cells[k] = ("%s %.1f%%"):format(guess.class, 100 * guess.probability) end
  return cells
end

--- Lines to print. truth: names of the true classes, where they are known.
function predicted.lines(list, truth)
  local lines, wide = {}, 0
  for _, each in ipairs(list) do wide = math.max(wide, #each.file) end
  for i, each in ipairs(list) do
    local known = truth and ("  (%s)"):format(truth[i]) or ""
    lines[i] = ("%-" .. wide .. "s  %s%s"):format(each.file, table.concat(guesses(each), "  "), known)
  end
  return lines
end

--- Captions for plot.images: the most likely class, and the true one where it is known and another.
function predicted.captions(list, truth)
  local captions = {}
  for i, each in ipairs(list) do
    local best = each.top[1]
    local wrong = truth and truth[i] ~= best.class
    captions[i] = wrong and ("%s, is %s"):format(best.class, truth[i]) or guesses(each)[1]
  end
  return captions
end

return predicted
