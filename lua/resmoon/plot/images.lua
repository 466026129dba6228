--- Images in a grid, and matrices as colours.
local figure  = require "resmoon.plot.figure"
local gnuplot = require "resmoon.plot.gnuplot"
local text    = require "resmoon.plot.text"

local images = {}

local function istensor(value) return type(value) == "userdata" and value.totable ~= nil end

-- Tensor (N, C, H, W), (C, H, W) or (H, W) as {planes = [n][c][y][x], scaled to 0..255}, n, c, h, w.
local function check_images(x)
  if not istensor(x) then
    error(("plot.images: expected a tensor of images, got %s"):format(type(x)), 3)
  end
  local dims = #x.shape
  if dims == 2 then x = x:reshape(1, 1, x.shape[1], x.shape[2])
  elseif dims == 3 then x = x:reshape(1, x.shape[1], x.shape[2], x.shape[3]) end
  if #x.shape ~= 4 or (x.shape[2] ~= 1 and x.shape[2] ~= 3) then
    error(("plot.images: expected (N, 3 or 1, H, W), got (%s)"):format(table.concat(x.shape, ", ")), 3)
  end
  return x
end

-- at(y, x) of image n: bytes as they are, floats from their lowest to their highest value.
local function reader(x, n)
  local planes = x[n]:totable()
  local low, scale = 0, 1
  if x.dtype ~= "uint8" then
    local high = -math.huge
    low = math.huge
    for _, plane in ipairs(planes) do
      for _, row in ipairs(plane) do
        for _, v in ipairs(row) do low, high = math.min(low, v), math.max(high, v) end
      end
    end
    scale = high > low and 255 / (high - low) or 0
  end
  return function(y, column)
    local r = (planes[1][y][column] - low) * scale
    if not planes[2] then return {r, r, r} end
    return {r, (planes[2][y][column] - low) * scale, (planes[3][y][column] - low) * scale}
  end
end

-- at, averaged over squares of `step` pixels.
local function reduced(at, step)
  if step == 1 then return at end
  return function(y, x)
    local sum = {0, 0, 0}
    for dy = 1, step do
      for dx = 1, step do
        local p = at((y - 1) * step + dy, (x - 1) * step + dx)
        for c = 1, 3 do sum[c] = sum[c] + p[c] / (step * step) end
      end
    end
    return sum
  end
end

