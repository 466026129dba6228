--- Several runs, one after the other, in the subfolders of one folder.
local core   = require "resmoon.core"
local config = require "resmoon.train.config"
local fail   = require "resmoon.base.fail"
local folder = require "resmoon.runs.folder"
local json   = require "resmoon.base.json"
local models = require "resmoon.models"
local options_of = require "resmoon.base.options"
local rehearsal = require "resmoon.base.rehearsal"
local run    = require "resmoon.train.run"
local text   = require "resmoon.base.text"
local shown  = require "resmoon.base.shown"

-- Whether nothing is left to do in the folder of a run.
local function ended(path, c)
  local there = folder.read(path)
  local rows = there.rows
  if #rows == 0 then return false end
  local last = rows[#rows].epoch
  return last >= c.epochs or (c.early_stop > 0 and last - folder.summary(there).kept_epoch >= c.early_stop)
end

-- Runs on the same images share them: opens(c) -> {train, test, validation}, and the record of them.
local function opener(given)
  local opened, sets, made = nil, given, nil
  return function(c)
    local what = {}
    for i, name in ipairs(config.data_settings) do what[i] = {name, c[name]} end
    local key = json.encode(what)
    if not given and key ~= opened then opened, sets, made = key, {config.open(c)}, nil end
    made = made or run.record_of(sets, c)
    return sets, made
  end
end

local function check(jobs, options)
  if type(jobs) ~= "table" then fail("several: expected a list of jobs {name =, settings =}") end
  local named = {}
  for i, job in ipairs(jobs) do
    if type(job) ~= "table" or type(job.name) ~= "string" or type(job.settings) ~= "table" then
      fail("several: job %d is not a table {name = text, settings = table}", i)
    end
    options_of(("several: job %d"):format(i), job, {"name", "settings"})
    if named[job.name] then
      fail("several: jobs %d and %d are both called '%s', and would be one run", named[job.name], i,
           text.visible(job.name))
    end
    named[job.name] = i
  end
  options_of("several", options, {"folder", "sets", "progress"})
  if not options or type(options.folder) ~= "string" then
    fail("several: options need folder, where the runs are to be")
  end
end

--- Trains some networks one after the other, each into a subfolder of its own. What is there is not done again:
-- finished runs are kept, and one that was stopped is taken up where it was; so the same call after Ctrl-C or a kill
-- goes on. (A run whose loss became no number is tried again from its last epoch.)
--
-- Call: train.several({{name =, settings =}, ...}, {folder =, sets = nil, progress = true}) -> folders or nil
-- Options: folder    of all; each run is in folder/name, and called by that name
--  sets      {train, test, validation}: instead of opening the data of the settings
--  progress  false: silent
-- Returns: the folders of the runs, in order; nil where Ctrl-C ended it.
-- Errors: raises, before anything is trained, for an unknown network or setting, and where a folder holds a run with
--  other settings or, if anything is left to train, one of other data or without the checkpoint to go on from.
-- Example:
--   > settings = {model = "mlp", epochs = 1, train_size = 100, test_size = 20}
--   > jobs = {{name = "one", settings = settings}}
--   > train.several(jobs, {folder = "runs/both", progress = false})
--   {"runs/both/one"}
local function several(jobs, options)
  check(jobs, options)
  local todo, paths, begun, wide = {}, {}, {}, 0
  for i, job in ipairs(jobs) do
    local path = ("%s/%s"):format(options.folder, job.name)
    local c = config.with({name = job.name}, job.settings)
    local there = folder.is_run(path)
    c = there and run.changed(path, c) or config.complete(c)
    if not c.own then models.get(c.model) end
    local unfinished = not there or not ended(path, c)
    if there then begun[#begun + 1] = {path = path, config = c, unfinished = unfinished} end
    if unfinished then todo[#todo + 1] = {path = path, config = c, there = there} end
    paths[i], wide = path, math.max(wide, text.width(text.visible(c.name)))
  end
  if rehearsal.on() then return rehearsal.stand_in end
  if core.world.size() > 1 then core.world.barrier() end   -- all have looked before process 0 changes anything
  local open = opener(options.sets)
  for _, each in ipairs(#todo > 0 and begun or {}) do
    local sets, made = open(each.config)
    run.check_data(each.path, sets, each.config, made)
    if each.unfinished then run.check_checkpoint(each.path, each.config) end
  end
  for _, job in ipairs(todo) do
    local c = job.config
    local sets, made = open(c)
    local how = {folder = job.path, sets = sets, record = made, progress = options.progress,
                 label = text.pad(text.visible(c.name), wide)}
    local result = job.there and run.resume(job.path, c, how) or run.run(c, how)
    if result.stopped == "interrupted" then return nil end
  end
  return shown.mark(paths)
end

return several
