--- Where a run's data lie, from whatever folder the program is started.
--
-- A config keeps the data as they were named (`data`) and, of a relative path, the absolute one as well (`data_path`):
-- the name is what people read, and the absolute path is what counts when the run is taken up somewhere else.
local find = require "resmoon.data.find"
local sys  = require("resmoon.core").sys

local source = {}

--- The absolute path of the data that a setting names, or nil for data without files (shapes10, and data sets that
-- were given).
-- The path need not exist; "." and ".." stay in it where they are not at its beginning.
function source.absolute(data)
  if data == nil or data == "shapes10" or data == "given" then return nil end
  local path = find.expand(data)
  if path:sub(1, 1) == "/" then return path end
  path = path:gsub("^%./+", "")
  if path == "." or path == "" then return sys.getcwd() end
  return (sys.getcwd():gsub("/$", "")) .. "/" .. path
end

--- What is to be opened for a config: its data as named, if that is no relative path; else what data_path says, and
-- where that is gone (the whole project was moved) the relative path once more. What is found is compared with the
-- run's record of its data in any case.
function source.of(c)
  local data = c.data
  if data == "shapes10" or data == "given" or not c.data_path or find.expand(data):sub(1, 1) == "/" then return data end
  if sys.exists(c.data_path) or not sys.exists(find.expand(data)) then return c.data_path end
  return data
end

--- The absolute path of what `of` gives; nil for data without files.
function source.path(c) return source.absolute(source.of(c)) end

return source
