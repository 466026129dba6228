--- A full config from a partial one: the fixed defaults, the checks, and what depends on network and data.
local blueprint = require "resmoon.runs.blueprint"
local defaults  = require "resmoon.train.defaults"
local settings  = require "resmoon.runs.settings"
local shown     = require "resmoon.base.shown"

--- A full config from a partial one (which is not changed).
-- Errors: raises, naming the setting, its value and what was expected.
-- Call: train.config.complete {settings} -> table
-- Example:
--   > c = train.config.complete {epochs = 10}
--   > c.milestones, c.momentum
--   {5, 7}  0.9
return function(partial)
  if partial ~= nil and type(partial) ~= "table" then
    local expected = 'a table like {model = "resnet20", epochs = 5}'
    error(("train: the settings are a %s, expected %s"):format(type(partial), expected), 0)
  end
  local c = settings.with(settings.defaults, blueprint.written(partial or {}))
  settings.check(c)
  defaults.fill(c)
  return shown.mark(c)
end
