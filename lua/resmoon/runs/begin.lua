--- The beginning of a run: an empty place for it, taken by one process alone.
local blueprint = require "resmoon.runs.blueprint"
local core   = require "resmoon.core"
local json   = require "resmoon.base.json"
local lock   = require "resmoon.runs.lock"
local record = require "resmoon.runs.record"
local sys    = core.sys

local begin = {}

-- What training leaves, and what a search does.
local left_behind = {"log.csv", "last.safetensors", "best.safetensors", "search.json"}

--- Raises where a folder holds a run or a search already, or what is left of one.
function begin.check_free(path)
  local there = sys.stat(path)
  if there and there.type ~= "directory" then
    error(("%s is a file, and a run is a folder: --run DIR puts it elsewhere"):format(path), 0)
  end
  if sys.exists(path .. "/config.json") then
    error(("%s already holds a run: --resume continues it, --run DIR puts a new one elsewhere"):format(path), 0)
  end
  for _, name in ipairs(left_behind) do
    if sys.exists(path .. "/" .. name) then
      error(("%s holds %s but no config.json: a new run would write over what is left of another; --run DIR puts it "
             .. "elsewhere"):format(path, name), 0)
    end
  end
end

function begin.write_config(path, config)
  core.write_atomic(path .. "/config.json", json.encode(config, {indent = true}) .. "\n")
end

--- Makes the folder of a run, with config.json and, where one is given, the record of its data. Returns the folder's
-- lock, which is the caller's to release.
-- Errors: raises where the folder is not free, or somebody else begins a run there at the same time.
function begin.run(path, config, made)
  begin.check_free(path)
  sys.mkdir_p(path)
  local held = lock.take(path)
  local _ <close> = lock.on_error(held)
  begin.check_free(path)   -- once more, now that nobody else can change it
  if made then record.write(path, made) end
  if config.own then blueprint.keep(path, config.own) end
  begin.write_config(path, config)
  return held
end

return begin
