--- Signals and gradients by layer: curves of several networks, and by layer and epoch as a heat map.
local colors  = require "resmoon.plot.colors"
local core    = require "resmoon.core"
local fail    = require "resmoon.base.fail"
local lists   = require "resmoon.base.list"
local figure  = require "resmoon.plot.figure"
local folder  = require "resmoon.runs.folder"
local gnuplot = require "resmoon.plot.gnuplot"
local Layers  = require "resmoon.runs.layers"
local named   = require "resmoon.runs.named"
local picture = require "resmoon.plot.text"
local words   = require "resmoon.base.text"

local signals = {}

-- What the columns are called, and whether their axis is logarithmic.
local columns = {
  mean = {title = "mean of what arrives", label = "mean"},
  std = {title = "standard deviation of what arrives", label = "standard deviation"},
  dead = {title = "share of dead units", label = "dead units"},
  gradient = {title = "norm of the gradient", label = "norm of the gradient", log = true},
}

local function check_column(op, name)
  if not columns[name] then
    fail("%s: '%s' is no column, expected mean, std, dead or gradient", op, name)
  end
  return name
end

-- The layers of a run: {name =, layers = Layers}.
local function read(op, run, i)
  if type(run) == "string" then
    local about = folder.config(run)
    local file = run:gsub("(.)/+$", "%1") .. "/layers.csv"
    if not core.sys.exists(file) then
      fail("%s: %s has no layers.csv: training with --watch-layers writes it", op, run)
    end
    return {name = about.name or about.model, layers = Layers.read(file)}
  end
  if type(run) ~= "table" or not Layers.is(run.layers) then
    fail("%s: run %d is no folder of a run, and has no layers of trainer.layers", op, i)
  end
  return run
end

