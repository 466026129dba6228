--- Features by depth: a panel of points for each stage, a color and a marker for each class.
local fail   = require "resmoon.base.fail"
local figure = require "resmoon.plot.figure"

-- Okabe and Ito's, and two of Paul Tol's: ten classes have a color each; each has a marker, too, for gray print.
local COLORS = {"#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000", "#999999", "#882255",
                "#332288"}
local SYMBOLS = {7, 5, 9, 11, 13, 6, 4, 8, 10, 12}

local METHODS = {{"pca", "principal components"}, {"tsne", "t-SNE"}}

-- The points of each class as a layer.
local function add(panel, points, labels, classes)
  local by_class, most = {}, 0
  for i, p in ipairs(points:totable()) do
    local c = labels[i]
    by_class[c] = by_class[c] or {{}, {}}
    table.insert(by_class[c][1], p[1])
    table.insert(by_class[c][2], p[2] or 0)
    most = math.max(most, c)
  end
  for c = 1, math.max(most, classes and #classes or 0) do
    local columns = by_class[c]
    if columns then
      panel:add {columns = columns, style = "points", title = tostring(classes and classes[c] or c), point = 0.75,
                 color = COLORS[(c - 1) % #COLORS + 1], symbol = SYMBOLS[(c - 1) % #SYMBOLS + 1]}
    end
  end
end

--- Draws what features found: the stages from left to right, principal components above, t-SNE below; behind each
-- stage's name, of how many images the nearest other one is of the same class.
-- Call: plot.features(result, {options}) -> true
-- Shapes: result is what features gives.
-- Options: file, title, size as of plot.lines
-- Errors: raises for what is no such result. Without gnuplot it gives nil and the reason.
-- Example:
--   > ds = data.shapes10 {size = 40}
--   > f = features(models.resnet20(), ds, {iterations = 50})
--   > plot.features(f, {file = "features.png"});
--   > rm.sys.exists "features.png"
--   true
-- See: features
return function(result, options)
  options = figure.options("plot.features", options)
  if type(result) ~= "table" or type(result[1]) ~= "table" or not result.labels then
    fail("plot.features: argument 1 is %k, expected what features gives", result)
  end
  local rows = 0
  for _, method in ipairs(METHODS) do rows = rows + (result[1][method[1]] and 1 or 0) end
  local f = figure.new {title = options.title or result.name, columns = #result,
                        size = options.size or {math.max(480, 290 * #result), 30 + 290 * rows}}
  for _, method in ipairs(METHODS) do
    for i, each in ipairs(result) do
      if each[method[1]] then
        local name = each.path == "" and "scores" or each.path
        local p = f:panel {title = ("%s: %.0f %%"):format(name, each.nearest),
                           text_title = ("%s, %s: nearest %.0f %%"):format(method[2], name, each.nearest),
                           ylabel = i == 1 and method[2] or nil, key = "below", inset = true}
        p.settings = "set format x ''\nset format y ''\nset xtics scale 0\nset ytics scale 0\n"
        add(p, each[method[1]], result.labels, result.classes)
      end
    end
  end
  return f:draw(options)
end
