--- The figure of a learning-rate schedule.
local figure = require "resmoon.plot.figure"
local need   = require "resmoon.plot.need"

--- Rate and, where it moves, momentum of each step of a schedule: {rate = numbers, momentum = numbers or nil}.
-- options: file, title, size.
-- Call: plot.schedule(course, {file = nil, title = nil, size = nil}) -> true
-- Shapes: rate and momentum are lists, one number for each step.
-- Errors: raises for a course without rates. Without gnuplot it gives nil and the reason.
-- Example:
--   > plot.schedule({rate = {0.1, 0.1, 0.01}}, {file = "rate.svg"});
--   > rm.sys.exists "rate.svg"
--   true
local function schedule(course, options)
  need("plot.schedule", course, "rate")
  options = figure.options("plot.schedule", options)
  local f = figure.new({title = options.title, size = options.size or {course.momentum and 1000 or 800, 420}})
  for i, name in ipairs {"rate", "momentum"} do
    local values = course[name]
    if values then
      local at = {}
      for k = 1, #values do at[k] = k end
      local what = name == "rate" and "learning rate" or name
      f:panel({title = what, text_title = what, xlabel = "step", ylabel = what, key = false})
        :add({columns = {at, values}, style = "lines", color = i})
    end
  end
  return f:draw(options)
end

return schedule
