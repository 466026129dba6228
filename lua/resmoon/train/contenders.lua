--- Runs as what is compared: an error, and on how many images it was counted.
local named    = require "resmoon.runs.named"
local record   = require "resmoon.runs.record"
local settings = require "resmoon.runs.settings"

local contenders = {}

-- --- how many images ------------------------------------------------------------------------

-- In data.json of the run, by what the errors of the log are called.
local splits = {test = "test", val = "validation", train = "train"}

--- The number of images behind an error of a run: split is "test", "val" or "train". nil where the run does not say.
function contenders.images(run, split)
  if run.images then return run.images[split] end
  local ok, made = pcall(record.read, run.folder or "")
  local part = ok and made and made[splits[split]]
  return part and math.tointeger(part.images) or nil
end

local words = {test = "test images", val = "validation images", train = "training images"}

-- --- runs as entries --------------------------------------------------------------------------

-- What a run is but for its seed: its settings, and its images.
local function kind(run, data)
  local parts = {data}
  for _, row in ipairs(settings.list) do
    local value = run.config[row.name]
    if row.name ~= "seed" and not row.incidental and not (row.may_change and row.name == "data") then
      parts[#parts + 1] = row.name .. "=" .. (value ~= nil and settings.text(row.name, value) or "")
    end
  end
  return table.concat(parts, "\0")
end

--- Entries of runs, a list for each data set: runs that differ in their seeds alone are one entry, of which the mean
-- counts. rate_of(run): per cent, and the split that it was measured on. An error that is no number makes no entry.
-- Returns a list of {data = name, on = "test images" ..., entries}.
function contenders.entries(runs, rate_of)
  local names, sets, groups, place = named.names(runs), named.data(runs), {}, {}
  for i, run in ipairs(runs) do
    local rate, split = rate_of(run)
    if rate and rate == rate and rate >= 0 and rate <= 100 then
      local key = ("%s\0%s"):format(sets[i], split)
      local group = place[key]
      if not group then
        group = {data = sets[i], on = words[split], entries = {}, by_kind = {}}
        place[key], groups[#groups + 1] = group, group
      end
      local which = run.config and run.config.seed and kind(run, key) or i
      local seed = run.config and run.config.seed
      local entry = group.by_kind[which]
      if entry and not entry.seeds[seed] and entry.images == contenders.images(run, split) then
        entry.seeds[seed] = true
        entry.rate = type(entry.rate) == "table" and entry.rate or {entry.rate}
        entry.rate[#entry.rate + 1] = rate
        entry.name = ("%s (mean of %d seeds)"):format(entry.first, #entry.rate)
      else
        entry = {name = names[i], first = run.name or names[i], rate = rate, images = contenders.images(run, split),
                 seeds = {[seed or 0] = true}}
        group.entries[#group.entries + 1], group.by_kind[which] = entry, group.by_kind[which] or entry
      end
    end
  end
  return groups
end

return contenders
