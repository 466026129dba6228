--- Exercise 13: drawing a rate, and choosing the best trial.
local core = require "resmoon.core"

local DRAWS = 4000

local function judge_draw(judge, log_uniform)
  local low, high = 1e-5, 1e-1
  local decades, inside = {0, 0, 0, 0}, true
  for _ = 1, DRAWS do
    local ok, value = judge:call("log_uniform(1e-5, 1e-1)", log_uniform, low, high)
    if not ok then return end
    if core.is_tensor(value) then value = value:item() end
    if type(value) ~= "number" then
      judge:that("log_uniform gives numbers", false, "it gives a " .. type(value))
      return
    end
    inside = inside and value >= low * 0.9999 and value <= high * 1.0001
    for k = 1, 4 do
      if value >= low * 10 ^ (k - 1) and value < low * 10 ^ k then decades[k] = decades[k] + 1 end
    end
  end
  judge:that("all draws lie between the bounds", inside)
  local even, parts = true, {}
  for k = 1, 4 do
    even = even and math.abs(decades[k] / DRAWS - 0.25) < 0.04
    parts[k] = ("%.0f %%"):format(100 * decades[k] / DRAWS)
  end
  judge:that("each power of ten is drawn as often as any other", even, table.concat(parts, ", "))
  core.manual_seed(7)
  local first = log_uniform(low, high)
  core.manual_seed(7)
  judge:that("the same seed of rm.manual_seed gives the same draw", log_uniform(low, high) == first)
end

local function judge_best(judge, best)
  local nan = 0 / 0
  local trials = {{lr = 1, error = nan}, {lr = 2, error = 30}, {lr = 3, error = 12.5}, {lr = 4, error = nan},
                  {lr = 5, error = 50}}
  local ok, trial = judge:call("best(trials)", best, trials)
  if not ok then return end
  judge:that("best gives the trial with the lowest error", trial == trials[3],
             type(trial) ~= "table" and "it gives a " .. type(trial) or nil)
  judge:that("a trial whose error is NaN never wins", type(trial) == "table" and trial.error == trial.error)
  ok, trial = judge:call("best of trials that begin with the best", best, {trials[3], trials[2], trials[1]})
  if ok then judge:that("the order of the trials does not matter", trial == trials[3]) end
  ok, trial = judge:call("best {}", best, {})
  if ok then judge:that("of no trials the best is nil", trial == nil) end
  ok, trial = judge:call("best of NaN alone", best, {trials[1], trials[4]})
  if ok then judge:that("nor does one of NaN alone", trial == nil) end
end

return {
  {name = "log_uniform", kind = "function", judge = judge_draw,
   task = "log_uniform(low, high) returns a number between the bounds, drawn by rm's generator so that every power of "
          .. "ten is equally likely"},
  {name = "best", kind = "function", judge = judge_best,
   task = "best(trials) returns the trial, of a list of tables {lr =, error =}, that has the lowest error, whatever "
          .. "its place; an error may be NaN where a training failed, and of no trials, or only such, it returns nil"},
}
