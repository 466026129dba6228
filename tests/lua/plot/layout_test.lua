--- Where things stand in a figure: legends outside of axes and curves, curves told apart, letters of one size.
local check   = require "support.check"
local program = require "support.program"
local rm      = require "resmoon"
local gnuplot = require "resmoon.plot.gnuplot"
local figure  = require "resmoon.plot.figure"
local look    = require "resmoon.plot.look"
local printed = require "support.drawn"
local plot    = rm.plot

local function need_gnuplot()
  if not gnuplot.find() then check.skip("gnuplot is not installed") end
end

local function content(path)
  local f <close> = assert(io.open(path, "rb"))
  return f:read("a")
end

-- Runs of `epochs` epochs, by these names.
local function runs(names, epochs)
  local list = {}
  for k, name in ipairs(names) do
    local log = {epoch = {}, train_loss = {}, train_error = {}, test_error = {}, test_loss = {}, test_top3 = {},
                 test_top5 = {}}
    for i = 1, epochs do
      log.epoch[i], log.train_loss[i], log.train_error[i] = i, 2 / i + k, 60 / i
      log.test_error[i], log.test_loss[i], log.test_top3[i], log.test_top5[i] = 70 / i, 2.1 / i, 50 + i, 70 + i
    end
    list[k] = {name = name, log = log}
  end
  return list
end