-- Curves {name =, columns.. =, dashed =} of what is given: signals() results as they are, of runs the last epoch that
-- was watched, and, dashed, the first.
local function curves_of(op, list)
  local curves = {}
  for i, each in ipairs(list) do
    if type(each) == "table" and not Layers.is(each.layers) and type(each.gradient) == "table" then
      curves[#curves + 1] = {name = each.name or ("network " .. i), color = i, of = each}
    else
      local run = read(op, each, i)
      local epochs = run.layers.epochs
      if #epochs == 0 then fail("%s: no epoch of %s was watched", op, run.name) end
      for _, k in ipairs(#epochs > 1 and {#epochs, 1} or {1}) do
        local of = {}
        for name in pairs(columns) do
          of[name] = {}
          for n, row in ipairs(epochs[k].rows) do of[name][n] = row[name] end
        end
        curves[#curves + 1] = {name = ("%s, epoch %d"):format(run.name, epochs[k].epoch), color = i, of = of,
                               dashed = k == 1 and #epochs > 1}
      end
    end
  end
  return curves
end

-- The points of a curve that can be drawn.
local function points(list, log)
  local x, y = {}, {}
  for k, v in ipairs(list) do
    if v == v and math.abs(v) ~= math.huge and (not log or v > 0) then x[#x + 1], y[#y + 1] = k, v end
  end
  return x, y
end

--- What arrives at the layers, and their gradients, by depth: one or several networks.
-- Call: plot.signals(list, {columns = {"std", "gradient"}, file = nil, title = nil, size = nil}) -> true
-- Shapes: list of what signals() gives, or of folders of runs that --watch-layers watched: of these the last epoch, and
--  dashed the first step of all (epoch 0).
-- Options: columns  of "mean", "std", "dead", "gradient", a panel each
-- Errors: raises for anything else, and for a run without layers.csv. Without gnuplot it gives nil and the reason.
-- Example:
--   > a = signals(models.resnet20(), rm.randn(2, 3, 16, 16))
--   > plot.signals({a}, {columns = {"dead"}, file = "dead.svg"});
--   > rm.sys.exists "dead.svg"
--   true
function signals.signals(list, options)
  local op = "plot.signals"
  options = figure.options(op, options, "columns")
  if type(list) == "string" or type(list) == "table" and list.layers then list = {list} end
  if type(list) ~= "table" or #list == 0 then fail("%s: nothing to draw", op) end
  lists.check(op, list, "what is drawn")
  local wanted, curves = options.columns or {"std", "gradient"}, curves_of(op, list)
  if type(wanted) ~= "table" or #wanted == 0 then fail("%s: columns is no list of names", op) end
  local names, longest = named.names(curves), 0
  local f = figure.new {title = options.title, columns = math.min(2, #wanted),
                        size = options.size or {#wanted == 1 and 700 or 1000, 430 * ((#wanted + 1) // 2)}}
  for _, name in ipairs(wanted) do
    local column = columns[check_column(op, name)]
    local panel = f:panel {title = column.title, text_title = column.title, xlabel = "layer", ylabel = column.label,
                           logy = column.log, key = "below", yrange = not column.log and name ~= "mean" and {0} or nil}
    for i, curve in ipairs(curves) do
      local x, y = points(curve.of[name], column.log)
      longest = math.max(longest, #curve.of[name])
      if #x > 0 then
        panel:add {columns = {x, y}, style = #x < 3 and "linespoints" or "lines", title = names[i], color = curve.color,
                   dashed = curve.dashed}
      end
    end
  end
  for k = #f.panels, 1, -1 do
    f.panels[k].xstep, f.panels[k].xrange = figure.round_step(longest / 10), {0, longest}
    if #f.panels[k].layers == 0 then table.remove(f.panels, k) end
  end
  if #f.panels == 0 then fail("%s: there is no number to draw", op) end
  return f:draw(options)
end

-- The rows of a map, logarithms where that is asked for: values[layer][epoch].
local function values_of(run, name, log)
  local values, epochs = run.layers:matrix(name)
  for _, row in ipairs(values) do
    for e, v in ipairs(row) do
      if log then row[e] = v > 0 and core.math.log(v) / core.math.log(10) or words.NAN end
    end
  end
  return values, epochs
end

--- By layer and epoch, as a heat map: runs that --watch-layers watched beside one another, to one scale.
-- Call: plot.signal_map(runs, {column = "gradient", file = nil, title = nil, size = nil}) -> true
-- Shapes: a folder, {name =, layers = trainer.layers}, or a list of them.
-- Options: column  "mean", "std", "dead" or "gradient" (its logarithm to base 10)
-- Errors: raises for a run without layers.csv, and where no epoch was watched. Without gnuplot it gives nil and the
--  reason; in the terminal it needs none.
-- Example:
--   > settings = {model = "mlp", epochs = 2, train_size = 200, test_size = 50}
--   > settings.watch_layers = true
--   > train.run(settings, {folder = "runs/watched", progress = false});
--   > plot.signal_map("runs/watched", {file = "map.svg"});
--   > rm.sys.exists "map.svg"
--   true
function signals.map(runs, options)
  local op = "plot.signal_map"
  options = figure.options(op, options, "column")
  if type(runs) == "string" or type(runs) == "table" and runs.layers then runs = {runs} end
  if type(runs) ~= "table" or #runs == 0 then fail("%s: no runs to draw", op) end
  lists.check(op, runs, "runs")
  local name = check_column(op, options.column or "gradient")
  local column, list, low, high = columns[name], {}, math.huge, -math.huge
  for i, run in ipairs(runs) do
    list[i] = read(op, run, i)
    list[i].values, list[i].epochs = values_of(list[i], name, column.log)
    if #list[i].epochs == 0 then fail("%s: no epoch of %s was watched", op, list[i].name) end
    for _, row in ipairs(list[i].values) do
      for _, v in ipairs(row) do
        if v == v and math.abs(v) ~= math.huge then low, high = math.min(low, v), math.max(high, v) end
      end
    end
  end
  if low > high then fail("%s: there is no number to draw", op) end
  if low == high then high = low + 1 end
  local label = column.log and ("%s, log10"):format(column.label) or column.label
  local names = named.names(list)
  local f = figure.new {title = options.title or column.title, columns = math.min(3, #list),
                        size = options.size or {math.max(620, 480 * math.min(3, #list)),
                                                470 * ((#list + 2) // 3)}}
  f.as_text = function()
    local width, height = gnuplot.text_size()
    for i, run in ipairs(list) do
      local rows = {}
      for k = #run.values, 1, -1 do rows[#rows + 1] = run.values[k] end
      io.stdout:write(words.cut(("%s: %s (layers upwards, epochs to the right)"):format(names[i], label), width), "\n",
        table.concat(picture.heatmap(rows, low, high, {width = width, height = height - 2}), "\n"), "\n")
    end
  end
  for i, run in ipairs(list) do
    local x, y, z, n, m = {}, {}, {}, #run.values, #run.epochs
    for k, row in ipairs(run.values) do
      for e = 1, m do x[#x + 1], y[#y + 1], z[#z + 1] = e, k, row[e] end
    end
    local ticks = {}
    for e = 1, m do ticks[e] = {e, tostring(run.epochs[e])} end
    local p = f:panel {key = false, title = names[i], xlabel = "epoch", ylabel = "layer", xticks = ticks,
                       xrange = {0.5, m + 0.5}, yrange = {0.5, n + 0.5}, ystep = figure.round_step(n / 10)}
    p.settings = colors.palette() .. ("set cbrange [%.9g:%.9g]\nset cblabel %s\nunset grid\nset border 0\n"):format(low,
      high, gnuplot.quote(label)) .. "set tics scale 0\n"
    p:add {columns = {x, y, z}, using = "1:2:3", style = "image", plain = true}
  end
  return f:draw(options)
end

return signals
