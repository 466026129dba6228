--- The journal of a search: a folder with a file for each finished trial, and one for the search.
--
-- A trial's file is written as a whole when it has ended; so whatever is killed, and when, no finished trial is
-- lost, and a search that is taken up again runs only what is missing. A file that cannot be what a trial left is an
-- error: what came after it was bred from it.
local check = require "resmoon.base.check"
local core = require "resmoon.core"
local json = require "resmoon.base.json"
local text = require "resmoon.base.json_text"
local lists = require "resmoon.base.list"
local lock = require "resmoon.runs.lock"
local object = require "resmoon.base.object"
local record = require "resmoon.runs.record"
local source = require "resmoon.runs.source"
local sys  = core.sys

local journal = {}

local function write(path, value) core.write_atomic(path, json.encode(value, {indent = true}) .. "\n") end

-- "lr was 0.1, is 0.5": the first of the settings, by name, that differ.
local function difference(saved, given)
  local names = {}
  for _, t in ipairs {saved, given} do
    for name in pairs(t) do names[#names + 1] = name end
  end
  table.sort(names)
  for _, name in ipairs(names) do
    if text(saved[name]) ~= text(given[name]) then
      return ("%s was %s, is %s"):format(name, text(saved[name]), text(given[name]))
    end
  end
end

local function search_path(folder) return folder .. "/search.json" end

-- Settings of training as they are compared. Which images they name is the record's to say, where there is one; the
-- path to them may be written in different ways.
local function comparable(settings, recorded)
  local copy = {}
  for name, value in pairs(settings) do copy[name] = value end
  if object.is(copy.training) then
    local training = {}
    for name, value in pairs(copy.training) do training[name] = value end
    training.data_path = nil
    training.data = not recorded and (source.absolute(training.data) or training.data) or nil
    copy.training = training
  end
  return copy
end

--- Whether the folder holds a search.
function journal.is_search(folder) return sys.exists(search_path(folder)) end

--- Raises where the folder holds a search with other settings or on other images, trials whose search.json is gone, or
-- a run.
-- settings: {training =, population =, generations =, mutation =, genes =}; made: the record of the images.
function journal.check(folder, settings, made)
  local path = search_path(folder)
  if not sys.exists(path) then
    if sys.is_dir(folder .. "/trials") and #sys.list(folder .. "/trials") > 0 then
      error(("%s holds trials, but search.json, which says of which search, is missing; --run DIR puts a new search "
             .. "elsewhere"):format(folder), 0)
    elseif sys.exists(folder .. "/config.json") then
      error(("%s holds a run; --run DIR puts a search elsewhere"):format(folder), 0)
    end
    return
  end
  local saved, reason = object.read(path)
  if not saved then error(("%s: %s"):format(path, reason), 0) end
  local before = record.read(folder)
  saved, settings = comparable(saved, before), comparable(json.decode(json.encode(settings)), before)
  for _, name in ipairs {"training", "population", "generations", "mutation", "genes", "crossover"} do
    if text(saved[name]) ~= text(settings[name]) then
      local both = object.is(saved[name]) and object.is(settings[name])
      local what = both and difference(saved[name], settings[name]) or difference(saved, settings)
      error(("%s was begun with another %s (%s); --run DIR puts a new search elsewhere"):format(folder, name, what), 0)
    end
  end
  local list = before and made and record.differences(before, made) or {}
  if #list > 0 then
    error(("%s was begun on other images:\n  %s\nPut them back as they were, or begin a new search with --run DIR.")
          :format(folder, table.concat(list, "\n  ")), 0)
  end
end

--- Writes the record of the images into the folder of a search that has none. Returns whether it had none.
function journal.record(folder, made)
  if record.read(folder) then return false end
  record.write(folder, made)
  return true
end

--- Begins a search, where the folder holds none. Returns the folder's lock, which the caller releases.
-- Errors: raises where somebody else has begun one there meanwhile.
function journal.begin(folder, settings, made)
  sys.mkdir_p(folder .. "/trials")
  local held = lock.take(folder)
  local _ <close> = lock.on_error(held)
  journal.check(folder, settings, made)
  record.write(folder, made)
  if not sys.exists(search_path(folder)) then write(search_path(folder), settings) end
  return held
end

local function trial_path(folder, number) return ("%s/trials/%03d.json"):format(folder, number) end

-- What is wrong with the result of a trial, or nil.
local function flaw(result, genes)
  local fitness = result.fitness
  if type(fitness) ~= "number" or fitness ~= fitness then return "fitness is " .. text(fitness) end
  -- Searches of earlier versions have accuracy and loss alone.
  for _, name in ipairs {"accuracy", "loss", "top3", "top5", "val_loss"} do
    local later = result[name] == nil and name ~= "accuracy" and name ~= "loss"
    if later then result[name] = {} end
    if type(result[name]) ~= "table" then return ("%s is %s, expected a list"):format(name, text(result[name])) end
    if lists.foreign(result[name]) then return name .. " is an object, expected a list" end
    for _, value in ipairs(result[name]) do
      if type(value) ~= "number" then return ("%s holds %s, expected numbers"):format(name, text(value)) end
    end
  end
  if not object.is(result.genes) then return "it has no genes" end
  for name, value in pairs(genes) do
    if result.genes[name] ~= value then
      return ("its %s is %s, but this search gives that trial %s: it, or one before it, was changed"):format(name,
        text(result.genes[name]), text(value))
    end
  end
  for name, kind in pairs {generation = "natural", epochs = "natural", seconds = "nonnegative", stopped = "string"} do
    local reason = check.flaw(name, result[name], {kind})
    if reason then return reason end
  end
end

--- The result of the trial with these genes, or nil if it has not ended yet.
-- Errors: raises for a damaged file, and for one of other genes.
function journal.result(folder, number, genes)
  local path = trial_path(folder, number)
  if not sys.exists(path) then return nil end
  local result, reason = object.read(path)
  reason = result and flaw(result, genes) or not result and reason
  if reason then
    error(("%s: %s\nremove that file, and the trial is run again"):format(path, reason), 0)
  end
  return result
end

function journal.write(folder, number, result) write(trial_path(folder, number), result) end

return journal
