--- What may be said of several runs beside one another: which is ahead, and which differences are chance.
--
-- Every sentence of a table, a lab or a report that calls a network better or worse is made here, with the standard
-- error of the images it was counted on (metrics.difference); a difference within two of them is called undecided.
-- What is compared is a list of entries: {name =, rate = per cent or a list of them by seed, images = their number, or
-- nil where nobody knows}.
--
--     verdict.ranking({{name = "a", rate = 16.5, images = 600}, {name = "b", rate = 16.67, images = 600}},
--                     {what = "test error"})
local contenders = require "resmoon.train.contenders"
local difference = require "resmoon.metrics.difference"
local folder     = require "resmoon.runs.folder"
local named      = require "resmoon.runs.named"
local text       = require "resmoon.base.text"

local verdict = {images = contenders.images, entries = contenders.entries}

-- --- sentences --------------------------------------------------------------------------------

--- The difference of two entries, or nil where it is not known on how many images one of them was measured.
function verdict.difference(a, b)
  if not (a.images and b.images) then return nil end
  return difference.difference({a.rate, a.images}, {b.rate, b.images})
end

-- The rate of an entry, or the mean of its seeds.
local function mean(list)
  if type(list) ~= "table" then return list end
  local sum = 0
  for _, x in ipairs(list) do sum = sum + x end
  return sum / #list
end

local function percent(entry) return ("%.2f%%"):format(mean(entry.rate)) end

--- What is between the last test error of a run and its training error, as verdict.difference gives it; nil where
-- either is no number, or was counted on nobody knows how many images.
function verdict.gap(run)
  local s = folder.summary(run)
  local function entry(rate, split)
    return rate and rate == rate and {rate = rate, images = contenders.images(run, split)} or {}
  end
  return s.split and s.split ~= "train" and verdict.difference(entry(s.final, s.split), entry(s.final_train, "train"))
    or nil
end

--- "undecided (standard error 2.15)", "more than two standard errors (of 0.50)".
function verdict.judged(d)
  if not d then return "on how many images is not known, so neither is what chance does" end
  if d.decided then return ("more than two standard errors of %.2f"):format(d.standard_error) end
  return ("undecided: within two standard errors of %.2f"):format(d.standard_error)
end

--- Two entries in words: "16.67%, +0.17 points against base (undecided: within two standard errors of 2.15)".
function verdict.against(entry, base)
  local points = mean(entry.rate) - mean(base.rate)
  if points == 0 then return ("%s, as %s"):format(percent(entry), base.name) end
  return ("%s, %+.2f points against %s (%s)"):format(percent(entry), points, base.name,
    verdict.judged(verdict.difference(entry, base)))
end

local function in_order(entries, high)
  local order = {table.unpack(entries)}
  for i, each in ipairs(order) do order[i] = {entry = each, place = i, mean = mean(each.rate)} end
  table.sort(order, function(a, b)
    if a.mean ~= b.mean then return (a.mean < b.mean) ~= (high or false) end
    return a.place < b.place
  end)
  for i, each in ipairs(order) do order[i] = each.entry end
  return order
end

-- "name (16.67%, +0.17, standard error 2.15)"
local function distance(entry, first)
  local d = verdict.difference(entry, first)
  return ("%s (%s, %+.2f%s)"):format(entry.name, percent(entry), mean(entry.rate) - mean(first.rate),
    d and (", standard error %.2f"):format(d.standard_error) or ""), d
end

