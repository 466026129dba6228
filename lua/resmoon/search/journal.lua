--- The journal of a search: a folder with a file for each finished trial, and one for the search.
--
-- A trial's file is written as a whole when it has ended; so whatever is killed, and when, no finished trial is
-- lost, and a search that is taken up again runs only what is missing.
local rm   = require "resmoon.core"
local json = require "resmoon.json"
local sys  = rm.sys

local journal = {}

local function read(path)
  local file <close> = assert(io.open(path, "r"))
  local ok, value = pcall(json.decode, file:read("a"))
  if not ok or type(value) ~= "table" then error(("%s: %s"):format(path, tostring(value)), 0) end
  return value
end

local function write(path, value) rm.write_atomic(path, json.encode(value, {indent = true}) .. "\n") end

function journal.trial_path(folder, number) return ("%s/trials/%03d.json"):format(folder, number) end

--- Begins a search, or takes one up: raises where the folder holds one with other settings.
function journal.open(folder, settings)
  local path = folder .. "/search.json"
  if sys.exists(path) then
    local saved = read(path)
    if json.encode(saved) ~= json.encode(json.decode(json.encode(settings))) then
      for name, value in pairs(settings) do
        if json.encode({saved[name]}) ~= json.encode({value}) then
          error(("%s was begun with another %s; --run DIR puts a new search elsewhere"):format(folder, name), 0)
        end
      end
      error(("%s was begun with other settings; --run DIR puts a new search elsewhere"):format(folder), 0)
    end
  else
    sys.mkdir_p(folder .. "/trials")
    write(path, settings)
  end
end

function journal.settings(folder) return read(folder .. "/search.json") end

--- The result of a trial, or nil if it has not ended yet.
function journal.result(folder, number)
  local path = journal.trial_path(folder, number)
  return sys.exists(path) and read(path) or nil
end

function journal.write(folder, number, result) write(journal.trial_path(folder, number), result) end

return journal
