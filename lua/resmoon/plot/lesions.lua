--- Lesions as a figure: errors without blocks, and the lengths of paths.
local fail   = require "resmoon.base.fail"
local figure = require "resmoon.plot.figure"
local named  = require "resmoon.runs.named"
local need   = require "resmoon.plot.need"

local NAN = 0 / 0

local function panels_of_errors(f)
  local function panel(title, xlabel)
    return f:panel {title = title, text_title = title .. ": error (%)", xlabel = xlabel, ylabel = "error (%)",
                    yrange = {0, 100}}
  end
  return panel("one block removed", "block"), panel("several at random removed", "blocks removed"),
    panel("two blocks of a stage swapped", "blocks apart")
end

-- An axis of whole numbers up to `most`.
local function scale(panel, most)
  panel.xrange, panel.xstep = {0, most}, figure.round_step(most / 6)
end

local function add_errors(one, many, swapped, each, name, i)
  local x, y = {}, {}
  for k, s in ipairs(each.single) do x[k], y[k] = k, s.error or NAN end
  one:add {columns = {x, y}, style = "linespoints", title = name, color = i}
  one:add {columns = {{1, #x}, {each.base, each.base}}, style = "lines", color = i, dashed = 2, width = 1.2,
           aside = true}
  x, y = {0}, {each.base}
  for _, r in ipairs(each.random) do x[#x + 1], y[#y + 1] = r.n, r.mean end
  many:add {columns = {x, y}, style = "linespoints", title = name, color = i}
  x, y = {}, {}
  for k, s in ipairs(each.swaps) do x[k], y[k] = s.apart + 0.12 * (i - 1), s.error end
  if #x > 0 then swapped:add {columns = {x, y}, style = "points", title = name, color = i} end
end

local function add_paths(count, norm, weight, p, name, i)
  count:add {columns = {p.length, p.share}, style = "linespoints", title = name, color = i}
  local x, y = {}, {}
  for k, value in ipairs(p.norm) do
    if value > 0 then x[#x + 1], y[#y + 1] = p.length[k], value end
  end
  norm:add {columns = {x, y}, style = "linespoints", title = name, color = i}
  weight:add {columns = {p.length, p.weight}, style = "linespoints", title = name, color = i}
end

--- Draws what lesions found: the errors without one block (dashed: that of the whole network), without several and with
-- two swapped; and, of residual networks, how many paths there are of each length, the norm of a path's gradient, and
-- both together.
-- Call: plot.lesions(results, {options}) -> true
-- Shapes: results is what lesions gives, or a list of them: residual and plain networks in one figure.
-- Options: names  of the networks, in order; file, title, size as of plot.lines
-- Errors: raises for what is no such result. Without gnuplot it gives nil and the reason.
-- Source: Veit, Wilber and Belongie 2016, arXiv:1605.06431, figures 3, 5 and 6.
-- Example:
--   > ds = data.shapes10 {size = 20}
--   > l = lesions(models.resnet20(), ds, {draws = 1, samples = 1, swaps = 2})
--   > plot.lesions(l, {file = "lesions.svg"});
--   > rm.sys.exists "lesions.svg"
--   true
-- See: lesions
local function lesions(results, options)
  options = figure.options("plot.lesions", options, "names")
  if type(results) == "table" and results.single then results = {results} end
  if type(results) ~= "table" or #results == 0 then fail("plot.lesions: nothing to draw") end
  local with_paths = false
  for _, each in ipairs(results) do
    need("plot.lesions", each, "single", "random", "swaps")
    with_paths = with_paths or each.paths ~= nil
  end
  local f = figure.new {title = options.title or "lesions", size = options.size or {1280, with_paths and 800 or 420},
                        columns = 3}
  local names = options.names or named.names(results)
  local one, many, swapped = panels_of_errors(f)
  local count, norm, weight
  if with_paths then
    count = f:panel {title = "paths by length", xlabel = "blocks passed", ylabel = "share of paths", yrange = {0}}
    norm = f:panel {title = "gradient of one path", xlabel = "blocks passed", ylabel = "norm", logy = true}
    weight = f:panel {title = "gradient of all paths of a length", xlabel = "blocks passed",
                      ylabel = "share of the gradient", yrange = {0}}
  end
  local blocks, removed, apart = 1, 1, 1
  for _, each in ipairs(results) do
    blocks, removed = math.max(blocks, #each.single), math.max(removed, #each.random)
    for _, s in ipairs(each.swaps) do apart = math.max(apart, s.apart) end
  end
  for panel, most in pairs {[one] = blocks, [many] = removed, [swapped] = apart + 1} do scale(panel, most) end
  for _, panel in ipairs {count, norm, weight} do scale(panel, blocks) end
  for i, each in ipairs(results) do
    add_errors(one, many, swapped, each, names[i], i)
    if each.paths then add_paths(count, norm, weight, each.paths, names[i], i) end
  end
  return f:draw(options)
end

return lesions