-- "a", "a and b", "a, b and c"
local function listed(names)
  if #names == 1 then return names[1] end
  return table.concat(names, ", ", 1, #names - 1) .. " and " .. names[#names]
end

--- Sentences on which of some entries is ahead, and which of the others are told from it by more than chance.
-- options: what (is compared: "final test error"), high (true: the highest is ahead), on ("test images").
function verdict.ranking(entries, options)
  local order = in_order(entries, options.high)
  if #order < 2 then return {} end
  local first, near, far, unknown = order[1], {}, {}, {}
  local ahead = {first.name}   -- and those that are as good to the last image
  while order[#ahead + 1] and mean(order[#ahead + 1].rate) == mean(first.rate) do
    ahead[#ahead + 1] = order[#ahead + 1].name
  end
  for i = #ahead + 1, #order do
    local words_of, d = distance(order[i], first)
    local list = not d and unknown or d.decided and far or near
    list[#list + 1] = words_of
  end
  local on = options.on or "images"
  local error_of = first.images and difference.difference({first.rate, first.images}, {first.rate, first.images})
  local says = {("%s %s the %s %s, %s%s."):format(listed(ahead), #ahead > 1 and "have" or "has",
    options.high and "highest" or "lowest", options.what, percent(first),
    error_of and (" of %s %s (standard error %.2f)"):format(text.grouped(first.images), on,
                                                                           error_of.standard_error / math.sqrt(2))
      or "")}
  if #near > 0 then
    says[#says + 1] = ("Undecided against %s, within two standard errors of the difference: %s."):format(
      #ahead > 1 and "them" or "it", table.concat(near, ", "))
  end
  if #far > 0 then
    says[#says + 1] = ("%s by more than two standard errors: %s."):format(options.high and "Lower" or "Higher",
                                                                         table.concat(far, ", "))
  end
  if #unknown > 0 then
    says[#says + 1] = ("On how many images it was measured is not known, so neither is what chance does: %s."):format(
      table.concat(unknown, ", "))
  end
  return says
end

--- What the standard errors are, and what is not in them: a sentence for the end of a discussion.
-- groups: of verdict.entries (contenders.lua).
function verdict.source(groups)
  local several, single, known, most = false, false, false, 0
  for _, group in ipairs(groups) do
    most = math.max(most, #group.entries)
    for _, each in ipairs(group.entries) do
      if type(each.rate) == "table" then several = true else single = true end
      known = known or each.images ~= nil
    end
  end
  if not known or most < 2 then return nil end
  local parts = {"Standard errors are binomial, sqrt(p (1 - p) / n) of n images"}
  if several then parts[1] = parts[1] .. ", and of several seeds their spread is added" end
  if single then
    parts[1] = parts[1] .. (several and "; what was trained once could differ more with another seed"
      or "; each was trained once, and another seed could differ more")
  end
  if most > 2 then parts[2] = "of twenty pairs that do not differ about one passes two of them by chance" end
  return table.concat(parts, "; ") .. "."
end

-- --- runs ---------------------------------------------------------------------------------------

--- The error of a run's last epoch and the split of it.
function verdict.final(run)
  local s = folder.summary(run)
  return s.final, s.split
end

--- The error of the network that a run has kept, best.safetensors.
function verdict.kept(run)
  local s = folder.summary(run)
  return s.kept < math.huge and s.kept or nil, s.split
end

--- Sentences on some runs (as folder.read gives them): which has the lowest error, and which differences are chance.
-- rate_of: verdict.final (without it) or verdict.kept. options: what ("final %s error", in which the kind of images is
-- filled in), accuracy (true: 100 minus the error, of which the highest is ahead).
function verdict.runs(runs, rate_of, options)
  options, rate_of = options or {}, rate_of or verdict.final
  local rate = rate_of
  if options.accuracy then
    rate = function(run)
      local err, split = rate_of(run)
      return err and 100 - err, split
    end
  end
  local groups, says = verdict.entries(runs, rate), {}
  for _, group in ipairs(groups) do
    local what = (options.what or (options.accuracy and "%s accuracy" or "final %s error")):format(
      group.on:match "^%a+")
    local list = verdict.ranking(group.entries, {what = what, high = options.accuracy, on = group.on})
    if #groups > 1 and #list > 0 then list[1] = ("On %s: %s"):format(group.data, list[1]) end
    table.move(list, 1, #list, #says + 1, says)
  end
  says[#says + 1] = verdict.source(groups)
  return says
end

-- "undecided": where it is so for the one image that whole images take from a difference, that is said.
local function paired_verdict(d)
  if d.decided then return "more than two standard errors" end
  return math.abs(d.points) > 2 * d.standard_error and "undecided, for less one image it is within two standard errors"
    or "undecided"
end

-- "of 600 images a alone gets 40 right and b alone 31, +1.50 points (...): undecided".
local function paired_words(a, b, d, images)
  if d.only_first + d.only_second == 0 then
    return ("%s and %s are right on the same of the %s images"):format(a, b, text.grouped(images))
  end
  return ("of %s images %s alone gets %s right and %s alone %s, %+.2f points (paired standard error %.2f): %s"):format(
    text.grouped(images), a, text.grouped(d.only_first), b, text.grouped(d.only_second), d.points, d.standard_error,
    paired_verdict(d))
end

--- A sentence on two networks tested on the same images: a and b are names, right_a and right_b lists of booleans.
function verdict.paired(a, right_a, b, right_b)
  local d = difference.paired_difference(right_a, right_b)
  local words_of = paired_words(a, b, d, #right_a)
  return words_of:sub(1, 1):upper() .. words_of:sub(2) .. ".", d
end

--- Which images chose the epochs that are called best, of some runs: a sentence where the test images did, or nil.
function verdict.chosen(runs)
  local without, with, test = {}, 0, false
  local names = named.names(runs)
  for i, run in ipairs(runs) do
    local row = run.rows[1]
    if row and row.val_error then with = with + 1
    elseif row and row.test_error then without[#without + 1], test = names[i], true end
  end
  if not test then return nil end
  local form = "There was no validation split%s, so \"best\" was chosen on the test images and is somewhat too good%s."
  return form:format(
    with > 0 and (" for " .. table.concat(without, ", ")) or "",
    with > 0 and "; for the others the validation images chose" or "; --val-split holds images back for it")
end

--- The same of the network that a path names, the folder of a run or its best.safetensors: a sentence, or nil where it
-- is no such network.
function verdict.checkpoint(path)
  local home = path:match "^(.*)/best%.safetensors$" or path
  if not folder.is_run(home) then return nil end
  local ok, run = pcall(folder.read, home)
  if not (ok and run.rows[1]) then return nil end
  local kept, row = folder.summary(run).kept_epoch, run.rows[1]
  if row.val_error or not row.test_error or kept == 0 then return nil end
  return ("There was no validation split: epoch %d was the best on the test images, so the numbers are somewhat too "
    .. "good."):format(kept)
end

return verdict
