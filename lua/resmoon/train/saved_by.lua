--- The checkpoint in a file, which the run in a folder has written, whose config is c.
--
-- Errors: raises where the file is damaged, and where it was written by a training with other settings than config.json
-- has.
local checkpoint = require "resmoon.runs.checkpoint"
local config     = require "resmoon.train.config"
local text       = require "resmoon.base.json_text"
local object     = require "resmoon.base.object"
local settings   = require "resmoon.runs.settings"

return function(path, file, c)
  local saved = checkpoint.load(file)
  local written = saved.state.config
  if not object.is(written) then error(file .. " does not say which training it is of", 0) end
  local names, list = {}, {}
  for name in pairs(config.with(c, written)) do names[#names + 1] = name end
  table.sort(names)
  for _, name in ipairs(names) do
    local later = written[name] == nil and config.defaults[name] ~= nil   -- a setting of a later version
    if not (settings.may_differ(name) or later) and text(written[name]) ~= text(c[name]) then
      list[#list + 1] = ("%s: %s there, %s in config.json"):format(name, text(written[name]), text(c[name]))
    end
  end
  if #list > 0 then
    error(("%s was written by a training with other settings (%s%s): it is another run's, or config.json was edited; "
           .. "%s does not go on"):format(file, table.concat(list, "; ", 1, math.min(4, #list)),
          #list > 4 and ("; and %d more"):format(#list - 4) or "", path), 0)
  end
  return saved
end