-- As many images as the screen of characters holds, with their captions below.
local function print_images(x, count, captions, columns)
  local height, width = x.shape[3], x.shape[4]
  local screen, rows = gnuplot.text_size()
  columns = math.min(columns or math.max(1, math.min(count, screen // 18)), count)
  local step = math.max(1, math.ceil(width * columns / (screen - columns)))
  local h, w = height // step, width // step
  local fit = math.max(1, (rows + 1) // ((h + 1) // 2 + 1)) * columns
  for first = 1, math.min(count, fit), columns do
    local last = math.min(first + columns - 1, count)
    local pictures, heads = {}, {}
    for n = first, last do
      pictures[#pictures + 1] = text.picture(h, w, reduced(reader(x, n), step))
      heads[#heads + 1] = ("%-" .. w .. "s"):format((captions[n] or ""):sub(1, w))
    end
    for line = 1, #pictures[1] do
      local parts = {}
      for i, picture in ipairs(pictures) do parts[i] = picture[line] end
      io.stdout:write(table.concat(parts, " "), "\n")
    end
    if next(captions) then io.stdout:write(table.concat(heads, " "), "\n") end
  end
  if fit < count then io.stdout:write(("(%d of %d images)\n"):format(fit, count)) end
  io.stdout:flush()
end

--- Images in a grid.
-- Shapes: x (N, C, H, W), (C, H, W) or (H, W) with C 3 or 1; uint8, or float32 (each image from its
-- lowest to its highest value). y (N) labels from 1 on, or a list of texts, or nil.
-- options: classes (names for the labels), columns, limit (images at most: 64), file, title, size.
-- Call: plot.images(x, y = nil, {options}) -> true
-- Errors: raises for another shape. Without gnuplot it gives nil and the reason; in the terminal it needs none.
-- Example:
--   > x, y = data.shapes10({size = 6}):batch(6)
--   > plot.images(x, y, {classes = data.shapes10.classes, file = "images.png"});
--   > rm.sys.exists "images.png"
--   true
function images.images(x, y, options)
  if type(y) == "table" and options == nil and y[1] == nil then y, options = nil, y end
  options = options or {}
  x = check_images(x)
  local count = math.min(x.shape[1], options.limit or 64)
  local height, width = x.shape[3], x.shape[4]
  local captions = {}
  if y then
    local labels = istensor(y) and y:totable() or y
    for n = 1, count do
      captions[n] = tostring(options.classes and options.classes[labels[n]] or labels[n])
    end
  end
  local columns = options.columns or math.min(count, math.ceil(math.sqrt(count * 1.6)))
  local rows = math.ceil(count / columns)
  local gap_x, gap_y = math.max(1, width // 12), math.max(1, height // (y and 4 or 12))
  local cell_w, cell_h = width + gap_x, height + gap_y
  local xs, ys, r, g, b, labels = {}, {}, {}, {}, {}, {}
  local zoom = math.max(1, math.min(96 // width, 1500 // (columns * cell_w)))
  local f = figure.new({title = options.title,
                        size = options.size or {columns * cell_w * zoom + 20, rows * cell_h * zoom + 40}})
  f.as_text = function() print_images(x, count, captions, options.columns) end
  local p = f:panel({key = false, xrange = {0, columns * cell_w - gap_x}, yrange = {-rows * cell_h + gap_y, gap_y}})
  for n = 1, count do
    local left, top = (n - 1) % columns * cell_w, -((n - 1) // columns) * cell_h
    local at = reader(x, n)
    for row = 1, height do
      for column = 1, width do
        local pixel, i = at(row, column), #xs + 1
        xs[i], ys[i] = left + column - 0.5, top - row + 0.5
        r[i], g[i], b[i] = math.floor(pixel[1]), math.floor(pixel[2]), math.floor(pixel[3])
      end
    end
    if captions[n] then
      labels[#labels + 1] = ("set label %d %s at %g,%g left font ',9'\n"):format(
        n, gnuplot.quote(captions[n]), left, top + 0.35 * gap_y)
    end
  end
  p.settings = "set size ratio -1\nunset border\nunset tics\nunset grid\nset margins 1,1,1,2\n" .. table.concat(labels)
  -- Every image is a layer of pixels of its own: gnuplot fills the gaps of one raster.
  local size = height * width
  for n = 1, count do
    local function part(list) return table.move(list, (n - 1) * size + 1, n * size, 1, {}) end
    p:add({columns = {part(xs), part(ys), part(r), part(g), part(b)}, using = "1:2:3:4:5",
           style = "rgbimage", plain = true})
  end
  return f:draw(options)
end

-- Viridis at a few points (van der Walt, Smith 2015): even steps of lightness for any colour vision.
local palette = "set palette defined (0 '#fde725', 0.25 '#5ec962', 0.5 '#21918c', 0.75 '#3b528b', 1 '#440154')\n"

local function matrix(value)
  local rows = istensor(value) and value:totable() or value
  if type(rows) ~= "table" or type(rows[1]) ~= "table" or type(rows[1][1]) ~= "number" then
    error("plot.heatmap: expected rows of numbers or a tensor of two dimensions", 3)
  end
  return rows
end

--- A matrix as colours, its first row on top. Up to 20 x 20 the values are written in the cells.
-- options: xticks and yticks (lists of texts), xlabel, ylabel, title, format (of the values, "%g"),
-- file, size.
-- Call: plot.heatmap(value, {options}) -> true
-- Shapes: value (rows, columns), a tensor or rows of numbers.
-- Errors: raises for another shape. Without gnuplot it gives nil and the reason.
-- Source: colours: viridis (van der Walt and Smith 2015).
-- Example:
--   > plot.heatmap({{1, 2}, {3, 4}}, {title = "a matrix", file = "heat.svg"});
--   > rm.sys.exists "heat.svg"
--   true
function images.heatmap(value, options)
  options = options or {}
  local rows = matrix(value)
  local height, width = #rows, #rows[1]
  local xs, ys, values = {}, {}, {}
  local low, high = math.huge, -math.huge
  for i, row in ipairs(rows) do
    for j = 1, width do
      local v = row[j]
      xs[#xs + 1], ys[#ys + 1], values[#values + 1] = j, i, v
      if v == v then low, high = math.min(low, v), math.max(high, v) end
    end
  end
  local function ticks(names)
    local list = names and {}
    for i, name in ipairs(names or {}) do list[i] = {i, name} end
    return list
  end
  local f = figure.new({title = options.title, size = options.size or {680, 600}})
  f.as_text = options.as_text or function()
    if options.title then io.stdout:write(options.title, "\n") end
    io.stdout:write(table.concat(text.heatmap(rows, low, high), "\n"), "\n")
  end
  local p = f:panel({key = false, xlabel = options.xlabel, ylabel = options.ylabel, xticks = ticks(options.xticks),
                     yticks = ticks(options.yticks), xrange = {0.5, width + 0.5}, yrange = {height + 0.5, 0.5}})
  p.settings = palette .. "unset grid\nset border 0\nset tics scale 0\n"
               .. (options.xticks and "set xtics rotate by 40 right\n" or "")
               .. ("set cbrange [%.9g:%.9g]\n"):format(low, high > low and high or low + 1)
  -- Small matrices as squares: a viewer would smooth the pixels of an image.
  local style = #xs <= 4096 and "image pixels" or "image"
  p:add({columns = {xs, ys, values}, using = "1:2:3", style = style, plain = true})
  if height <= 20 and width <= 20 then
    local form = (options.format or "%g"):match("^%%[%d.]*[dgef]$") or "%g"
    local dark, light = {{}, {}, {}}, {{}, {}, {}}
    for i = 1, #values do
      local set = values[i] > (low + high) / 2 and light or dark
      set[1][#set[1] + 1], set[2][#set[2] + 1], set[3][#set[3] + 1] = xs[i], ys[i], values[i]
    end
    for colour, set in pairs {["#202020"] = dark, ["#ffffff"] = light} do
      if #set[1] > 0 then
        p:add({columns = set, using = ("1:2:(sprintf('%s',$3))"):format(form), plain = true,
               style = ("labels textcolor rgb '%s' font ',9'"):format(colour)})
      end
    end
  end
  return f:draw(options)
end

--- A confusion matrix (metrics.confusion), a row for each true class.
-- Call: plot.confusion(matrix, {options}) -> true
-- Shapes: a matrix of metrics.confusion, K classes. Options as of plot.heatmap.
-- Errors: raises for what is no such matrix. Without gnuplot it gives nil and the reason.
-- Example:
--   > matrix = metrics.confusion({"cat", "dog"}):add({1, 2, 2}, {1, 1, 2})
--   > plot.confusion(matrix, {file = "confusion.svg"});
--   > rm.sys.exists "confusion.svg"
--   true
function images.confusion(m, options)
  local given = options or {}
  options = {as_text = function() io.stdout:write(tostring(m), "\n") end, title = "confusion matrix",
             xlabel = "predicted class", ylabel = "true class", format = "%d"}
  for key, v in pairs(given) do options[key] = v end
  local names = {}
  for c = 1, m.size do names[c] = m:name(c) end
  options.xticks, options.yticks = options.xticks or names, options.yticks or names
  return images.heatmap(m.counts, options)
end

return images
