--- A series of figures as numbered PNG files, and as one that moves.
local apng   = require "resmoon.plot.apng"
local core   = require "resmoon.core"
local fail   = require "resmoon.base.fail"
local is     = require "resmoon.base.is"
local options_of = require "resmoon.base.options"
local shown  = require "resmoon.base.shown"
local sys    = core.sys

--- Draws `count` figures to numbered PNG files and puts them together as an animated PNG, which browsers show.
--
--     plot.frames(#nets, function(k, file) return plot.filters(nets[k], {file = file, scale = 0.5}) end,
--                 {file = "filters.apng"})
--
-- Call: plot.frames(count, draw, {file =, seconds = 0.25, keep = true}) -> list of files
-- Options: file     of the animation, .apng or .png; the frames are filters_001.png and so on
--  seconds  that each frame is shown
--  keep     false: the frames are removed when they are put together
-- Returns: the names of the frames (of those that are kept).
-- Errors: raises without a file, and where a frame is no PNG or has another size than the first. draw(k, file) is to
--  draw frame k into that file; where it gives nil and a reason (no gnuplot), so does this.
-- Source: W3C, PNG Specification (Third Edition), section 11.3.6.
-- Example:
--   > options = {yrange = {0, 3}}
--   > function draw(k, file)
--   >>  options.file = file
--   >>  return plot.lines({1, k}, options)
--   >> end
--   > plot.frames(2, draw, {file = "growing.apng"})
--   {"growing_001.png", "growing_002.png"}
return function(count, draw, options)
  local op = "plot.frames"
  options = options_of(op, options, {file = "string", seconds = "number", keep = "boolean"})
  if not is.whole(count, 1) then fail("%s: count is %s, expected a whole number from 1", op, count) end
  if type(draw) ~= "function" then fail("%s: argument 2 is %k, expected a function(k, file)", op, draw) end
  local stem = (options.file or ""):match "^(.+)%.apng$" or (options.file or ""):match "^(.+)%.png$"
  if not stem then
    fail("%s: file is %s, expected a name ending in .apng or .png", op,
         options.file and "'" .. options.file .. "'" or "nil")
  end
  local seconds, files = options.seconds or 0.25, {}
  if not (seconds > 0 and seconds <= 60) then
    fail("%s: seconds is %g, expected above 0, and 60 at most", op, seconds)
  end
  local digits = math.max(3, #tostring(count))
  for k = 1, count do
    files[k] = ("%s_%0" .. digits .. "d.png"):format(stem, k)
    local drawn, reason = draw(k, files[k])
    if not drawn then return nil, reason end
  end
  apng(options.file, files, seconds)
  if options.keep == false then
    for _, file in ipairs(files) do sys.remove(file) end
    files = {}
  end
  return shown.mark(files)
end
