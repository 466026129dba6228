--- What a program gives train.run as an object and config.json cannot hold: data sets, a schedule.
--
--     train.run {data = dataset}                        trained on; not tested
--     train.run {data = {train = a, test = b}}          a fold of data.k_fold, for example
--
--     train.run {schedule = function(epoch) return 0.9 ^ epoch end}     epoch 0, 1, ...; times lr
--
-- The config then says `data = "given"` or `schedule = "lambda"`; the run's record of its data (data.json) knows which
-- they were, and whoever takes the run up gives them again.
local options_of = require "resmoon.base.options"

local given = {}

-- The options of train.run and train.resume, and what the library gives them besides.
local public = {"folder", "progress", "label", "resume", "hooks", "sets"}
local inner = {record = true, given = true, schedule = true, home = true}

local splits = {train = true, test = true, validation = true}

local function is_set(value) return type(value) == "table" and value.batch ~= nil and value.size ~= nil end

local function bad(what, value, expected)
  error(("train: %s is a %s, expected %s"):format(what, type(value), expected), 0)
end

-- {train =, test =, validation =} of what was given as data.
local function sets_of(value)
  if is_set(value) then return {train = value} end
  for name, set in pairs(value) do
    if not splits[name] then
      error(("train: data has %s, expected a data set or {train =, test =, validation =}"):format(tostring(name)), 0)
    end
    if not is_set(set) then bad("data." .. name, set, "a data set") end
  end
  if not value.train then error("train: data has no train, expected {train =, test =, validation =}", 0) end
  return value
end

--- Settings and options with the objects among the settings moved to the options: settings.data to options.given,
-- a function as settings.schedule to options.schedule.
-- Neither table is changed. Errors: raises for tables that are no data sets.
function given.take(settings, options)
  local c, o = {}, {}
  if settings ~= nil and type(settings) ~= "table" then
    local expected = 'a table like {model = "resnet20", epochs = 5}'
    error(("train: the settings are a %s, expected %s"):format(type(settings), expected), 0)
  end
  for name, value in pairs(settings or {}) do c[name] = value end
  for name, value in pairs(options or {}) do o[name] = value end
  local asked = {}
  for name, value in pairs(o) do
    if not inner[name] then asked[name] = value end
  end
  options_of("train", asked, public)
  if type(c.data) == "table" then
    o.given, c.data = sets_of(c.data), "given"
  end
  if type(c.schedule) == "function" then o.schedule, c.schedule = c.schedule, "lambda" end
  return c, o
end

return given