-- Texts of an SVG with their places and sizes: {text, x, y, size}.
local function texts(svg)
  local list = {}
  for x, y, body in svg:gmatch '<g transform="translate%(([%d.]+),([%d.]+)%)[^>]*>%s*<text>(.-)</text>' do
    local size = tonumber(body:match 'font%-size="([%d.]+)"')
    local words = body:gsub("<[^>]*>", "")
    list[#list + 1] = {words:gsub("%s+$", ""), tonumber(x), tonumber(y), size}
    list[#list][1] = words:gsub("%s+$", "")
  end
  return list
end

local function find(list, word)
  local found = {}
  for _, each in ipairs(list) do
    if each[1] == word then found[#found + 1] = each end
  end
  return found
end

local function svg_of(folder, draw)
  local file = folder .. "/f.svg"
  check.that(draw(file))
  local svg = content(file)
  local list = texts(svg)
  check.that(#list > 5, svg:sub(1, 400))
  return list, svg
end

check.case("in SVG a legend below stands a line and more below the name of the axis, once for all panels", function()
  need_gnuplot()
  program.with_folder(function(folder)
    local names = {"a", "b", "c", "d", "e"}
    for _, draw in ipairs {
      function(file) return plot.curves(runs(names, 9), {file = file}) end,
      function(file) return plot.topk(runs(names, 9), {file = file}) end,
      function(file)
        return plot.column({{runs = runs(names, 9)}, {runs = runs(names, 9)}}, {column = "test_error", file = file})
      end,
      function(file)
        local panels = {{title = "x", runs = runs(names, 9)}, {title = "y", runs = runs(names, 9)}}
        return plot.accuracy(panels, {file = file})
      end,
      function(file) return plot.lines({{1, 2, 1, 2}, {2, 1, 2, 1}, {1, 1, 2, 2}}, {xlabel = "epoch", file = file}) end,
    } do
      local list, svg = svg_of(folder, draw)
      local axis, legend = 0, {}
      for _, each in ipairs(find(list, "epoch")) do axis = math.max(axis, each[3]) end
      for _, name in ipairs {"a", "b", "c", "d", "e", "series 1", "series 2", "series 3"} do
        local found = find(list, name)
        check.that(#found <= 1, name .. " stands in several legends")
        legend[#legend + 1] = found[1]
      end
      check.that(#legend >= 3, svg)
      local bottom = tonumber(svg:match 'viewBox="0 0 [%d.]+ ([%d.]+)"')
      for _, each in ipairs(legend) do
        check.that(each[3] >= axis + 18, ("%s at %g, the axis' name at %g"):format(each[1], each[3], axis))
        check.that(each[3] <= bottom - 6, ("%s at %g of %g"):format(each[1], each[3], bottom))
      end
    end
  end)
end)

check.case("long names make the figure higher, and take nothing from the panels", function()
  need_gnuplot()
  program.with_folder(function(folder)
    local function axis(names, options)
      options.file = folder .. "/f.svg"
      plot.curves(runs(names, 5), options)
      local svg = content(options.file)
      local low = 0
      for _, each in ipairs(find(texts(svg), "epoch")) do low = math.max(low, each[3]) end
      return low, tonumber(svg:match 'viewBox="0 0 [%d.]+ ([%d.]+)"'), svg
    end
    local long = {}
    for i = 1, 12 do long[i] = ("a network of a long name, with many settings, number %d"):format(i) end
    local short_axis, short = axis({"a", "b"}, {})
    local long_axis, higher = axis(long, {})
    check.that(math.abs(short_axis - long_axis) < 2, short_axis .. " " .. long_axis)
    check.that(higher > short + 100, higher)
    -- A size that is given is kept to: the panels have three fifths, and what was left out is said.
    local _, kept, svg = axis(long, {size = {500, 300}})
    check.equal(kept, 300)
    check.that(svg:find("and %d+ more"), svg)
  end)
end)

check.case("curves over one another show: each has markers of its own, at places of its own", function()
  local same = {}
  for i = 1, 40 do same[i] = math.sin(i / 6) end
  local f = figure.new({})
  local p = f:panel({})
  for i = 1, 12 do p:add({columns = {same, same}, style = "lines", title = "run " .. i, color = i}) end
  p:mark()
  check.equal(#p.marking, 12)
  local looks = {}
  for i, layer in ipairs(p.marking) do
    local l = look.of(layer, i)
    local key = l.color .. " " .. l.symbol
    check.that(not looks[key], key)
    looks[key] = true
    check.that(#layer.columns[1] >= 3)
  end
  -- Of two, no marker lies on one of the other.
  local two = figure.new({}):panel({})
  for i = 1, 2 do two:add({columns = {same, same}, style = "lines", title = "run " .. i, color = i}) end
  local places = {}
  for _, layer in ipairs(two:mark().marking) do
    for k, x in ipairs(layer.columns[1]) do
      check.that(not places[x .. " " .. layer.columns[2][k]])
      places[x .. " " .. layer.columns[2][k]] = true
    end
  end
  -- Of so few points that they meet, the lower ones are larger.
  local few = figure.new({}):panel({})
  for i = 1, 3 do few:add({columns = {{1, 2, 3, 4}, {1, 2, 3, 4}}, style = "lines", title = "run " .. i, color = i}) end
  local marks = few:mark().marking
  check.that(marks[1].point > marks[2].point and marks[2].point > marks[3].point)
  -- One curve needs none, and who says so has none.
  local one = figure.new({}):panel({})
  one:add({columns = {same, same}, style = "lines", title = "alone", color = 1})
  check.equal(one:mark().marking, {})
  two.markers = false
  check.equal(two:mark().marking, {})
end)

check.case("a point between gaps is drawn, and so is a curve of one point", function()
  local f = figure.new({})
  f:panel({}):add({columns = {{1, 2, 3, 4, 5}, {1, 0 / 0, 3, 4, math.huge}}, style = "lines"})
  local script = f:script({kind = "file", width = 500, height = 300})
  check.that(script:find("$p1_2 << EOD\n1 1\nEOD", 1, true), script)
  check.that(script:find("$p1_2 using 1:2 with points", 1, true), script)
end)

check.case("characters: names do not touch, at 80 and at 40 columns, and no line is too wide", function()
  need_gnuplot()
  local text_size = gnuplot.text_size
  local function back() gnuplot.text_size = text_size end
  local restored <close> = setmetatable({}, {__close = back})  -- luacheck: ignore
  local names = {"resnet20", "plain20", "a network of a name that is longer than forty columns", "x", "resnet56",
                 "plain56", "猫", "h", "i", "j", "k", "l"}
  for _, columns in ipairs {79, 40} do
    gnuplot.text_size = function() return columns, 21 end
    for _, n in ipairs {1, 2, 6, 12} do
      local text = printed(function()
        return plot.curves(runs({table.unpack(names, 1, n)}, 9), {title = "all of them"})
      end)
      for line in text:gmatch "[^\n]+" do
        check.that(rm.text_width(line) <= columns, ("%d columns: %s"):format(columns, line))
      end
      -- one legend, below both panels; a single curve needs no letter
      check.equal(select(2, text:gsub(n > 1 and "%*A%* resnet20" or "%*%*%* resnet20", "")), 1, text)
      if n > 1 then check.that(text:find("*A* resnet20   #B# plain20", 1, true), text) end
      check.that(select(2, text:gsub("\n", "")) >= 2 * 14, text)   -- the panels keep their height
    end
  end
end)

check.case("zeros of a confusion matrix are the lightest color, and what is no number is another", function()
  need_gnuplot()
  program.with_folder(function(folder)
    local matrix = rm.metrics.confusion(2):add({1, 1, 2}, {1, 1, 2})
    local f = plot.confusion(matrix, {file = folder .. "/c.svg"})
    local settings = f.panels[1].settings
    check.that(settings:find("cbrange [0:2]", 1, true), settings)
    local first, last = settings:match "palette defined %(0 '#(%x+)'.* 1 '#(%x+)'%)"
    local function light(color)
      local sum = 0
      for digits in color:gmatch "%x%x" do sum = sum + tonumber(digits, 16) end
      return sum / 3
    end
    check.that(light(first) > 240 and light(last) < 80, settings)
    -- a matrix without zeros begins at 0, too: 8 of 32 is not the color of none
    local full = rm.metrics.confusion(2):add({1, 2, 1, 2}, {1, 1, 2, 2})
    check.that(plot.confusion(full, {file = folder .. "/d.svg"}).panels[1].settings:find("cbrange [0:1]", 1, true))
  end)
end)

check.case("enlarged pixels are one image, which viewers are told not to blur; figures have a size", function()
  need_gnuplot()
  program.with_folder(function(folder)
    local file = folder .. "/i.svg"
    for i, draw in ipairs {
      function() return plot.images(rm.zeros({2, 3, 4, 4}, "uint8"), {1, 2}, {file = file}) end,
      function() return plot.filters(rm.randn(3, 3, 3, 3), {file = file}) end,
      function() return plot.heatmap({{1, 2}, {3, 4}}, {file = file}) end,
    } do
      check.that(draw())
      local svg = content(file)
      -- No polygon for each pixel; those of the box that explains colors are not smoothed against one another.
      check.that(not svg:find("<polygon fill", 1, true), "polygons with seams")
      check.that(i == 3 or not svg:find("<polygon", 1, true), "a polygon for each pixel")
      for image in svg:gmatch "<image[^>]*>" do check.that(image:find("image-rendering:pixelated", 1, true), image) end
      check.that(svg:find "<image", svg:sub(1, 300))
      check.that(svg:find '<svg[^>]-width="[%d.]+"[^>]-height="[%d.]+"', svg:sub(1, 300))
    end
  end)
end)

check.case("names at an axis are left out where there is no room for all", function()
  need_gnuplot()
  program.with_folder(function(folder)
    local names = {}
    for i = 1, 100 do names[i] = "class " .. i end
    local list = svg_of(folder, function(file) return plot.bars(names, names and rm.arange(1, 100), {file = file}) end)
    local last
    local count = 0
    for _, each in ipairs(list) do
      if each[1]:find "^class %d+$" then
        count = count + 1
        check.that(not last or math.abs(each[2] - last) >= 14, each[1])
        last = each[2]
      end
    end
    check.that(count >= 20 and count < 60, count)
  end)
end)

check.case("more classes than a legend holds: the best and the worst curves are named", function()
  need_gnuplot()
  program.with_folder(function(folder)
    local series = {}
    for i = 1, 40 do series[i] = {fpr = {0, 0, 1}, tpr = {0, i / 50, 1}, auc = 0.5 + i / 100, name = "class " .. i} end
    local list = svg_of(folder, function(file) return plot.roc(series, {file = file}) end)
    for _, name in ipairs {"28 other classes", "class 1 (AUC 0.510)", "class 40 (AUC 0.900)"} do
      check.equal(#find(list, name), 1, name)
    end
    check.equal(#find(list, "class 20 (AUC 0.700)"), 0)
  end)
end)
