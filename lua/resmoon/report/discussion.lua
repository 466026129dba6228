--- The discussion of a report: what the numbers of the runs say, and what they do not.
--
-- No sentence calls a difference one that is within two standard errors of the images it was counted on
-- (train/verdict.lua); each has the number with it.
local difference = require "resmoon.metrics.difference"
local text       = require "resmoon.base.text"
local verdict    = require "resmoon.train.verdict"

local function percent(x) return text.value("%.2f%%", x) end

-- Pairs of classes by how often they are taken for one another: {first, second, count}, the most frequent first.
local function pairs_of(m)
  local list = {}
  for i = 1, m.size do
    for j = i + 1, m.size do list[#list + 1] = {i, j, m.counts[i][j] + m.counts[j][i]} end
  end
  table.sort(list, function(a, b)
    if a[3] ~= b[3] then return a[3] > b[3] end
    if a[1] ~= b[1] then return a[1] < b[1] end
    return a[2] < b[2]
  end)
  return list
end

local MOST_PAIRS = 4  -- named beside the first

-- The pair that is confused most, and those that chance could put before it. Counts of n images vary by sqrt(n), so two
-- of them differ where they are more than 2 sqrt(a + b) apart.
local function confused(name, m)
  local list, classes = m.size > 1 and pairs_of(m) or {}, m:shown_names()
  local first = list[1]
  if not first or first[3] == 0 then return nil end
  local near, more = {}, 0
  for k = 2, #list do
    local each = list[k]
    if first[3] - each[3] > 2 * math.sqrt(first[3] + each[3]) then break end
    if each[3] == 0 then break end
    if #near < MOST_PAIRS then
      near[#near + 1] = ("%s and %s (%d)"):format(classes[each[1]], classes[each[2]], each[3])
    else
      more = more + 1
    end
  end
  local others = #near == 0 and "" or ("; within what chance does to such counts are %s%s"):format(
    table.concat(near, ", "), more > 0 and (" and %d more pair%s"):format(more, more > 1 and "s" or "") or "")
  return ("%s confuses %s and %s most often (%d images)%s."):format(name, classes[first[1]], classes[first[2]],
    first[3], others)
end

-- "resnet", 20: networks of one family differ in depth.
local function family(run)
  local kind, depth = (run.config.model or run.name):match("^(%a+)(%d+)$")
  return kind, tonumber(depth)
end

-- A rate with the images it was counted on, as verdict takes it; nil where it is no number.
local function entry(run, rate, split)
  if not rate or rate ~= rate then return nil end
  return {name = run.name, rate = rate, images = verdict.images(run, split)}
end

-- What the training error does from a network to a deeper one of its family.
local function deeper(each, other)
  local a, b = entry(each.run, each.summary.final_train, "train"), entry(other.run, other.summary.final_train, "train")
  if not (a and b) then return nil end
  local d = verdict.difference(b, a)
  if a.rate == b.rate then
    return ("%s and %s have the same training error, %s."):format(a.name, b.name, percent(a.rate))
  end
  local how = b.rate > a.rate and "rises" or "falls"
  return ("From %s to %s the training error %s from %s to %s (%s)%s."):format(a.name, b.name,
    d and not d.decided and "goes" or how, percent(a.rate), percent(b.rate), verdict.judged(d),
    d and d.decided and b.rate > a.rate and ": the deeper network fits the training images worse" or "")
end

-- What averaged weights came to, where a run keeps them.
local function averaged(each)
  local s = each.summary
  if not s.final_averaged then return nil end
  return ("%s: with averaged weights the error is %s after the last epoch; the network that is measured here is the "
          .. "averaged one of epoch %d."):format(each.run.name, percent(s.final_averaged), s.kept_epoch)
end

-- Test and training error of one run and what is between them.
local function gap(each)
  local s = each.summary
  local called = s.split == "val" and "validation" or "test"
  if not s.final_train then
    return ("%s: %s error %s; it was trained on mixed images, which have no training error."):format(each.run.name,
      called, percent(s.final))
  end
  local d = verdict.gap(each.run)
  return ("%s: %s error %s, training error %s, a gap of %s points%s."):format(each.run.name,
    called, percent(s.final), percent(s.final_train),
    text.value("%.2f", s.final - s.final_train), d and (" (%s)"):format(verdict.judged(d)) or "")
end

-- Whether two evaluated runs were tested on the same images, as far as the labels tell.
local function same_images(a, b)
  if not (a.right and b.right) or a.data ~= b.data or #a.right ~= #b.right then return false end
  for i, label in ipairs(a.labels) do
    if label ~= b.labels[i] then return false end
  end
  return true
end

-- The kept networks, image by image: the one that is right most often against each other one.
local function image_by_image(all)
  local first
  for _, each in ipairs(all) do
    if each.right and (not first or each.top[1] > first.top[1]) then first = each end
  end
  local says = {}
  for _, each in ipairs(all) do
    if first and each ~= first and same_images(first, each) then
      says[#says + 1] = verdict.paired(first.run.name, first.right, each.run.name, each.right)
    end
  end
  if #says == 0 then return says end
  table.insert(says, 1, ("Of the best checkpoints %s is right most often (%s, standard error %.2f). They were tested "
    .. "on the same images, so those decide that only one of two gets right (McNemar's test):"):format(first.run.name,
    percent(100 * first.top[1]), difference.standard_error(100 * first.top[1], first.images)))
  return says
end

--- Adds the section to a document. all: of each run what report.measure gives, with data, the name of its images.
-- heading(words) adds one in the words of a lab, own() what a lab has of its own.
local function discussion(doc, all, heading, own)
  heading("Discussion")
  local runs, says = {}, {}
  for i, each in ipairs(all) do runs[i] = each.run end
  local function say(sentence) says[#says + 1] = sentence end
  for _, sentence in ipairs(verdict.runs(runs)) do say(sentence) end
  for _, sentence in ipairs(image_by_image(all)) do say(sentence) end
  for _, each in ipairs(all) do
    say(gap(each))
    say(averaged(each))
    local kind, depth = family(each.run)
    for _, other in ipairs(all) do
      local other_kind, other_depth = family(other.run)
      local same = kind and kind == other_kind and each.data == other.data
      if same and other_depth > depth then say(deeper(each, other)) end
    end
    if each.confusion then say(confused(each.run.name, each.confusion)) end
  end
  doc:list(says)
  doc:gap(("why is it so? What do %s add to the numbers?"):format(all[1].confusion
          and "the curves, the confusion matrix and the ROC curves" or "the curves"))
  own()
  doc:gap("what would you try next, and what do you expect of it?")
end

return discussion
