--- The journal of a search: a folder with a file for each finished trial, and one for the search.
--
-- A trial's file is written as a whole when it has ended; so whatever is killed, and when, no finished trial is
-- lost, and a search that is taken up again runs only what is missing. A file that cannot be what a trial left is an
-- error: what came after it was bred from it.
local rm   = require "resmoon.core"
local json = require "resmoon.base.json"
local sys  = rm.sys

local journal = {}

local function read(path)
  local file <close> = assert(io.open(path, "r"))
  local ok, value = pcall(json.decode, file:read("a"))
  if not ok then return nil, value:gsub("^[^\n]-:%d+: ", "") end
  if type(value) ~= "table" then return nil, "it holds no object" end
  return value
end

local function write(path, value) rm.write_atomic(path, json.encode(value, {indent = true}) .. "\n") end

local function text(value) return value == nil and "absent" or (json.encode({value}):sub(2, -2)) end

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

--- Raises where the folder holds a search with other settings.
-- settings: {training =, population =, generations =, mutation =, genes =}.
function journal.check(folder, settings)
  local path = search_path(folder)
  if not sys.exists(path) then return end
  local saved, reason = read(path)
  if not saved then error(("%s: %s"):format(path, reason), 0) end
  settings = json.decode(json.encode(settings))
  for _, name in ipairs {"training", "population", "generations", "mutation", "genes"} do
    if text(saved[name]) ~= text(settings[name]) then
      local both = type(saved[name]) == "table" and type(settings[name]) == "table"
      local what = both and difference(saved[name], settings[name]) or difference(saved, settings)
      error(("%s was begun with another %s (%s); --run DIR puts a new search elsewhere"):format(folder, name, what), 0)
    end
  end
end

--- Begins a search, where the folder holds none.
function journal.begin(folder, settings)
  if sys.exists(search_path(folder)) then return end
  sys.mkdir_p(folder .. "/trials")
  write(search_path(folder), settings)
end

local function trial_path(folder, number) return ("%s/trials/%03d.json"):format(folder, number) end

-- What is wrong with the result of a trial, or nil.
local function flaw(result, genes)
  local fitness = result.fitness
  if type(fitness) ~= "number" or fitness ~= fitness then return "fitness is " .. text(fitness) end
  for _, name in ipairs {"accuracy", "loss"} do
    if type(result[name]) ~= "table" then return ("%s is %s, expected a list"):format(name, text(result[name])) end
    for _, value in pairs(result[name]) do
      if type(value) ~= "number" then return ("%s holds %s, expected numbers"):format(name, text(value)) end
    end
  end
  if type(result.genes) ~= "table" then return "it has no genes" end
  for name, value in pairs(genes) do
    if result.genes[name] ~= value then
      return ("its %s is %s, but this search gives that trial %s: it, or one before it, was changed"):format(name,
        text(result.genes[name]), text(value))
    end
  end
end

--- The result of the trial with these genes, or nil if it has not ended yet.
-- Errors: raises for a damaged file, and for one of other genes.
function journal.result(folder, number, genes)
  local path = trial_path(folder, number)
  if not sys.exists(path) then return nil end
  local result, reason = read(path)
  reason = result and flaw(result, genes) or not result and reason
  if reason then
    error(("%s: %s\nremove that file, and the trial is run again"):format(path, reason), 0)
  end
  return result
end

function journal.write(folder, number, result) write(trial_path(folder, number), result) end

return journal
