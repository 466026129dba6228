--- A run is a folder: config.json, data.json (record.lua), log.csv, best.safetensors, last.safetensors, figures.
--
-- Call: train.folder
-- Errors: name the folder and what is missing there.
-- Example:
--   > train.folder.is_run "nowhere"
--   false
local check = require "resmoon.base.check"
local library = require "resmoon.base.library"
local core = require "resmoon.core"
local begin = require "resmoon.runs.begin"
local Log  = require "resmoon.runs.log"
local record = require "resmoon.runs.record"
local setting = require "resmoon.runs.setting"
local settings = require "resmoon.runs.settings"
local shown = require "resmoon.base.shown"
local object = require "resmoon.base.object"
local sys  = core.sys

local folder = {}

--- Whether a folder holds a run.
-- Call: train.folder.is_run(path) -> boolean
-- Errors: none.
-- Example:
--   > train.folder.create("runs/a", {model = "mlp"})
--   > train.folder.is_run "runs/a"
--   true
function folder.is_run(path)
  check("train.folder.is_run(path: string)", path)
  return sys.exists(path .. "/config.json")
end

--- A new folder with config.json in it.
-- Errors: raises where a run is there already, or files of one.
-- Call: train.folder.create(path, config) -> nothing
-- Example:
--   > train.folder.create("runs/b", {model = "mlp"})
--   > rm.sys.list "runs/b"
--   {"config.json"}
function folder.create(path, config)
  check("train.folder.create(path: string, config: table)", path, config)
  begin.run(path, config):release()
end

--- The config of a run.
-- Call: train.folder.config(path) -> table
-- Errors: raises where there is no run, or config.json is damaged.
-- Example:
--   > train.folder.create("runs/c", {model = "mlp"})
--   > train.folder.config("runs/c").model
--   mlp
function folder.config(path)
  check("train.folder.config(path: string)", path)
  if not folder.is_run(path) then
    error(("%s is not a run: it has no config.json"):format(path), 0)
  end
  local config, reason = object.read(path .. "/config.json")
  if not config then error(("%s/config.json: %s"):format(path, reason), 0) end
  if not record.are_classes(config.classes) then
    error(("%s/config.json: classes is no list of names"):format(path), 0)
  end
  for _, row in ipairs(settings.list) do
    local ok, wrong = true, nil
    if config[row.name] ~= nil then ok, wrong = pcall(setting.check_kind, row, config[row.name]) end
    if not ok then error(("%s/config.json: %s"):format(path, (wrong:gsub("^train: ", ""))), 0) end
  end
  return config
end

--- A run to look at: {name =, folder =, config =, log = lists by column, rows = the log's rows}.
-- Call: train.folder.read(path) -> run
-- Errors: raises where there is no run, or its files are damaged.
-- Example:
--   > train.folder.create("runs/d", {model = "mlp"})
--   > row = "epoch,train_loss,train_error\n1,2.3,90\n"
--   > rm.write_atomic("runs/d/log.csv", row)
--   > train.folder.read("runs/d").log.train_loss
--   {2.3}
function folder.read(path)
  check("train.folder.read(path: string)", path)
  path = path:gsub("(.)/+$", "%1")
  local config = folder.config(path)
  local file = path .. "/log.csv"
  if not sys.exists(file) and sys.exists(path .. "/best.safetensors") then
    error(("%s: log.csv is missing, though best.safetensors holds an epoch that was finished"):format(path), 0)
  end
  local log = sys.exists(file) and Log.read(file) or Log()  -- none before the first epoch has ended
  return shown.mark {name = config.name or config.model or path:match("[^/]*$"), folder = path, config = config,
          log = log:by_column(), rows = log.rows}
end

-- A number, or nil: what an epoch did not measure, or what came out as NaN, is no value.
local function value(x) return x == x and x or nil end

--- The summary of a run's rows: epochs, final and best error (percent), seconds, img_per_s (mean), and kept, the error
-- of the network in best.safetensors (the averaged one, where there is one), with kept_epoch, its epoch. All errors
-- are those of the test images, where there are any; split says which ("test", "val" or "train", as the columns of the
-- log begin). Which network is kept, the validation images decide (train.Log.deciding), so kept is what to report; best
-- is the lowest of all epochs, whatever chose it. final_averaged is the final error with averaged weights, where these
-- are kept. NaN is never the best; best and kept are infinity where no epoch has an error.
-- Call: train.folder.summary(run) -> table
-- Errors: none.
-- Example:
--   > row = {epoch = 1, seconds = 60, img_per_s = 900}
--   > row.train_loss, row.train_error, row.test_error = 1.5, 60, 55
--   > train.folder.summary({rows = {row}}).best
--   55
function folder.summary(run)
  check("train.folder.summary(run: table)", run)
  local rows = run.rows
  check("train.folder.summary(rows: table[])", rows)
  local sum = {epochs = #rows, seconds = 0, best = math.huge, best_epoch = 0, kept = math.huge, kept_epoch = 0}
  local images, timed, lowest = 0, 0, math.huge
  for _, row in ipairs(rows) do
    sum.seconds = sum.seconds + (value(row.seconds) or 0)
    if value(row.img_per_s) then images, timed = images + row.img_per_s, timed + 1 end
    local err = row.test_error or row.val_error or row.train_error
    if value(err) and err < sum.best then sum.best, sum.best_epoch = err, row.epoch end
    local kept = row.test_ema_error or row.val_ema_error or err
    local decides = value((Log.deciding(row)))
    if decides and decides < lowest then
      lowest, sum.kept, sum.kept_epoch = decides, value(kept) or math.huge, row.epoch
    end
    sum.final_averaged = row.test_ema_error or row.val_ema_error
    sum.final, sum.final_loss, sum.final_train = err, row.train_loss, row.train_error
    sum.split = row.test_error and "test" or row.val_error and "val" or "train"
  end
  sum.img_per_s = timed > 0 and images / timed or 0
  return shown.mark(sum)
end

return library("train.folder", folder)
